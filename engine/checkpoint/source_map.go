//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package checkpoint

import (
	"fmt"
	"math"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openSource maps the file into memory: only the pages that are read are
// loaded, and the system may drop them again at any time.
func openSource(f *os.File, size int64) (source, error) {
	defer f.Close()
	if size == 0 {
		return &memory{}, nil
	}
	if size > math.MaxInt {
		return nil, fmt.Errorf("%s: %d bytes are more than this processor can address", f.Name(), size)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "map into memory", Path: f.Name(), Err: err}
	}
	// What has been read is in memory of the reader's own; without letting go of
	// it here, a model would be in memory twice while it is loaded.
	drop := func(part []byte) {
		page := uintptr(os.Getpagesize())
		begin := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
		first, last := (begin+page-1)/page*page, (begin+uintptr(len(part)))/page*page
		if first < last {
			_ = unix.Madvise(b[first:last], unix.MADV_DONTNEED) // it is only a wish
		}
	}
	return &memory{bytes: b, free: syscall.Munmap, drop: drop}, nil
}
