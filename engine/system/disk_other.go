//go:build !linux && !darwin && !freebsd && !windows

package system

// FreeDisk is not known here.
func FreeDisk(string) int64 { return Unknown }
