package system

import "golang.org/x/sys/unix"

// FreeMemory is the bytes this program can still use before the system begins to
// swap: the share of the memory that macOS itself says is free (memory_pressure(1)).
func FreeMemory() int64 {
	size, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return Unknown
	}
	percent, err := unix.SysctlUint32("kern.memorystatus_level")
	if err != nil || percent > 100 {
		return int64(size)
	}
	return int64(size / 100 * uint64(percent))
}
