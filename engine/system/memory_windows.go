package system

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX (sysinfoapi.h).
type memoryStatus struct {
	length, load                                        uint32
	totalPhysical, availablePhysical                    uint64
	totalPageFile, availablePageFile                    uint64
	totalVirtual, availableVirtual, availableExtVirtual uint64
}

var globalMemoryStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

// FreeMemory is the bytes this program can still use before the system begins to
// swap.
func FreeMemory() int64 {
	s := memoryStatus{}
	s.length = uint32(unsafe.Sizeof(s))
	if ok, _, _ := globalMemoryStatus.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return Unknown
	}
	return int64(min(s.availablePhysical, Unknown))
}
