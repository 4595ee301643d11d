//go:build cgo

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"fyne.io/fyne/v2"
)

// watchKey is the environment variable that has the window's goroutine watched.
const watchKey = "DARKROOM_WATCH"

// watch writes, for each second, how long the window's goroutine kept one waiting at
// most, and which share of the time it was not free. It knocks every few milliseconds.
func watch(ctx context.Context, w io.Writer) {
	const pause = 2 * time.Millisecond
	var longest, waited, passed time.Duration
	second := time.Now()
	for ctx.Err() == nil {
		begin := time.Now()
		free := make(chan struct{})
		fyne.Do(func() { close(free) })
		select {
		case <-free:
		case <-ctx.Done():
			return
		}
		d := time.Since(begin)
		longest, waited = max(longest, d), waited+d
		time.Sleep(pause)
		if passed = time.Since(second); passed >= time.Second {
			fmt.Fprintf(w, "window: longest wait %.1f ms, busy %.0f %%\n", longest.Seconds()*1000, 100*waited.Seconds()/passed.Seconds())
			longest, waited, second = 0, 0, time.Now()
		}
	}
}
