package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA rounds a·b+c once, by big numbers.
func exactFMA(a, b, c float32) float32 {
	x := new(big.Float).SetPrec(2000).SetFloat64(float64(a))
	x.Mul(x, big.NewFloat(float64(b)).SetPrec(2000))
	x.Add(x, big.NewFloat(float64(c)).SetPrec(2000))
	f, _ := x.Float32()
	return f
}

// TestFMA compares the emulation with big numbers, on random numbers and around
// midpoints and in the subnormal range, where rounding twice goes wrong.
func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bits := math.Float32frombits
	cases := [][3]float32{
		{1, 1, 1},
		{0, 1, 0},
		{-1, 1, 1},
		{bits(0x3f800001), bits(0x3f800001), 0},
		{0x1p-24, 1 + 0x1p-23, 1}, // just above a midpoint by less than float64 shows
		{0x1p-24, 1, 1},
		{-0x1p-25, 1, 1},              // midpoints
		{0x1p-24, 1 - 0x1p-24, 1},     // below
		{0x1p-24 + 0x1p-47, 1, 1},     // above
		{0x1p-100, 0x1p-49, 0x1p-149}, // subnormal midpoint
		{0x1.8p-100, 0x1p-49, 0x1p-126},
		{-0x1p-75, 0x1p-75, 0x1p-126},
		{0x1p-80, 0x1p-80, -0x1p-149},
		{0x1p-149, 0x1p-149, 0x1p-149},
		{math.MaxFloat32, 1, 0x1p103},
		{math.MaxFloat32, 1, 0x1p102},
		{math.MaxFloat32, 2, -math.MaxFloat32},
	}
	for range 50_000 {
		a, b := float32(r.NormFloat64()), float32(r.NormFloat64())
		c := float32(r.NormFloat64())
		switch r.IntN(4) {
		case 0: // short mantissas make for midpoints
			a, b, c = bits(math.Float32bits(a)&^0xfff), bits(math.Float32bits(b)&^0xfff), bits(math.Float32bits(c)&^0xf)
			a *= 0x1p-12
		case 1: // a product at or near half of a unit in the last place of c
			b = 1 + float32(r.IntN(3)-1)*0x1p-23
			a = float32(math.Ldexp(1, math.Ilogb(float64(c))-24))
		case 2: // subnormal results
			a, b, c = a*0x1p-70, b*0x1p-70, c*0x1p-140
		}
		cases = append(cases, [3]float32{a, b, c})
	}
	for _, x := range cases {
		got, want := fma(x[0], x[1], x[2]), exactFMA(x[0], x[1], x[2])
		if math.Float32bits(got) != math.Float32bits(want) && !(got == 0 && want == 0) {
			t.Fatalf("fma(%b, %b, %b) = %b, want %b", x[0], x[1], x[2], got, want)
		}
	}
}

// accuracy describes how far a function may be off.
var accuracy = []struct {
	name     string
	f        func(dst, x []float32)
	exact    func(x float64) float64
	low, top float64
	absolute float64 // error that is fine
	ulps     float64 // error beyond it in units in the last place
}{
	{"Exp", Exp, math.Exp, -87.3365, 88.7228, 0, 2},
	{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -87, 100, 0, 4},
	{"SiLU", SiLU, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, -80, 100, 0, 5},
	{"QuickGELU", QuickGELU, func(x float64) float64 { return x / (1 + math.Exp(-float64(float32(1.702))*x)) }, -10, 20, 0, 20},
	{"GELU", GELU, func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 }, -20, 20, 1.5e-7, 2},
}

func TestAccuracy(t *testing.T) {
	for _, c := range accuracy {
		const n = 200_003
		x, y := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(c.low + (c.top-c.low)*float64(i)/(n-1))
		}
		c.f(y, x)
		worst, place := 0.0, float32(0)
		for i, v := range x {
			want := c.exact(float64(v))
			ulp := math.Ldexp(1, max(math.Ilogb(want), -126)-23)
			if e := (math.Abs(float64(y[i])-want) - c.absolute) / ulp; e > worst {
				worst, place = e, v
			}
		}
		t.Logf("%s: %.2f units in the last place at %g", c.name, worst, place)
		if worst > c.ulps {
			t.Errorf("%s(%g) is %.2f units in the last place off, want at most %g", c.name, place, worst, c.ulps)
		}
	}
}

