// Package engine turns a Request into a picture and tells how it goes: one
// background goroutine works through one queue and reports each job as a
// stream of Events. It knows nothing of windows.
package engine
