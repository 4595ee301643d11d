package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// job is one call of Parallel.
type job struct {
	body func(i int)
	n    int64
	next atomic.Int64
	busy sync.WaitGroup
}

// run takes indices until none is left.
func (j *job) run() {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		j.body(int(i))
	}
}

// The pool of workers: idle counts those that have finished their job and wait
// for the next, or are about to.
var (
	jobs    = make(chan *job)
	workers atomic.Int32
	idle    atomic.Int32
)

// take lowers a counter that is above its floor.
func take(c *atomic.Int32) bool {
	for {
		v := c.Load()
		if v <= 0 {
			return false
		}
		if c.CompareAndSwap(v, v-1) {
			return true
		}
	}
}

// hire starts one more worker unless there are limit of them.
func hire(limit int32) bool {
	for {
		v := workers.Load()
		if v >= limit {
			return false
		}
		if workers.CompareAndSwap(v, v+1) {
			go func() {
				for j := range jobs {
					j.run()
					idle.Add(1)
					j.busy.Done()
				}
			}()
			return true
		}
	}
}

// Parallel runs body(0) … body(n−1), in any order, on up to GOMAXPROCS
// goroutines, the caller's among them, and returns when all are done. Calls may
// be nested and concurrent: one that finds the workers busy does its work
// itself.
func Parallel(n int, body func(i int)) {
	helpers := min(runtime.GOMAXPROCS(0), n) - 1
	if helpers <= 0 {
		for i := range n {
			body(i)
		}
		return
	}
	j := &job{body: body, n: int64(n)}
	for limit := int32(runtime.GOMAXPROCS(0) - 1); helpers > 0; helpers-- {
		if !take(&idle) && !hire(limit) {
			break
		}
		j.busy.Add(1)
		jobs <- j
	}
	j.run()
	j.busy.Wait()
}
