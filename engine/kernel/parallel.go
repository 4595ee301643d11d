package kernel

import (
	"runtime"
	"sync/atomic"
)

// Task is work in pieces that may be done in any order and at the same time.
type Task interface{ Do(i int) }

// job is one call of Run. Jobs are used again.
type job struct {
	task   Task
	n      int64
	stop   *atomic.Bool
	next   atomic.Int64  // the first index that nobody has taken
	inside atomic.Int32  // workers that may be looking at the job
	number atomic.Uint64 // of the call
}

// run takes indices until none is left or all is to stop.
func (j *job) run() {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n || j.stop != nil && j.stop.Load() {
			return
		}
		j.task.Do(int(i))
	}
}

// A network is a row of thousands of short jobs. Waking a sleeping thread takes
// about as long as one of them, so a worker that has finished one looks out for
// the next for a while before it goes to sleep, and the caller looks out for
// the end in the same way.
var (
	offered atomic.Pointer[job] // the job that workers may join, one at a time
	calls   atomic.Uint64
	jobs    FreeList[job]
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
	var last uint64 // the number of the latest call it has joined
	for {
		for i := 1; i <= patience; i++ {
			if j := offered.Load(); j != nil && j.number.Load() != last {
				j.inside.Add(1)
				// Still on offer, the job is not used again before this worker
				// has left it.
				if offered.Load() == j {
					last, i = j.number.Load(), 0
					j.run()
				}
				j.inside.Add(-1)
			} else if i%breath == 0 {
				runtime.Gosched()
			}
		}
		asleep.Add(1)
		// a job offered between the last look and here has its caller, and
		// the next one finds this worker counted as asleep
		<-wake
	}
}

// function is a Task that is a function.
type function func(i int)

func (f function) Do(i int) { f(i) }

// Parallel is Run with a function.
func Parallel(n int, body func(i int)) { Run(n, function(body), nil) }

// Run does pieces 0 … n−1 of a task, in any order, on up to GOMAXPROCS
// goroutines, the caller's among them, and returns when all are done, or soon
// after stop, which may be nil, has become true. Calls may be nested and
// concurrent: one that finds the workers busy does its work itself.
func Run(n int, task Task, stop *atomic.Bool) {
	procs := runtime.GOMAXPROCS(0)
	if n <= 1 || procs == 1 {
		for i := range n {
			if stop != nil && stop.Load() {
				return
			}
			task.Do(i)
		}
		return
	}
	j := jobs.Get()
	j.task, j.n, j.stop = task, int64(n), stop
	j.next.Store(0)
	j.number.Store(calls.Add(1))
	if offered.CompareAndSwap(nil, j) {
		rouse(int32(min(n, procs) - 1))
		j.run()
		offered.Store(nil)
		for i := 1; j.inside.Load() > 0; i++ {
			if i%breath == 0 {
				runtime.Gosched()
			}
		}
	} else {
		j.run()
	}
	j.task, j.stop = nil, nil
	jobs.Put(j)
}

// rouse makes sure that there are as many workers as wanted, all of them awake.
func rouse(want int32) {
	for workers.Load() < want {
		workers.Add(1)
		go work()
	}
	for {
		v := asleep.Load()
		if v <= 0 {
			return
		}
		if asleep.CompareAndSwap(v, v-1) {
			wake <- struct{}{}
		}
	}
}
