package noise

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden reads a JSON file that engine/golden/noise.py wrote.
func golden(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// numbers hands out the float32 numbers of a file in order.
func numbers(t *testing.T, name string) func(n int) []float32 {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(b) > 0 && !t.Failed() {
			t.Errorf("%d bytes of %s were not compared", len(b), name)
		}
	})
	return func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		b = b[4*n:]
		return out
	}
}

type drawsOfTorch struct {
	Words []struct {
		Seed   uint64
		SHA256 string
	}
	Draws []struct {
		Seed  uint64
		Shape []int
		Draws uint32
	}
}

func TestWordsAreTorchs(t *testing.T) {
	const n = 10000
	want, err := os.ReadFile("testdata/words.bin")
	if err != nil {
		t.Fatal(err)
	}
	m := newMersenne(42)
	for i := range n {
		if got, want := m.word(), binary.LittleEndian.Uint32(want[4*i:]); got != want {
			t.Fatalf("word %d after seed 42 is %#x, want %#x", i, got, want)
		}
	}
	var golds drawsOfTorch
	golden(t, "torch.json", &golds)
	for _, c := range golds.Words {
		m := newMersenne(c.Seed)
		var all []byte
		for range n {
			all = binary.LittleEndian.AppendUint32(all, m.word())
		}
		if sum := sha256.Sum256(all); hex.EncodeToString(sum[:]) != c.SHA256 {
			t.Errorf("the words after seed %d are others than torch's", c.Seed)
		}
	}
}

func TestSkipPassesOverWords(t *testing.T) {
	for _, n := range []uint64{0, 1, 623, 624, 625, 1248, 5000} {
		slow, fast := newMersenne(9), newMersenne(9)
		slow.word()
		fast.word()
		for range n {
			slow.word()
		}
		fast.skip(n)
		if got, want := fast.word(), slow.word(); got != want {
			t.Errorf("after %d words comes %#x, want %#x", n, got, want)
		}
	}
}

// ulps is the number of float32 numbers from a to b.
func ulps(a, b float32) int {
	line := func(x float32) int {
		if n := int(math.Float32bits(x)); n < 1<<31 {
			return n
		}
		return 1<<31 - int(math.Float32bits(x))
	}
	return max(line(a)-line(b), line(b)-line(a))
}

func TestNormalsAreTorchs(t *testing.T) {
	var golds drawsOfTorch
	golden(t, "torch.json", &golds)
	read := numbers(t, "torch.bin")
	if len(golds.Draws) != 8 {
		t.Fatalf("%d shapes", len(golds.Draws))
	}
	for _, c := range golds.Draws {
		n := 1
		for _, side := range c.Shape {
			n *= side
		}
		for draw := range c.Draws {
			want, got := read(n), make([]float32, n)
			torchNormals(c.Seed, draw, n, 0, got)
			for i := range want {
				if got[i] != want[i] { // 2 ulp would do; these are the same bits
					t.Errorf("seed %d, shape %v, draw %d: element %d is %v, want %v (%d ulp)", c.Seed, c.Shape, draw, i, got[i], want[i], ulps(got[i], want[i]))
					break
				}
			}
		}
	}
}

// A picture's share of a draw is what stands at its place in the whole draw.
func TestTorchStartsAnywhere(t *testing.T) {
	for _, n := range []int{11, 32, 100} {
		whole := make([]float32, n)
		torchNormals(3, 2, n, 0, whole)
		for first := range n {
			for size := 1; first+size <= n; size++ {
				part := make([]float32, size)
				torchNormals(3, 2, n, first, part)
				for i := range part {
					if part[i] != whole[first+i] {
						t.Fatalf("of %d, %d from %d on: element %d is %v, want %v", n, size, first, i, part[i], whole[first+i])
					}
				}
			}
		}
	}
}
