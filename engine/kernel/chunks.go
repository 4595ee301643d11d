package kernel

// chunk is how many elements of long slices one goroutine takes at a time: what
// takes some ten times as long as to hand it over.
const chunk = 1 << 15

// The following apply f to slices of one length, chunk by chunk in parallel
// where they are long.

func chunked2(f func(a, b []float32), a, b []float32) {
	if len(a) < 2*chunk {
		f(a, b)
		return
	}
	Parallel(ceilDiv(len(a), chunk), func(i int) {
		from, to := i*chunk, min(i*chunk+chunk, len(a))
		f(a[from:to], b[from:to])
	})
}

func chunked3(f func(a, b, c []float32), a, b, c []float32) {
	if len(a) < 2*chunk {
		f(a, b, c)
		return
	}
	Parallel(ceilDiv(len(a), chunk), func(i int) {
		from, to := i*chunk, min(i*chunk+chunk, len(a))
		f(a[from:to], b[from:to], c[from:to])
	})
}

func chunked4(f func(a, b, c, d []float32), a, b, c, d []float32) {
	if len(a) < 2*chunk {
		f(a, b, c, d)
		return
	}
	Parallel(ceilDiv(len(a), chunk), func(i int) {
		from, to := i*chunk, min(i*chunk+chunk, len(a))
		f(a[from:to], b[from:to], c[from:to], d[from:to])
	})
}

func chunkedScalar(f func(a, b []float32, s float32), a, b []float32, s float32) {
	if len(a) < 2*chunk {
		f(a, b, s)
		return
	}
	Parallel(ceilDiv(len(a), chunk), func(i int) {
		from, to := i*chunk, min(i*chunk+chunk, len(a))
		f(a[from:to], b[from:to], s)
	})
}
