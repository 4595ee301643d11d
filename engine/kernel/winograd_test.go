package kernel

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// direct is a convolution in float64 by its definition.
func (c Conv3x3) direct() []float64 {
	in, out := c.Weights.In, c.Weights.Out
	filters := c.Weights.unpacked()
	h, w, shift := c.H, c.W, 0
	if c.Upsample {
		h, w, shift = h/2, w/2, 1
	}
	y := make([]float64, c.N*c.H*c.W*out)
	Parallel(c.N*c.H*c.W, func(i int) {
		n, py, px := i/(c.H*c.W), i/c.W%c.H, i%c.W
		sums := y[i*out : (i+1)*out]
		for o := range sums {
			sums[o] = float64(c.Bias[n*c.BiasRow+o])
			if c.Add != nil {
				sums[o] += float64(c.Add[i*out+o])
			}
		}
		for tap := range 9 {
			sy, sx := py+tap/3-1, px+tap%3-1
			if sy < 0 || sx < 0 || sy >= c.H || sx >= c.W {
				continue
			}
			from := c.X[((n*h+sy>>shift)*w+sx>>shift)*in:]
			for k := range in {
				v := float64(from[k])
				row := filters[(tap*in+k)*out:]
				for o := range sums {
					sums[o] += v * float64(row[o])
				}
			}
		}
	})
	return y
}

// unpacked is the weights [Taps,In,Out].
func (w *Weights) unpacked() []float32 {
	x := make([]float32, w.Depth()*w.Out)
	wide := make([]float32, w.Depth()*panel)
	for j := range ceilDiv(w.Out, panel) {
		b := w.block(wide, j, 0, w.Depth())
		for k := range w.Depth() {
			copy(x[k*w.Out+j*panel:(k+1)*w.Out], b[k*panel:(k+1)*panel])
		}
	}
	return x
}

// newConv3x3 is one of random numbers.
func newConv3x3(n, h, w, in, out int, upsample, add bool) Conv3x3 {
	c := Conv3x3{N: n, H: h, W: w, Upsample: upsample, Bias: noise(3, n*out), BiasRow: out}
	x := h * w
	if upsample {
		x /= 4
	}
	c.X = noise(1, n*x*in)
	c.Weights = NewWeights(out, in, 9, Float16, nil, halves(2, out*in*9), false)
	if add {
		c.Add = noise(4, n*h*w*out)
	}
	c.Y = make([]float32, n*h*w*out)
	return c
}

// relative is the root mean square of the error, as a share of that of the result.
func relative(got []float32, want []float64) float64 {
	var e, size float64
	for i, v := range want {
		e += (float64(got[i]) - v) * (float64(got[i]) - v)
		size += v * v
	}
	return math.Sqrt(e / size)
}

// TestConv3x3 compares all levels and numbers of threads with plain Go on one,
// bit by bit, and that with the definition.
func TestConv3x3(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []Conv3x3{
		newConv3x3(1, 4, 4, 16, 32, false, false),
		newConv3x3(2, 7, 9, 20, 40, false, true),
		newConv3x3(1, 8, 16, 33, 17, true, false),
		newConv3x3(2, 12, 10, 300, 70, true, true),
		newConv3x3(1, 44, 44, 40, 33, false, true),
	} {
		t.Run(fmt.Sprintf("%dx%dx%dx%d-%d", c.N, c.H, c.W, c.Weights.In, c.Weights.Out), func(t *testing.T) {
			runtime.GOMAXPROCS(1)
			use(t, &goLevel)
			c.Run(nil)
			want := clone(c.Y)
			if e := relative(want, c.direct()); e > 5e-6 {
				t.Errorf("relative error %g", e)
			}
			for _, f := range levels() {
				for _, procs := range threads() {
					runtime.GOMAXPROCS(procs)
					use(t, f)
					clear(c.Y)
					c.Run(nil)
					if d := differ(c.Y, want); d != "" {
						t.Errorf("%s on %d threads: %s", f.level, procs, d)
					}
				}
			}
		})
	}
}

// TestConv3x3InStrips compares strips of a picture with the whole, bit by bit.
func TestConv3x3InStrips(t *testing.T) {
	for _, c := range []Conv3x3{
		newConv3x3(1, 21, 10, 20, 33, false, true),
		newConv3x3(1, 22, 8, 16, 40, true, false),
	} {
		c.Run(nil)
		shift := 0
		if c.Upsample {
			shift = 1
		}
		row, from := c.W>>shift*c.Weights.In, c.W*c.Weights.Out
		for _, rows := range []int{4, 8, 20, 24} {
			got := make([]float32, len(c.Y))
			for y := 0; y < c.H; y += rows {
				s := c
				s.H = min(rows, c.H-y)
				s.Above, s.Below = min(1, y), min(1, c.H-y-s.H)
				s.X = c.X[(y>>shift-s.Above)*row : ((y+s.H)>>shift+s.Below)*row]
				if c.Add != nil {
					s.Add = c.Add[y*from:]
				}
				s.Y = got[y*from : (y+s.H)*from]
				s.Run(nil)
			}
			if d := differ(got, c.Y); d != "" {
				t.Errorf("%d rows of %d: %s", rows, c.H, d)
			}
		}
	}
}

// TestWinogradError measures the error on layers of Stable Diffusion, whose
// filters are of the size that training gives them.
func TestWinogradError(t *testing.T) {
	if testing.Short() {
		t.Skip("large layers")
	}
	for _, s := range []struct{ h, in, out int }{{32, 320, 320}, {16, 1280, 1280}, {8, 2560, 1280}, {64, 128, 128}} {
		c := newConv3x3(1, s.h, s.h, s.in, s.out, false, false)
		c.Run(nil)
		e := relative(c.Y, c.direct())
		t.Logf("%d × %d, %d → %d channels: relative error %.2g", s.h, s.h, s.in, s.out, e)
		if e > 2e-5 {
			t.Errorf("%d → %d channels: relative error %g", s.in, s.out, e)
		}
	}
}

// BenchmarkConv3x3 measures layers of Stable Diffusion at 512×512 as direct
// convolutions.
func BenchmarkConv3x3(b *testing.B) {
	for _, s := range []struct{ n, h, in, out int }{
		{2, 64, 320, 320},
		{2, 64, 960, 320},
		{2, 64, 640, 640},
		{2, 32, 640, 640},
		{2, 32, 1920, 640},
		{2, 32, 1280, 1280},
		{2, 16, 1280, 1280},
		{2, 16, 2560, 1280},
		{2, 8, 1280, 1280},
		{2, 8, 2560, 1280},
		{1, 512, 128, 128},
		{1, 256, 256, 256},
		{1, 128, 512, 512},
		{1, 64, 512, 512},
		{2, 16, 64, 64},
	} {
		c := newConv3x3(s.n, s.h, s.h, s.in, s.out, false, false)
		flop := 18 * float64(s.n*s.h*s.h*s.in) * float64(s.out)
		b.Run(fmt.Sprintf("%d×%d %d-%d", s.h, s.h, s.in, s.out), func(b *testing.B) {
			for b.Loop() {
				c.Run(nil)
			}
			b.ReportMetric(flop*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
