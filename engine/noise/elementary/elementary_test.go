package elementary

import (
	"hash/fnv"
	"math"
	"testing"
)

// functions pairs each function with package math's, over the range it is made for.
var functions = []struct {
	name       string
	ours, math func(float64) float64
	low, high  float64
	absolute   float64 // error allowed near a zero of the function
	bits       uint64  // FNV-1a of 10 000 results: the same on every processor
}{
	{"Log", Log, math.Log, 1e-10, 1e4, 3e-16, 0x9e566daa0a84caa3},
	{"Log near one", Log, math.Log, 0.999, 1.001, 0, 0x95f2ffb44c39bf03},
	{"Exp", Exp, math.Exp, -700, 700, 0, 0xd91493d894ae0548},
	{"Sin", Sin, math.Sin, -1000, 1000, 2e-16, 0x504ba66c781fcadc},
	{"Acos", Acos, acos, -1, 1, 0, 0xd54bd661acb0887e},
	{"Expm1", Expm1, math.Expm1, -2, 2, 0, 0xf9f54c02119d59f6},
	{"Expm1 near zero", Expm1, math.Expm1, -1e-3, 1e-3, 0, 0xbd674e2adb82b0eb},
	{"Tan", Tan, math.Tan, -1.57, 1.57, 2e-16, 0xdcce9b648a0f7551},
	{"Atan", Atan, math.Atan, -50, 50, 0, 0xe4e615e0cd81a506},
	{"Cos", Cos, math.Cos, -1000, 1000, 2e-16, 0xa104a20d4bdcaa54},
}

// acos is what package math's Acos isn't: exact where the angle is small.
func acos(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }

func TestFunctionsAgreeWithMath(t *testing.T) {
	for _, f := range functions {
		const n = 10000
		hash := fnv.New64a()
		for i := range n {
			x := f.low + float64((f.high-f.low)*float64(i)/(n-1))
			got, want := f.ours(x), f.math(x)
			if diff := math.Abs(got - want); diff > f.absolute+7e-16*math.Abs(want) {
				t.Fatalf("%s(%v) = %v, package math says %v", f.name, x, got, want)
			}
			b := math.Float64bits(got)
			for range 8 {
				hash.Write([]byte{byte(b)})
				b >>= 8
			}
		}
		if hash.Sum64() != f.bits {
			t.Errorf("%s: the results' bits hash to %#x, want %#x: this processor or compiler rounds differently", f.name, hash.Sum64(), f.bits)
		}
	}
}

func TestEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Log(0)", Log(0), -inf},
		{"Log(-1)", Log(-1), nan},
		{"Log(+Inf)", Log(inf), inf},
		{"Log(NaN)", Log(nan), nan},
		{"Log(1)", Log(1), 0},
		{"Log(smallest)", Log(math.SmallestNonzeroFloat64), -744.4400719213812},
		{"Exp(0)", Exp(0), 1},
		{"Exp(+Inf)", Exp(inf), inf},
		{"Exp(-Inf)", Exp(-inf), 0},
		{"Exp(NaN)", Exp(nan), nan},
		{"Sin(0)", Sin(0), 0},
		{"Cos(0)", Cos(0), 1},
		{"Sin(+Inf)", Sin(inf), nan},
		{"Cos(NaN)", Cos(nan), nan},
		{"Expm1(0)", Expm1(0), 0},
		{"Expm1(-Inf)", Expm1(-inf), -1},
		{"Expm1(NaN)", Expm1(nan), nan},
		{"Tan(0)", Tan(0), 0},
		{"Atan(+Inf)", Atan(inf), math.Pi / 2},
		{"Atan(-Inf)", Atan(-inf), -math.Pi / 2},
		{"Atan(NaN)", Atan(nan), nan},
		{"Acos(1)", Acos(1), 0},
		{"Acos(-1)", Acos(-1), math.Pi},
		{"Acos(1.1)", Acos(1.1), nan},
		{"Acos(-1.1)", Acos(-1.1), nan},
		{"Acos(NaN)", Acos(nan), nan},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

// The quantiles are scipy 1.17.1's stats.beta.ppf.
func TestBetaQuantile(t *testing.T) {
	for _, c := range []struct{ p, a, b, want float64 }{
		{0, 0.6, 0.6, 0},
		{1, 0.6, 0.6, 1},
		{1e-06, 0.6, 0.6, 1.8558824624053043e-10},
		{0.01, 0.6, 0.6, 0.00086123882154290593},
		{0.3, 0.6, 0.6, 0.23401700387523572},
		{0.5, 0.6, 0.6, 0.5},
		{0.77, 0.6, 0.6, 0.84616241423235017},
		{0.999, 0.6, 0.6, 0.99998144126148258},
		{0.2, 0.8, 1.7, 0.078462794788644444},
		{0.9, 0.8, 1.7, 0.6994021675222114},
		{0.5, 2, 3, 0.38572756813238951},
		{0.35, 1, 1, 0.35},
		{0.6, 0.1, 0.2, 0.22222129171266125},
		{0.25, 20, 5, 0.75095060785830625},
	} {
		if got := BetaQuantile(c.p, c.a, c.b); math.Abs(got-c.want) > 1e-13*c.want {
			t.Errorf("BetaQuantile(%v, %v, %v) = %v, want %v", c.p, c.a, c.b, got, c.want)
		}
	}
}
