//go:build !cgo

package main

import (
	"fmt"
	"os"
)

// studio says how to get the window that this build lacks.
func studio([]string) int {
	fmt.Fprintln(os.Stderr, appName+" was built without its window: build it with CGO_ENABLED=1 and a C compiler (./run does), "+
		"or draw without a window, as `darkroom generate --help` explains.")
	return 2
}
