//go:build cgo

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"fyne.io/fyne/v2"
)

// watchKey is the environment variable that has the window's goroutine watched.
const watchKey = "DARKROOM_WATCH"

// watch writes, for each second, how long the window's goroutine kept one waiting at
// most, how much of that time its thread was on a processor, and which share of the
// second it was not free. It knocks every few milliseconds.
func watch(ctx context.Context, w io.Writer) {
	const pause = 2 * time.Millisecond
	var longest, worked, waited time.Duration
	second := time.Now()
	for ctx.Err() == nil {
		begin, spent := time.Now(), mainThread()
		free := make(chan struct{})
		fyne.Do(func() { close(free) })
		select {
		case <-free:
		case <-ctx.Done():
			return
		}
		d := time.Since(begin)
		longest, worked, waited = max(longest, d), max(worked, mainThread()-spent), waited+d
		time.Sleep(pause)
		if passed := time.Since(second); passed >= time.Second {
			fmt.Fprintf(w, "window: longest wait %.1f ms, longest work %.1f ms, busy %.0f %%\n",
				longest.Seconds()*1000, worked.Seconds()*1000, 100*waited.Seconds()/passed.Seconds())
			longest, worked, waited, second = 0, 0, 0, time.Now()
		}
	}
}

// mainThread is the processor time of the program's first thread, which is Fyne's; 0
// where the system doesn't tell as Linux does.
func mainThread() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/schedstat", os.Getpid()))
	if err != nil {
		return 0
	}
	var spent time.Duration
	_, _ = fmt.Sscan(string(text), &spent)
	return spent
}
