package kernel

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"
)

// The bounds of errors, in standard deviations of the result: what float32's
// rounding does over depths of hundreds and of thousands; Winograd's method, which
// loses about a digit; and attention that rounds what its softmax has made. Roundings
// before a product are part of its definition.
const (
	exact    = 1e-5
	deep     = 4e-5
	winograd = 2e-4
	rounded  = 1e-2
)

// operators is the table of operators: small cases of all kinds of rests, and
// layers of Stable Diffusion at 512×512 and of XL, which are what is measured. The
// error of each against its definition in float64, and of the small ones against
// PyTorch, is at most bound.
var operators = []struct {
	operator
	bound float64
	real  bool // a layer of Stable Diffusion
}{
	{productCase{M: 1, K: 5, N: 3}, exact, false},
	{productCase{M: 13, K: 33, N: 40, Scale: 0.7}, exact, false},
	{productCase{M: 13, K: 33, N: 40, Activation: "SiLU", Residual: true}, exact, false},
	{productCase{M: 9, K: 64, N: 48, Activation: "QuickGELU"}, exact, false},
	{productCase{M: 25, K: 512, N: 64, Activation: "GELU"}, exact, false},
	{productCase{M: 14, K: 700, N: 33}, exact, false},
	{productCase{M: 13, K: 33, N: 40, Format: Float16, Scale: 0.7, Activation: "SiLU", Residual: true}, exact, false},
	{productCase{M: 500, K: 20, N: 70, Format: Float16, Residual: true}, exact, false},
	{productCase{M: 30, K: 350, N: 70, Format: BFloat16, Residual: true}, exact, false},
	{productCase{M: 25, K: 40, N: 100, Gated: true}, exact, false},
	{productCase{M: 14, K: 31, N: 64, Format: Float16, Gated: true}, exact, false},
	{productCase{M: 2, K: 64, N: 96, Format: BFloat16, Gated: true}, exact, false},
	{productCase{M: 1, K: 5, N: 3, Pairs: true}, exact, false},
	{productCase{M: 13, K: 33, N: 40, Format: Float16, Pairs: true, Scale: 0.7, Activation: "SiLU", Residual: true}, exact, false},
	{productCase{M: 14, K: 1111, N: 70, Format: BFloat16, Pairs: true, Residual: true}, exact, false},
	{productCase{M: 40, K: 512, N: 33, Format: Float16, Pairs: true}, exact, false},
	{productCase{M: 25, K: 40, N: 100, Pairs: true, Gated: true}, exact, false},
	{productCase{M: 14, K: 31, N: 64, Format: Float16, Pairs: true, Gated: true}, exact, false},

	{convolutionCase{N: 2, H: 7, W: 9, In: 5, Out: 6, Size: 3, Stride: 2, Before: 1, After: 1}, exact, false},
	{convolutionCase{N: 1, H: 10, W: 12, In: 20, Out: 37, Size: 3, Stride: 2, After: 1, Format: Float16}, exact, false},
	{convolutionCase{N: 2, H: 6, W: 5, In: 4, Out: 40, Size: 3, Stride: 1, Before: 1, After: 1, Residual: true}, exact, false},
	{convolutionCase{N: 3, H: 4, W: 5, In: 17, Out: 40, Size: 1, Stride: 1, Format: BFloat16, Residual: true}, exact, false},
	{convolutionCase{N: 1, H: 9, W: 10, In: 33, Out: 37, Size: 3, Stride: 2, Before: 1, After: 1, Format: Float16, Pairs: true}, exact, false},
	{convolutionCase{N: 3, H: 4, W: 5, In: 17, Out: 40, Size: 1, Stride: 1, Pairs: true, Residual: true}, exact, false},

	{winogradCase{N: 1, H: 4, W: 4, In: 16, Out: 32}, winograd, false},
	{winogradCase{N: 2, H: 7, W: 9, In: 20, Out: 40, Format: Float16, Residual: true}, winograd, false},
	{winogradCase{N: 2, H: 8, W: 16, In: 33, Out: 17, Format: BFloat16, Upsample: true, Biases: true}, winograd, false},
	{winogradCase{N: 2, H: 8, W: 6, In: 300, Out: 70, Format: Float16, Upsample: true, Residual: true}, winograd, false},
	{winogradCase{N: 1, H: 44, W: 44, In: 40, Out: 33, Format: Float16, Biases: true, Residual: true}, winograd, false},

	{attentionCase{N: 2, Heads: 2, D: 40, TQ: 100, TK: 100}, exact, false},
	{attentionCase{N: 2, Heads: 3, D: 64, TQ: 50, TK: 77, Shared: true}, exact, false},
	{attentionCase{N: 2, Heads: 2, D: 80, TQ: 77, TK: 77, Causal: true}, exact, false},
	{attentionCase{N: 1, Heads: 2, D: 160, TQ: 16, TK: 77}, exact, false},
	{attentionCase{N: 1, Heads: 1, D: 512, TQ: 33, TK: 33}, exact, false},
	{attentionCase{N: 1, Heads: 2, D: 8, TQ: 60, TK: 2*keyBlock + 5}, deep, false},
	{attentionCase{N: 1, Heads: 1, D: 8, TQ: keyBlock + 6, TK: keyBlock + 6, Causal: true}, exact, false},
	{attentionCase{N: 2, Heads: 2, D: 40, TQ: 50, TK: 77, Shared: true, Rounded: true}, rounded, false},
	{attentionCase{N: 1, Heads: 3, D: 64, TQ: 77, TK: 77, Causal: true, Rounded: true}, rounded, false},
	{attentionCase{N: 1, Heads: 2, D: 80, TQ: 50, TK: 50, Rounded: true}, rounded, false},
	{attentionCase{N: 1, Heads: 2, D: 160, TQ: 16, TK: 77, Rounded: true}, rounded, false},
	{attentionCase{N: 1, Heads: 1, D: 512, TQ: 33, TK: 33, Rounded: true}, rounded, false},
	{attentionCase{N: 1, Heads: 1, D: 21, TQ: 49, TK: keyBlock + 77, Rounded: true}, rounded, false},

	{productCase{M: 2, K: 1280, N: 1280, Format: Float16, Activation: "SiLU"}, exact, true},
	{productCase{M: 77, K: 768, N: 3072, Format: Float16, Activation: "QuickGELU"}, exact, true},
	{productCase{M: 154, K: 768, N: 1280, Format: Float16}, exact, true},
	{productCase{M: 128, K: 1280, N: 1280, Format: Float16}, exact, true},
	{productCase{M: 512, K: 1280, N: 1280, Format: Float16, Residual: true}, exact, true},
	{productCase{M: 512, K: 1280, N: 10240, Format: Float16, Gated: true}, exact, true},
	{productCase{M: 512, K: 5120, N: 1280, Format: Float16, Residual: true}, deep, true},
	{productCase{M: 2048, K: 640, N: 640, Format: Float16, Residual: true}, exact, true},
	{productCase{M: 2048, K: 640, N: 5120, Format: Float16, Gated: true}, exact, true},
	{productCase{M: 2048, K: 2560, N: 640, Format: Float16, Residual: true}, deep, true},
	{productCase{M: 8192, K: 320, N: 320, Format: Float16, Residual: true}, exact, true},
	{productCase{M: 8192, K: 320, N: 2560, Format: Float16, Gated: true}, exact, true},
	{productCase{M: 8192, K: 1280, N: 320, Format: Float16, Residual: true}, exact, true},
	{productCase{M: 154, K: 768, N: 1280, Format: Float16, Pairs: true}, exact, true},
	{productCase{M: 512, K: 1280, N: 10240, Format: Float16, Pairs: true, Gated: true}, exact, true},
	{productCase{M: 512, K: 5120, N: 1280, Format: Float16, Pairs: true, Residual: true}, deep, true},
	{productCase{M: 2048, K: 640, N: 640, Format: Float16, Pairs: true, Residual: true}, exact, true},
	{productCase{M: 8192, K: 320, N: 320, Format: Float16, Pairs: true, Residual: true}, exact, true},
	{productCase{M: 8192, K: 320, N: 2560, Format: Float16, Pairs: true, Gated: true}, exact, true},

	{convolutionCase{N: 2, H: 64, W: 64, In: 4, Out: 320, Size: 3, Stride: 1, Before: 1, After: 1, Format: Float16}, exact, true},
	{convolutionCase{N: 2, H: 64, W: 64, In: 320, Out: 320, Size: 3, Stride: 2, Before: 1, After: 1, Format: Float16}, exact, true},
	{convolutionCase{N: 2, H: 16, W: 16, In: 1280, Out: 1280, Size: 3, Stride: 2, Before: 1, After: 1, Format: Float16}, deep, true},
	{convolutionCase{N: 2, H: 16, W: 16, In: 1280, Out: 1280, Size: 3, Stride: 2, Before: 1, After: 1, Format: Float16, Pairs: true}, deep, true},
	{convolutionCase{N: 2, H: 64, W: 64, In: 960, Out: 320, Size: 1, Stride: 1, Format: Float16, Residual: true}, exact, true},
	{convolutionCase{N: 2, H: 64, W: 64, In: 960, Out: 320, Size: 1, Stride: 1, Format: Float16, Pairs: true, Residual: true}, exact, true},

	{winogradCase{N: 2, H: 64, W: 64, In: 320, Out: 320, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 2, H: 64, W: 64, In: 960, Out: 320, Format: Float16, Biases: true}, winograd, true},
	{winogradCase{N: 2, H: 64, W: 64, In: 640, Out: 640, Format: Float16, Upsample: true}, winograd, true},
	{winogradCase{N: 2, H: 32, W: 32, In: 640, Out: 640, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 2, H: 32, W: 32, In: 1920, Out: 640, Format: Float16, Biases: true}, winograd, true},
	{winogradCase{N: 2, H: 32, W: 32, In: 1280, Out: 1280, Format: Float16, Upsample: true}, winograd, true},
	{winogradCase{N: 2, H: 16, W: 16, In: 1280, Out: 1280, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 2, H: 16, W: 16, In: 2560, Out: 1280, Format: Float16, Biases: true}, winograd, true},
	{winogradCase{N: 2, H: 8, W: 8, In: 1280, Out: 1280, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 2, H: 8, W: 8, In: 2560, Out: 1280, Format: Float16, Biases: true}, winograd, true},
	{winogradCase{N: 1, H: 64, W: 64, In: 512, Out: 512, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 1, H: 128, W: 128, In: 512, Out: 512, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 1, H: 256, W: 256, In: 256, Out: 256, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 1, H: 512, W: 512, In: 128, Out: 128, Format: Float16, Residual: true}, winograd, true},
	{winogradCase{N: 2, H: 16, W: 16, In: 64, Out: 64, Residual: true}, winograd, true}, // of the built-in model

	{attentionCase{N: 2, Heads: 8, D: 40, TQ: 4096, TK: 4096}, deep, true},
	{attentionCase{N: 2, Heads: 8, D: 80, TQ: 1024, TK: 1024}, exact, true},
	{attentionCase{N: 2, Heads: 8, D: 160, TQ: 256, TK: 256}, exact, true},
	{attentionCase{N: 2, Heads: 8, D: 40, TQ: 4096, TK: 77}, exact, true},
	{attentionCase{N: 2, Heads: 8, D: 160, TQ: 64, TK: 77, Shared: true}, exact, true},
	{attentionCase{N: 2, Heads: 10, D: 64, TQ: 4096, TK: 4096}, deep, true},
	{attentionCase{N: 1, Heads: 12, D: 64, TQ: 77, TK: 77, Causal: true}, exact, true},
	{attentionCase{N: 1, Heads: 1, D: 512, TQ: 4096, TK: 4096}, deep, true},
	{attentionCase{N: 2, Heads: 8, D: 40, TQ: 4096, TK: 4096, Rounded: true}, rounded, true},
	{attentionCase{N: 2, Heads: 8, D: 80, TQ: 1024, TK: 1024, Rounded: true}, rounded, true},
	{attentionCase{N: 2, Heads: 8, D: 40, TQ: 4096, TK: 77, Rounded: true}, rounded, true},
}

