package kernel

import (
	"runtime"
	"sync/atomic"
)

// job is one call of Parallel.
type job struct {
	body   func(i int)
	n      int64
	next   atomic.Int64 // the first index that nobody has taken
	inside atomic.Int32 // workers that may be running body
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

// A network is a row of thousands of short jobs. Waking a sleeping thread takes
// about as long as one of them, so a worker that has finished one looks out for
// the next for a while before it goes to sleep, and the caller looks out for
// the end in the same way.
var (
	offered atomic.Pointer[job] // the job that workers may join, one at a time
	workers atomic.Int32
	asleep  atomic.Int32
	wake    = make(chan struct{}, 1024)
)

// Looking out: patience looks, with a chance for other goroutines after every
// breath of them. That is some 50 µs, a few times the gap between two jobs.
const (
	patience = 20000
	breath   = 500
)

// work is the life of a worker.
func work() {
	var last *job
	for {
		for i := 1; i <= patience; i++ {
			if j := offered.Load(); j != nil && j != last {
				j.inside.Add(1)
				j.run()
				j.inside.Add(-1)
				last, i = j, 0
			} else if i%breath == 0 {
				runtime.Gosched()
			}
		}
		last = nil
		asleep.Add(1)
		// a job offered between the last look and here has its caller, and
		// the next one finds this worker counted as asleep
		<-wake
	}
}

// Parallel runs body(0) … body(n−1), in any order, on up to GOMAXPROCS
// goroutines, the caller's among them, and returns when all are done. Calls may
// be nested and concurrent: one that finds the workers busy does its work
// itself.
func Parallel(n int, body func(i int)) {
	procs := runtime.GOMAXPROCS(0)
	if n <= 1 || procs == 1 {
		for i := range n {
			body(i)
		}
		return
	}
	j := &job{body: body, n: int64(n)}
	if !offered.CompareAndSwap(nil, j) {
		j.run()
		return
	}
	for want := int32(min(n, procs) - 1); workers.Load() < want; {
		workers.Add(1)
		go work()
	}
	for asleep.Load() > 0 {
		if v := asleep.Load(); v > 0 && asleep.CompareAndSwap(v, v-1) {
			wake <- struct{}{}
		}
	}
	j.run()
	offered.Store(nil)
	for i := 1; j.inside.Load() > 0; i++ {
		if i%breath == 0 {
			runtime.Gosched()
		}
	}
}
