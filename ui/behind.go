package ui

import "sync"

// latest runs what was asked for last on a goroutine of its own. What is overtaken
// while it waits is never run.
type latest struct {
	mu   sync.Mutex
	next func()
	busy bool
}

// run asks for something to be run, and returns at once.
func (l *latest) run(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = f
	if !l.busy {
		l.busy = true
		go l.work()
	}
}

func (l *latest) work() {
	for {
		l.mu.Lock()
		f := l.next
		l.next = nil
		l.busy = f != nil
		l.mu.Unlock()
		if f == nil {
			return
		}
		f()
	}
}

// filing does what changes kept files on a goroutine of its own, so that the window
// never waits for a disk: one thing after the other, in the order it was asked for.
type filing struct {
	mu    sync.Mutex
	tasks []func()
	busy  bool
	open  sync.WaitGroup // tasks
}

// add asks for something to be done, and returns at once.
func (f *filing) add(task func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open.Add(1)
	f.tasks = append(f.tasks, task)
	if !f.busy {
		f.busy = true
		go f.work()
	}
}

func (f *filing) work() {
	for {
		f.mu.Lock()
		if len(f.tasks) == 0 {
			f.busy = false
			f.mu.Unlock()
			return
		}
		task := f.tasks[0]
		f.tasks = f.tasks[1:]
		f.mu.Unlock()
		task()
		f.open.Done()
	}
}

// wait waits until everything is done.
func (f *filing) wait() { f.open.Wait() }