// Of real layers only those of less than cheap FLOP are tested, and of these only
// a few rows are compared with the definition.
const (
	cheap    = 4e9
	someRows = 12
)

// TestOperators compares the results of all levels and numbers of threads with
// plain Go's on one, bit by bit, and those with the definition. Plain Go takes too
// long for real layers: the best level stands in for it.
func TestOperators(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range operators {
		t.Run(c.String(), func(t *testing.T) {
			all := levels()
			reference := &goLevel
			if c.real {
				if testing.Short() || raceEnabled || len(all) == 1 || c.flop() > cheap {
					t.Skip("a large layer")
				}
				reference, all = all[0], all[:len(all)-1]
			}
			o := c.build()
			run := func(f *functions, procs int) []float32 {
				runtime.GOMAXPROCS(procs)
				use(t, f)
				for i := range o.y {
					o.y[i] = float32(math.NaN())
				}
				o.run()
				return o.y
			}
			want := clone(run(reference, 1))
			for _, f := range all {
				for _, procs := range threads() {
					if d := differ(run(f, procs), want); d != "" {
						t.Errorf("%s on %d threads: %s", f.level, procs, d)
					}
				}
			}
			rows := len(want) / o.width
			most := rows
			if c.real {
				most = someRows
			}
			var got []float32
			var defined []float64
			for _, r := range pick(rows, most) {
				got = append(got, want[r*o.width:(r+1)*o.width]...)
				defined = append(defined, o.defined(r)...)
			}
			if e := deviations(got, defined); !(e <= c.bound) {
				t.Errorf("the largest error is %.2g standard deviations, want at most %.2g", e, c.bound)
			}
		})
	}
}

