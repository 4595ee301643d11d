//go:build !linux && !darwin && !windows

package system

// FreeMemory is not known here.
func FreeMemory() int64 { return Unknown }
