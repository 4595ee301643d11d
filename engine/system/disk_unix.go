//go:build linux || darwin || freebsd

package system

import "golang.org/x/sys/unix"

// FreeDisk is the bytes that can still be written below folder, which must exist.
func FreeDisk(folder string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return Unknown
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
