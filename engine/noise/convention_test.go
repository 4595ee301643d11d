package noise

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"hash/fnv"
	"math"
	"testing"

	"gorgonia.org/tensor"
)

func TestSlerp(t *testing.T) {
	low := []float32{1, 0, 0, 1} // two columns of two
	high := []float32{0, 0, 1, 1}
	// the first columns, (1, 0) and (0, 1), stand upright on each other; the
	// second ones are the same
	got := slerp(0.5, low, high, 1, 2, 2)
	for i, want := range []float64{math.Sqrt(0.5), 0, math.Sqrt(0.5), 1} {
		if math.Abs(float64(got[i])-want) > 1e-7 {
			t.Errorf("element %d is %v, want %v", i, got[i], want)
		}
	}
	// all columns alike: the web UI's mix-up of the two ends
	if got := slerp(0.25, low, []float32{1, 0, 0, 1.5}, 1, 2, 2); got[3] != 0.25*1+0.75*1.5 {
		t.Errorf("almost equal noises are mixed to %v", got[3])
	}
	for i, got := range slerp(1, low, []float32{-1, 0, 0, -1}, 1, 2, 2) {
		if want := -low[i]; got != want {
			t.Errorf("opposite noises: element %d is %v, want %v", i, got, want)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct{ size, from, to, at, n int }{
		{8, 4, 2, 0, 4}, {8, 5, 1, 0, 5}, {5, 8, 0, 2, 4}, {5, 6, 0, 1, 4}, {4, 4, 0, 0, 4},
	} {
		if to, at, n := overlap(c.size, c.from); to != c.to || at != c.at || n != c.n {
			t.Errorf("%d lines in %d: %d, %d, %d, want %d, %d, %d", c.from, c.size, to, at, n, c.to, c.at, c.n)
		}
	}
}

// A saved stream goes on with the same bits, whatever convention it is of.
func TestStreamIsAValue(t *testing.T) {
	v := Convention{Start: Mersenne, Steps: Mersenne, Tree: Mersenne, Shared: true}
	_, s := v.Begin(Seeds{Seed: math.MaxUint64, Delta: -3, Batch: 3, Index: 2}, 4, 3, 3)
	s = s.Over([]float64{14.6, 3, 0.03, 0})
	s.Next(4, 3, 3)
	plain := s

	var packed bytes.Buffer
	if err := gob.NewEncoder(&packed).Encode(s); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var fromGob, fromJSON Stream
	if err := gob.NewDecoder(&packed).Decode(&fromGob); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &fromJSON); err != nil {
		t.Fatal(err)
	}
	next, between := s.Next(4, 3, 3), s.Between(14.6, 3, 4, 3, 3)
	for name, again := range map[string]Stream{"copied": plain, "gob": fromGob, "JSON": fromJSON} {
		if again != plain {
			t.Errorf("%s: %+v, want %+v", name, again, plain)
		}
		if !again.Next(4, 3, 3).Eq(next) || !again.Between(14.6, 3, 4, 3, 3).Eq(between) {
			t.Errorf("%s: the noise is another", name)
		}
	}
}

func TestCheckRefusesDamage(t *testing.T) {
	good := Stream{Source: Mersenne, Batch: 2, Index: 1, Tree: Tree{Low: 1, High: 2}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, damage := range map[string]func(*Stream){
		"source":        func(s *Stream) { s.Source = "dice" },
		"tree's source": func(s *Stream) { s.Tree.Source = "dice" },
		"index":         func(s *Stream) { s.Index = 2 },
		"below":         func(s *Stream) { s.Index = -1 },
		"batch":         func(s *Stream) { s.Batch = 1 << 40 },
		"range":         func(s *Stream) { s.Tree.Low = 3 },
		"no number":     func(s *Stream) { s.Tree.High = math.NaN() },
		"endless":       func(s *Stream) { s.Tree.High = math.Inf(1) },
	} {
		s := good
		damage(&s)
		if s.Check() == nil {
			t.Errorf("%s: %+v passes", name, s)
		}
	}
}

func TestNoiseHasTheSameBitsEverywhere(t *testing.T) {
	hash := fnv.New64a()
	add := func(d *tensor.Dense) {
		for _, x := range d.Float32s() {
			hash.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
		}
	}
	for _, source := range []Source{Philox, Mersenne} {
		start, s := Convention{source, source, source, true, nil}.Begin(Seeds{
			Seed: 8, Variation: 9, Strength: 0.4, Height: 20, Width: 30, Batch: 3, Index: 1,
		}, 4, 17, 33)
		s = s.Over([]float64{14.6, 0.03, 0})
		add(start)
		add(s.Next(4, 17, 33))
		add(s.Between(14.6, 7.1, 4, 17, 33))
		add(s.Between(1.3, 0.5, 4, 17, 33))
	}
	if got := hash.Sum64(); got != 0x2faebd034f14d19b {
		t.Errorf("the bits hash to %#x: a seed no longer gives the noise it gave", got)
	}
}

func BenchmarkBetween(b *testing.B) {
	for _, source := range []Source{Philox, Mersenne} {
		b.Run("source "+string(source), func(b *testing.B) {
			s := Stream{Tree: Tree{Source: source}}.Over([]float64{14.6, 0.03, 0})
			for b.Loop() {
				s.Between(9.123, 7.1, 4, 64, 64)
			}
		})
	}
}
