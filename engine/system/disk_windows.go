package system

import "golang.org/x/sys/windows"

// FreeDisk is the bytes that can still be written below folder, which must exist.
func FreeDisk(folder string) int64 {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return Unknown
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return Unknown
	}
	return int64(min(free, Unknown))
}
