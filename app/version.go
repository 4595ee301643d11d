package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"darkroom/engine"
	"darkroom/engine/kernel"
)

// version tells what runs.
func version(_ context.Context, args []string) error {
	if err := parse(flags("version", ""), args); err != nil {
		return err
	}
	fmt.Printf("Darkroom %s, %s, arithmetic %s on %d threads\n", engine.Version, runtime.Version(), kernel.Level(), runtime.GOMAXPROCS(0))
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				fmt.Println("commit", s.Value)
			}
		}
	}
	return nil
}
