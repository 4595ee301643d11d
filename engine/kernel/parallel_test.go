package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestParallel runs concurrent, nested calls and counts how often each index
// comes.
func TestParallel(t *testing.T) {
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for n := range 40 {
				counts := make([]atomic.Int32, n*3)
				Parallel(n, func(i int) {
					Parallel(3, func(j int) { counts[3*i+j].Add(1) })
				})
				for i := range counts {
					if c := counts[i].Load(); c != 1 {
						t.Errorf("index %d of %d came %d times", i, n, c)
					}
				}
			}
		})
	}
	callers.Wait()
}

func BenchmarkParallel(b *testing.B) {
	var sink atomic.Int64
	for b.Loop() {
		Parallel(2, func(i int) { sink.Add(1) })
	}
}

func TestLevel(t *testing.T) {
	all := levels()
	for _, f := range all {
		if got := choose(f.level); got != f {
			t.Errorf("choose(%q) is %q", f.level, got.level)
		}
	}
	for _, name := range []string{"", "none"} {
		if got := choose(name); got != all[0] {
			t.Errorf("choose(%q) is %q, want the best, %q", name, got.level, all[0].level)
		}
	}
	if Level() == "" {
		t.Error("no level")
	}
}
