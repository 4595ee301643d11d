package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// source gives the bytes of a file; parse has checked every range asked for.
type source interface {
	size() int64
	// with calls use with bytes [from, to); they are valid only inside use.
	with(from, to int64, use func([]byte)) error
	io.Closer
}

// memory is a source held in memory, perhaps mapped from a file.
type memory struct {
	bytes  []byte
	free   func([]byte) error // nil when the garbage collector does it
	drop   func([]byte)       // lets go of the memory of pages until they are read again; nil if there is no way
	closed bool
}

func (m *memory) size() int64 { return int64(len(m.bytes)) }

// with turns the fault of reading a mapped file that was cut short meanwhile
// into an error.
func (m *memory) with(from, to int64, use func([]byte)) (err error) {
	if m.closed {
		return errors.New("it was closed")
	}
	if m.free != nil {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer func() {
			if p := recover(); p != nil {
				if _, fault := p.(interface{ Addr() uintptr }); !fault {
					panic(p)
				}
				err = errors.New("the file changed while it was read: open it again")
			}
		}()
	}
	use(m.bytes[from:to:to])
	if m.drop != nil {
		m.drop(m.bytes[from:to])
	}
	return nil
}

func (m *memory) Close() error {
	if m.closed || m.free == nil {
		m.closed = true
		return nil
	}
	m.closed = true
	return m.free(m.bytes)
}

// readable is a source that is read piece by piece.
type readable struct {
	file   io.ReaderAt
	length int64
	close  func() error
}

func (r *readable) size() int64 { return r.length }

func (r *readable) with(from, to int64, use func([]byte)) error {
	b := make([]byte, to-from)
	if n, err := r.file.ReadAt(b, from); n < len(b) {
		return fmt.Errorf("reading bytes %d to %d: %w", from, to, err)
	}
	use(b)
	return nil
}

func (r *readable) Close() error { return r.close() }