// TestOperatorsMatchPyTorch compares the small cases with PyTorch's results
// (made by engine/golden/kernel.py).
func TestOperatorsMatchPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/operators.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][]float64
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range operators {
		if c.real {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			o := c.build()
			o.run()
			var got []float32
			for _, i := range pick(len(o.y), goldenElements) {
				got = append(got, o.y[i])
			}
			want := golden[c.String()]
			if len(got) != len(want) {
				t.Fatalf("the golden file has %d elements, want %d; see engine/golden/kernel.py", len(want), len(got))
			}
			if e := deviations(got, want); !(e <= c.bound) {
				t.Errorf("the largest error is %.2g standard deviations, want at most %.2g", e, c.bound)
			}
		})
	}
}

// goldenElements is how many elements of a result the golden file has at most.
const goldenElements = 256

// pick returns all of 0 … n−1 if they are not more than most, else some of them.
func pick(n, most int) []int {
	picked := make([]int, min(n, most))
	for i := range picked {
		picked[i] = i
		if n > most {
			picked[i] = int(splitMix(seedPick, i) >> 32 * uint64(n) >> 32)
		}
	}
	return picked
}

// deviations is the largest error in standard deviations of what is wanted.
func deviations(got []float32, want []float64) float64 {
	var sum, square, worst float64
	for i, v := range want {
		sum += v
		square += v * v
		if e := math.Abs(float64(got[i]) - v); !(e <= worst) { // NaN too
			worst = e
		}
	}
	n := float64(len(want))
	return worst / math.Sqrt(square/n-sum/n*sum/n)
}

// TestListOperators prints the small cases for engine/golden/kernel.py, a line of
// JSON each.
func TestListOperators(t *testing.T) {
	if os.Getenv("DARKROOM_TEST_LIST_OPERATORS") == "" {
		t.Skip("prints what engine/golden/kernel.py reads")
	}
	for _, c := range operators {
		if c.real {
			continue
		}
		line, err := json.Marshal(map[string]any{"name": c.String(), "kind": kind(c), "sizes": c.operator})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(string(line))
	}
}

// BenchmarkOperators measures the real layers at the level in use.
func BenchmarkOperators(b *testing.B) {
	for _, c := range operators {
		if !c.real {
			continue
		}
		b.Run(c.String(), func(b *testing.B) {
			o := c.build()
			for b.Loop() {
				o.run()
			}
			b.ReportMetric(c.flop()*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
