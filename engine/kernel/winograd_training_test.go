package kernel

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// trainedCases have tiles that overlap the margin, channels that fill no panel, and
// more tiles than are transformed at a time.
var trainedCases = []TrainedConv3x3{
	{N: 2, H: 9, W: 14, In: 20, Out: 37},
	{N: 1, H: 8, W: 8, In: 64, Out: 16},
	{N: 3, H: 60, W: 64, In: 16, Out: 17},
	{N: 2, H: 18, W: 28, In: 20, Out: 37, Upsample: true},
}

// direct is the convolution and its gradients as matrix products.
func (t TrainedConv3x3) direct(x, w, bias, dy []float32) (y, dx, dw []float32) {
	if t.Upsample {
		t.Upsample = false
		small, large := x, make([]float32, t.N*t.H*t.W*t.In)
		each := func(do func(small, large int)) {
			for i := range large {
				pixel, c := i/t.In, i%t.In
				n, y, x := pixel/t.W/t.H, pixel/t.W%t.H, pixel%t.W
				do(((n*t.H/2+y/2)*t.W/2+x/2)*t.In+c, i)
			}
		}
		each(func(s, l int) { large[l] = small[s] })
		y, sums, dw := t.direct(large, w, bias, dy)
		dx = make([]float32, len(x))
		each(func(s, l int) { dx[s] += sums[l] })
		return y, dx, dw
	}
	y, dx, dw = make([]float32, t.N*t.H*t.W*t.Out), make([]float32, len(x)), make([]float32, len(w))
	p := TrainedConv{Patches{Data: x, N: t.N, H: t.H, W: t.W, C: t.In, KH: 3, KW: 3, Stride: 1, PadTop: 1, PadLeft: 1, OH: t.H, OW: t.W}, t.Out}
	for i := range y {
		y[i] = bias[i%t.Out]
	}
	p.Forward(w, y)
	p.WeightGradient(dy, dw, false)
	p.InputGradient(dy, w, dx, false)
	return y, dx, dw
}

// TestTrainedConv3x3 compares Winograd's method with the products, and all levels
// and numbers of threads with each other, bit by bit.
func TestTrainedConv3x3(t *testing.T) {
	for _, conv := range trainedCases {
		t.Run(fmt.Sprintf("%+v", conv), func(t *testing.T) {
			pixels := conv.N * conv.H * conv.W
			x, w, bias, dy := noise(1, pixels*conv.In), noise(2, 9*conv.In*conv.Out), noise(3, conv.Out), noise(4, pixels*conv.Out)
			if conv.Upsample {
				x = x[:len(x)/4]
			}
			y, dx, dw := conv.direct(x, w, bias, dy)
			var first [3][]float32
			for _, f := range levels() {
				use(t, f)
				for _, procs := range threads() {
					before := runtime.GOMAXPROCS(procs)
					got := [3][]float32{make([]float32, len(y)), clone(dx), clone(dw)}
					conv.Forward(x, w, bias, nil, got[0])
					conv.InputGradient(dy, w, got[1], true)
					conv.WeightGradient(x, dy, got[2], true)
					runtime.GOMAXPROCS(before)
					if first[0] == nil {
						first = got
					}
					for i, want := range [][]float32{y, dx, dw} {
						name := []string{"result", "input's gradient", "weights' gradient"}[i]
						if d := differ(got[i], first[i]); d != "" {
							t.Errorf("%s, level %s, %d threads: %s", name, f.level, procs, d)
						}
						twice := float32(1)
						if i > 0 { // added to what was there
							twice = 2
						}
						var off, size float64
						for j, v := range want {
							off += math.Pow(float64(got[i][j]-twice*v), 2)
							size += math.Pow(float64(twice*v), 2)
						}
						if relative := math.Sqrt(off / size); relative > 1e-5 {
							t.Errorf("%s, level %s: deviates by %.1e from the product's", name, f.level, relative)
						}
					}
				}
			}
		})
	}
}

func BenchmarkTrainedConv3x3(b *testing.B) {
	for _, conv := range []TrainedConv3x3{{4, 128, 128, 32, 32, false}, {4, 128, 128, 64, 64, false}, {8, 64, 64, 64, 64, false}, {8, 32, 32, 96, 96, false}, {16, 16, 16, 128, 128, false}, {32, 8, 8, 256, 256, false}} {
		pixels := conv.N * conv.H * conv.W
		x, w, bias, dy := noise(1, pixels*conv.In), noise(2, 9*conv.In*conv.Out), noise(3, conv.Out), noise(4, pixels*conv.Out)
		y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
		p := TrainedConv{Patches{Data: x, N: conv.N, H: conv.H, W: conv.W, C: conv.In, KH: 3, KW: 3, Stride: 1, PadTop: 1, PadLeft: 1, OH: conv.H, OW: conv.W}, conv.Out}
		for _, way := range []struct {
			name string
			f    func()
		}{
			{"forward", func() { conv.Forward(x, w, bias, nil, y) }},
			{"forward, direct", func() { p.Forward(w, y) }},
			{"input", func() { conv.InputGradient(dy, w, dx, false) }},
			{"input, direct", func() { p.InputGradient(dy, w, dx, false) }},
			{"weights", func() { conv.WeightGradient(x, dy, dw, false) }},
			{"weights, direct", func() { p.WeightGradient(dy, dw, false) }},
		} {
			b.Run(fmt.Sprintf("%d×%d×%d×%d→%d/%s", conv.N, conv.H, conv.W, conv.In, conv.Out, way.name), func(b *testing.B) {
				for b.Loop() {
					way.f()
				}
				b.ReportMetric(2*float64(pixels)*9*float64(conv.In*conv.Out)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
