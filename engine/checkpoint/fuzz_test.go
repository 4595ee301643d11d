package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"
	"testing/fstest"
)

// allocated is the bytes that were allocated so far, freed or not.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// perByte is what a description's byte may take in memory, as the shortest opcodes
// do, and slack what the test itself and the standard library take for any file.
const (
	perByte = 200
	slack   = 4 << 20
)

// openFuzzed opens bytes, which must neither panic nor take more memory than a file of
// that size can need, and reads each of the tensors.
func openFuzzed(t *testing.T, b []byte, open func([]byte) (*File, error)) {
	before := allocated()
	f, err := open(b)
	if used := allocated() - before; used > uint64(len(b))*perByte+slack {
		t.Errorf("opening %d bytes took %d", len(b), used)
	}
	if err != nil {
		return
	}
	defer f.Close()
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		d, _ := f.DType(name)
		n := product(shape)
		if d.Bytes(n) > int64(len(b)) {
			t.Fatalf("tensor %q of shape %v and type %s is larger than the %d bytes of the file", name, shape, d, len(b))
		}
		x, err := f.Float32(name)
		if err == nil && len(x) != n {
			t.Errorf("tensor %q of shape %v gives %d numbers", name, shape, len(x))
		}
		if rawErr := f.Raw(name, func(t DType, raw []byte) error { return nil }); err == nil && rawErr != nil {
			t.Errorf("tensor %q: %v", name, rawErr)
		}
	}
}

func openUnnamed(b []byte) (*File, error) { return OpenBytes("fuzz", b) }

// addFiles adds the small files of a pattern in testdata.
func addFiles(f *testing.F, pattern string) {
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no %s: %v", pattern, err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzSafetensors(f *testing.F) {
	addFiles(f, "*.safetensors")
	f.Add(file(twoTensors, 26))
	f.Add(file(`{"w":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}`, 0))
	f.Add(file(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		openFuzzed(t, b, openUnnamed)
		// a header with the right length, so that what changes is JSON
		openFuzzed(t, append(binary.LittleEndian.AppendUint64(nil, uint64(len(b))), b...), openUnnamed)
	})
}

func FuzzGGUF(f *testing.F) {
	addFiles(f, "*.gguf")
	f.Add(ggufFile(3, nil, []string{"w"}, func(string) ggufTensor { return ggufTensor{dims: []uint64{2}, kind: 0} }, 8))
	f.Fuzz(func(t *testing.T, b []byte) { openFuzzed(t, b, openUnnamed) })
}

// FuzzZip changes the container of a torch file.
func FuzzZip(f *testing.F) {
	addFiles(f, "[ept]*.pt")
	f.Fuzz(func(t *testing.T, b []byte) { openFuzzed(t, b, openUnnamed) })
}

func FuzzLegacyTorch(f *testing.F) {
	addFiles(f, "legacy*.pt")
	f.Fuzz(func(t *testing.T, b []byte) { openFuzzed(t, b, openUnnamed) })
}

// FuzzPickle changes the pickle in a torch file whose container is fine.
func FuzzPickle(f *testing.F) {
	paths, err := filepath.Glob("testdata/[eplt]*.pt")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		if z, err := zip.OpenReader(path); err == nil {
			b, err := z.Open(z.File[0].Name)
			if err != nil {
				f.Fatal(err)
			}
			var pickle bytes.Buffer
			if _, err := pickle.ReadFrom(b); err != nil {
				f.Fatal(err)
			}
			f.Add(pickle.Bytes())
			z.Close()
		}
	}
	f.Fuzz(func(t *testing.T, pickle []byte) {
		openFuzzed(t, torchFile(pickle, map[string]string{"data/0": "0123456789abcdef0123456789abcdef", "data/1": "01234567"}), openUnnamed)
	})
}

// FuzzFolder changes a folder's JSON: the index of the files its weights are split
// into and the configurations.
func FuzzFolder(f *testing.F) {
	one := file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)
	two := file(`{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
	f.Add([]byte(`{"metadata":{"total_size":12},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":"../one.safetensors","b":5}}`))
	f.Add([]byte(`{"_class_name":"StableDiffusionPipeline","unet":["diffusers","UNet2DConditionModel"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		folder, err := OpenFS(fstest.MapFS{
			"model_index.json": {Data: []byte(`{}`)},
			"unet/diffusion_pytorch_model.safetensors.index.json": {Data: b},
			"unet/one.safetensors":                                {Data: one},
			"unet/two.safetensors":                                {Data: two},
			"unet/config.json":                                    {Data: b},
		}, "fuzz")
		if err != nil {
			t.Fatal(err)
		}
		openFuzzed(t, bytes.Join([][]byte{b, one, two}, nil), func([]byte) (*File, error) { return folder.Weights("unet") })
		var config map[string]any
		_ = folder.Config("unet", &config)
		_, _ = OpenFS(fstest.MapFS{"model_index.json": {Data: b}}, "fuzz")
	})
}

// torchFile is a zip archive as torch.save lays it out.
func torchFile(pickle []byte, others map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(name string, data []byte) {
		r, err := w.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
		if err == nil {
			_, err = r.Write(data)
		}
		if err != nil {
			panic(err)
		}
	}
	add("data.pkl", pickle)
	for name, data := range others {
		add(name, []byte(data))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type ggufTensor struct {
	dims   []uint64
	kind   uint32
	offset uint64
}

// ggufFile is a GGUF file with pairs as they are and data of a size.
func ggufFile(version uint32, pairs [][]byte, names []string, describe func(string) ggufTensor, data int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("GGUF"), version)
	b = le.AppendUint64(b, uint64(len(names)))
	b = le.AppendUint64(b, uint64(len(pairs)))
	for _, p := range pairs {
		b = append(b, p...)
	}
	for _, name := range names {
		x := describe(name)
		b = append(le.AppendUint64(b, uint64(len(name))), name...)
		b = le.AppendUint32(b, uint32(len(x.dims)))
		for _, d := range x.dims {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint64(le.AppendUint32(b, x.kind), x.offset)
	}
	for len(b)%32 != 0 {
		b = append(b, 0)
	}
	return append(b, make([]byte, data)...)
}
