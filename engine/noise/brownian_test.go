package noise

import (
	"math"
	"testing"
)

type goldenTree struct {
	Source    Source
	Seed      uint64
	N         int
	Low, High float64
	Queries   [][2]float64
}

func TestTreeIsTorchsdes(t *testing.T) {
	var trees []goldenTree
	golden(t, "brownian.json", &trees)
	read := numbers(t, "brownian.bin")
	worst := 0.0
	for _, c := range trees {
		s := Stream{Tree: Tree{Seed: c.Seed, Source: c.Source}}.Over([]float64{c.High, c.Low, 0})
		for _, q := range c.Queries {
			want, got := read(c.N), s.Between(q[0], q[1], c.N, 1, 1).Float32s()
			for i := range want {
				worst = max(worst, math.Abs(float64(got[i]-want[i])))
				if !(math.Abs(float64(got[i]-want[i])) <= 1e-6) {
					t.Fatalf("seed %d, %g to %g: element %d is %v, want %v", c.Seed, q[0], q[1], i, got[i], want[i])
				}
			}
		}
	}
	t.Logf("the largest difference is %g", worst)
}

func TestTreeIsOnePath(t *testing.T) {
	s := Stream{Tree: Tree{Seed: 3}}.Over([]float64{10, 4, 1, 0})
	const a, b, c = 9.5, 6.123, 1.75
	whole, first, second := s.Between(a, c, 1, 4, 4).Float32s(), s.Between(a, b, 1, 4, 4).Float32s(), s.Between(b, c, 1, 4, 4).Float32s()
	back := s.Between(c, a, 1, 4, 4).Float32s()
	for i := range whole {
		sum := float64(first[i])*math.Sqrt(a-b) + float64(second[i])*math.Sqrt(b-c)
		if want := float64(whole[i]) * math.Sqrt(a-c); math.Abs(sum-want) > 1e-5 {
			t.Errorf("the parts of a way add up to %v, the whole is %v", sum, want)
		}
		if back[i] != -whole[i] {
			t.Errorf("the way back is %v, the way %v", back[i], whole[i])
		}
	}
}

func TestTreeAtItsEnds(t *testing.T) {
	s := Stream{}.Over([]float64{10, 1, 0})
	for _, c := range []struct {
		name     string
		from, to float64
	}{
		{"nowhere", 5, 5},
		{"a millionth", 5, 5 + 4e-7},
		{"above", 12, 11},
		{"below", 0.5, 0},
	} {
		for _, x := range s.Between(c.from, c.to, 1, 2, 2).Float32s() {
			if x != 0 {
				t.Errorf("%s: %v, want 0", c.name, x)
			}
		}
	}
	for _, x := range s.Between(20, 0, 1, 2, 2).Float32s() {
		if !(math.Abs(float64(x)) < 6) || x == 0 {
			t.Errorf("beyond both ends: %v", x)
		}
	}
}

// numpy's documentation has no vectors for a pool of 24; these are numpy 2.4.6's.
func TestSeedSequenceIsNumpys(t *testing.T) {
	for _, c := range []struct {
		entropy uint64
		key     []uint64
		want    []uint32
	}{
		{0, nil, []uint32{4025752534, 2687548107, 2326983537}},
		{42, nil, []uint32{387750627, 2536650517, 4078839648}},
		{1 << 63, nil, []uint32{152367735, 858481811, 2947776495}},
		{0, []uint64{5, 3}, []uint32{2230703150, 3316687717, 788529862, 3225615604}},
		{12345678901234, []uint64{5, 3}, []uint32{1934182032, 3514538631, 2989841709, 3108050942}},
	} {
		got := seedSequence(c.entropy, c.key, len(c.want))
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("entropy %d, key %v: %v, want %v", c.entropy, c.key, got, c.want)
				break
			}
		}
	}
}
