package kernel

import (
	"runtime"
	"sync"
)

// FreeList keeps things for reuse. Unlike sync.Pool it forgets none, and it hands
// out the one that came last: work that has been done once allocates nothing when
// it is done again. The zero FreeList is ready.
type FreeList[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Get returns something that was put back or, if there is nothing, something new.
func (l *FreeList[T]) Get() *T { return l.get(1) }

// GetTask is Get for pieces of work of which every processor may do one at the
// same time: it makes as many.
func (l *FreeList[T]) GetTask() *T { return l.get(runtime.GOMAXPROCS(0)) }

func (l *FreeList[T]) get(count int) *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free) == 0 {
		for range count {
			l.free = append(l.free, new(T))
		}
	}
	last := len(l.free) - 1
	x := l.free[last]
	l.free = l.free[:last]
	return x
}

// Put gives something back.
func (l *FreeList[T]) Put(x *T) {
	l.mu.Lock()
	l.free = append(l.free, x)
	l.mu.Unlock()
}