func TestExpLimits(t *testing.T) {
	inf := float32(math.Inf(1))
	x := []float32{-inf, -1000, -87.34, 0, 88.73, 1000, inf, float32(math.NaN())}
	y := make([]float32, len(x))
	Exp(y, x)
	if d := differ(y, []float32{0, 0, 0, 1, inf, inf, inf, float32(math.NaN())}); d != "" {
		t.Error(d)
	}
}

// TestGradients compares slopes with differences of the float64 functions.
func TestGradients(t *testing.T) {
	for _, c := range []struct {
		name string
		grad func(dx, x, dy []float32)
		f    func(x float64) float64
	}{
		{"SiLUGrad", SiLUGrad, accuracy[2].exact},
		{"QuickGELUGrad", QuickGELUGrad, accuracy[3].exact},
		{"GELUGrad", GELUGrad, accuracy[4].exact},
	} {
		for x := float32(-7); x < 7; x += 0.13 {
			dx := []float32{0.25}
			c.grad(dx, []float32{x}, []float32{2})
			const h = 1e-5
			want := 0.25 + 2*(c.f(float64(x)+h)-c.f(float64(x)-h))/(2*h)
			if math.Abs(float64(dx[0])-want) > 2e-6 {
				t.Errorf("%s at %g: %g, want %g", c.name, x, dx[0], want)
			}
		}
	}
}

func TestReductions(t *testing.T) {
	x, y := noise(1, 1000), noise(2, 1000)
	var sum, dot float64
	most := x[0]
	for i, v := range x {
		sum += float64(v)
		dot += float64(v) * float64(y[i])
		most = max(most, v)
	}
	if got := Sum(x); math.Abs(float64(got)-sum) > 1e-4 {
		t.Errorf("Sum: %g, want %g", got, sum)
	}
	if got := Dot(x, y); math.Abs(float64(got)-dot) > 1e-4 {
		t.Errorf("Dot: %g, want %g", got, dot)
	}
	if got := greatest(new([16]float32), x); got != most {
		t.Errorf("Max: %g, want %g", got, most)
	}
	if got := greatest(new([16]float32), nil); !math.IsInf(float64(got), -1) {
		t.Errorf("Max of nothing: %g, want -Inf", got)
	}
	row := clone(x)
	Softmax(row, 0.5)
	total := 0.0
	for _, v := range x {
		total += math.Exp(0.5 * float64(v))
	}
	for i, v := range x {
		if want := math.Exp(0.5*float64(v)) / total; math.Abs(float64(row[i])-want) > 1e-8 {
			t.Fatalf("Softmax, element %d: %g, want %g", i, row[i], want)
		}
	}
}

// TestAdamW does three steps in float64 beside it.
func TestAdamW(t *testing.T) {
	const n, lr, b1, b2, eps, decay = 37, 1e-2, 0.9, 0.999, 1e-8, 0.1
	w, m, v := noise(1, n), make([]float32, n), make([]float32, n)
	want, wm, wv := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range w {
		want[i] = float64(w[i])
	}
	for step := 1; step <= 3; step++ {
		g := noise(uint64(step+5), n)
		c1, c2 := 1-math.Pow(b1, float64(step)), 1-math.Pow(b2, float64(step))
		AdamW(w, m, v, g, AdamWStep{LR: lr, Beta1: b1, Beta2: b2, Eps: eps, Decay: decay, Correct1: float32(c1), Correct2: float32(c2)})
		for i, d := range g {
			wm[i] += (1 - b1) * (float64(d) - wm[i])
			wv[i] = b2*wv[i] + (1-b2)*float64(d)*float64(d)
			want[i] -= lr * (wm[i]/c1/(math.Sqrt(wv[i]/c2)+eps) + decay*want[i])
		}
	}
	for i := range w {
		if math.Abs(float64(w[i])-want[i]) > 1e-5 {
			t.Errorf("weight %d: %g, want %g", i, w[i], want[i])
		}
	}
}
