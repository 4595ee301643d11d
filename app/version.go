package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"darkroom/engine"
	"darkroom/engine/kernel"
)

// arithmetic says what computes here: "avx512 on 2 threads".
func arithmetic() string {
	return fmt.Sprintf("%s on %d threads", kernel.Level(), runtime.GOMAXPROCS(0))
}

// version tells what runs.
func version(_ context.Context, args []string) error {
	if err := parse(flags("version", ""), args); err != nil {
		return err
	}
	fmt.Printf("Darkroom %s, %s, arithmetic %s\n", engine.Version, runtime.Version(), arithmetic())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				fmt.Println("commit", s.Value)
			}
		}
	}
	return nil
}
