package checkpoint

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"darkroom/engine/float16"
)

type golden struct {
	DType DType
	Shape []int
	Bits  string
}

func (g golden) numbers(t *testing.T) []float32 {
	t.Helper()
	raw, err := hex.DecodeString(g.Bits)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Widen(raw, F32)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func same(a, b float32) bool { return a == b || a != a && b != b }

// Every format gives the numbers its own program reads, to the last bit.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]map[string]golden
	if err := json.Unmarshal(b, &files); err != nil {
		t.Fatal(err)
	}
	for name, tensors := range files {
		path := filepath.Join("testdata", name)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for how, open := range map[string]func() (*File, error){
			"mapped":    func() (*File, error) { return Open(path) },
			"in memory": func() (*File, error) { return OpenBytes(name, raw) },
			"by pieces": func() (*File, error) {
				return openIn(os.DirFS("testdata"), name, name)
			},
		} {
			f, err := open()
			if err != nil {
				t.Errorf("%s %s: %v", name, how, err)
				continue
			}
			checkGolden(t, f, tensors)
			if err := f.Close(); err != nil {
				t.Errorf("%s %s: %v", name, how, err)
			}
		}
	}
}

func checkGolden(t *testing.T, f *File, tensors map[string]golden) {
	t.Helper()
	if len(f.Names()) != len(tensors) {
		t.Errorf("%s: tensors %q, want %d", f.Name(), f.Names(), len(tensors))
	}
	for name, want := range tensors {
		if d, _ := f.DType(name); d != want.DType {
			t.Errorf("%s: %s is %s, want %s", f.Name(), name, d, want.DType)
		}
		if s, _ := f.Shape(name); !slices.Equal(s, want.Shape) {
			t.Errorf("%s: %s has shape %v, want %v", f.Name(), name, s, want.Shape)
		}
		numbers := want.numbers(t)
		got, err := f.Float32(name)
		if err != nil || !slices.EqualFunc(got, numbers, same) {
			t.Errorf("%s: %s = %v, %v, want %v", f.Name(), name, got, err, numbers)
		}
		err = f.Raw(name, func(d DType, raw []byte) error {
			checkRaw(t, f.Name()+": "+name, want.DType, d, raw, numbers)
			return nil
		})
		if err != nil {
			t.Errorf("%s: raw %s: %v", f.Name(), name, err)
		}
	}
}

// checkRaw makes sure that small types are shown as the nearest F16 and others as they
// are.
func checkRaw(t *testing.T, name string, in, shown DType, raw []byte, numbers []float32) {
	t.Helper()
	if small := layouts[in].count > 1 || in == "F8_E4M3" || in == "F8_E5M2"; !small {
		if shown != in {
			t.Errorf("%s: %s is shown as %s", name, in, shown)
		}
		return
	}
	if shown != F16 || len(raw) != 2*len(numbers) {
		t.Errorf("%s: %s is shown as %d bytes of %s", name, in, len(raw), shown)
		return
	}
	for i, x := range numbers {
		h := binary.LittleEndian.Uint16(raw[2*i:])
		if h != float16.Narrow(x) && (x == x || float16.Widen(h) == float16.Widen(h)) {
			t.Errorf("%s: number %d is shown as %g, want %g", name, i, float16.Widen(h), x)
			return
		}
	}
}

func TestMetadata(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"ggml.gguf": {
			"general.architecture": "sd", "general.name": "random", "answer": "42", "less": "-7", "scale": "0.5", "yes": "true",
			"some": "1, 2, 3", "names": "a, b", "many": "40 values", "words": "40 values", "comfy.gguf.orig_shape.flat": "2, 1, 3",
		},
		"trained.pt":         {"epoch": "3", "global_step": "470000", "pytorch-lightning_version": "1.4.2", "lr": "0.25", "count": "-5"},
		"trained2.pt":        {"epoch": "3", "global_step": "470000", "pytorch-lightning_version": "1.4.2", "lr": "0.25", "count": "-5", "pickled": "1.5"},
		"float8.safetensors": nil,
	} {
		f, err := Open(filepath.Join("testdata", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := f.Metadata(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: metadata %v, want %v", name, got, want)
		}
		f.Close()
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		file string
		keys []string
		want any
		ok   bool
	}{
		{"embedding.pt", []string{"name"}, "cat-toy", true},
		{"embedding.pt", []string{"step"}, int64(500), true},
		{"embedding.pt", []string{"sd_checkpoint"}, nil, true},
		{"embedding.pt", []string{"string_to_param", "*"}, nil, false}, // a tensor
		{"embedding.pt", []string{"none"}, nil, false},
		{"embedding.pt", []string{"name", "deeper"}, nil, false},
		{"embedding.pt", nil, nil, false},
		{"embedding_module.pt", []string{"string_to_token", "*"}, int64(265), true},
		{"hypernetwork.pt", []string{"layer_structure"}, []any{int64(1), int64(2), int64(1)}, true},
		{"hypernetwork.pt", []string{"layer_structure", "1"}, int64(2), true},
		{"hypernetwork.pt", []string{"layer_structure", "3"}, nil, false},
		{"hypernetwork.pt", []string{"is_layer_norm"}, false, true},
		{"hypernetwork.pt", []string{"320"}, nil, false},
		{"trained.pt", []string{"optimizer_states", "0", "param_groups", "0", "betas"}, []any{0.9, 0.999}, true},
		{"trained.pt", []string{"lr"}, 0.25, true},
		{"trained.pt", []string{"seen"}, []any{"a"}, true},
		{"ggml.gguf", []string{"answer"}, nil, false},
		{"ggml.gguf", nil, nil, false},
	} {
		f, err := Open(filepath.Join("testdata", c.file))
		if err != nil {
			t.Error(err)
			continue
		}
		got, ok := f.Value(c.keys...)
		if ok != c.ok || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Value(%q) = %v, %v, want %v, %v", c.file, c.keys, got, ok, c.want, c.ok)
		}
		f.Close()
	}
}

// The types of integers have their signs, and blocks of numbers beyond float16 become
// float32.
func TestAsHalvesOverflow(t *testing.T) {
	block := binary.LittleEndian.AppendUint16(nil, float16.Narrow(float16.Max))
	block = append(block, make([]byte, 32)...)
	block[2], block[3] = 2, 1
	dtype, raw := asHalves("Q8_0", block)
	x, err := Widen(raw, dtype)
	if err != nil || dtype != F32 || len(x) != 32 || x[0] != 2*float16.Max || x[1] != float16.Max || x[2] != 0 {
		t.Errorf("%s %v, %v", dtype, x, err)
	}
	binary.LittleEndian.PutUint16(block, 0x7c00) // infinite: as it is
	if dtype, raw = asHalves("Q8_0", block); dtype != F16 || !math.IsInf(float64(float16.Widen(binary.LittleEndian.Uint16(raw))), 1) {
		t.Errorf("infinity becomes %s % x", dtype, raw[:2])
	}
}
