package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Pickles by hand: each function is one value.

func pText(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func pInt(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func pTuple(items ...string) string { return "(" + strings.Join(items, "") + "t" }

func pInts(numbers ...int64) string {
	var items []string
	for _, n := range numbers {
		items = append(items, pInt(n))
	}
	return pTuple(items...)
}

func pGlobal(module, name string) string { return "c" + module + "\n" + name + "\n" }

func pCall(module, name string, args ...string) string {
	return pGlobal(module, name) + pTuple(args...) + "R"
}

func pDict(keysAndValues ...string) string { return "}(" + strings.Join(keysAndValues, "") + "u" }

func pStorage(class string, count int64) string {
	return pTuple(pText("storage"), pGlobal("torch", class), pText("0"), pText("cpu"), pInt(count)) + "Q"
}

func pTensor(count, offset int64, shape, strides string) string {
	return pCall("torch._utils", "_rebuild_tensor_v2", pStorage("FloatStorage", count), pInt(offset), shape, strides, "\x89", "N")
}

// torchOf is a torch file with a value and one storage of eight bytes.
func torchOf(value string) []byte {
	return torchFile([]byte("\x80\x02"+value+"."), map[string]string{"data/0": "\x00\x00\x80\x3f\x00\x00\x00\x40"})
}

var fineTensor = pTensor(2, 0, pInts(2), pInts(1))

// ggufPair is a key and a value of a type.
func ggufPair(key string, kind uint32, value string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(key)))
	return append(binary.LittleEndian.AppendUint32(append(b, key...), kind), value...)
}

// ggufOf is a GGUF file with tensors that are all described alike.
func ggufOf(x ggufTensor, data int, names ...string) []byte {
	return ggufFile(3, nil, names, func(string) ggufTensor { return x }, data)
}

func le32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
func le64(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// zipOf is a zip archive with empty records.
func zipOf(t *testing.T, method uint16, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		r, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = r.Write([]byte("\x80\x02}."))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// changed is b with what is at its first old replaced.
func changed(t *testing.T, b []byte, from, to string) []byte {
	t.Helper()
	if !bytes.Contains(b, []byte(from)) {
		t.Fatalf("there is no %q to change", from)
	}
	return bytes.Replace(b, []byte(from), []byte(to), 1)
}

func testFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// whatToDo is in every sentence about a file that can't be read.
var whatToDo = regexp.MustCompile(`download|get the model|choose|unpack|save the model|save it again|convert the model|run ` + "`")

// Files that people have, or that somebody made to do harm, are refused in words that
// help, and without the memory they ask for.
func TestDamagedFiles(t *testing.T) {
	fine := torchOf(pDict(pText("w"), fineTensor))
	legacy := testFile(t, "legacy4.pt")
	blocks := testFile(t, "ggml.gguf")
	f32 := func(dims ...uint64) ggufTensor { return ggufTensor{dims: dims} }
	head := "GGUF" + le32(3)

	encrypted := bytes.Clone(fine)
	encrypted[bytes.LastIndex(encrypted, []byte("PK\x01\x02"))+8] |= 1 // the flags of the last record in the list

	elsewhere := bytes.Clone(fine)
	elsewhere[bytes.LastIndex(elsewhere, []byte("PK\x03\x04"))+3] = 5

	laughs := pDict(pText("w"), fineTensor) + "q\x00"
	for range 40 { // each holds the one before twice
		laughs = laughs + "0}" + "(" + pText("a") + "h\x00" + pText("b") + "h\x00" + "uq\x00"
	}

	cases := []struct {
		name string
		b    []byte
		want string
	}{
		// other files
		{"empty", nil, "it is 0 bytes long"},
		{"three bytes", []byte("abc"), "it is 3 bytes long"},
		{"zeros", make([]byte, 4096), "begins with zeros only, as an interrupted download does"},
		{"page.safetensors", []byte("\n<!DOCTYPE html><html><head><title>Sign in"), "looks like a web page"},
		{"pointer.safetensors", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4265146304\n"), "run `git lfs pull`"},
		{"config.json", []byte(`{"_class_name": "StableDiffusionPipeline"}`), "plain JSON"},
		{"answer.json", []byte(`{"error":"Access to model is restricted"}`), "plain JSON"},
		{"keras", []byte("\x89HDF\r\n\x1a\n\x00\x00"), "a Keras (HDF5) file"},
		{"gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00"), "a gzip archive, not like a model: unpack it first"},
		{"7z", []byte("7z\xbc\xaf\x27\x1c\x00\x04"), "a 7z archive"},
		{"rar", []byte("Rar!\x1a\x07\x01\x00"), "a RAR archive"},
		{"preview.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "choose the model's file, not its preview"},
		{"old ggml", []byte("lmgg\x01\x00\x00\x00\x00"), "GGML, which GGUF has replaced"},
		{"tar", append(append(bytes.Repeat([]byte("a"), 257), "ustar"...), make([]byte, 300)...), "a tar archive"},
		{"text", []byte("Please see the licence before you use this model."), "neither safetensors, GGUF nor a PyTorch file"},

		// GGUF
		{"gguf, cut in the magic", []byte("GGUF"), "ends at byte 4, inside of the description"},
		{"gguf, cut in the description", blocks[:700], "ends at byte 700, inside of the description"},
		{"gguf, cut in the data", blocks[:len(blocks)-40], "download it again"},
		{"gguf 1", []byte("GGUF" + le32(1) + le64(0) + le64(0)), "GGUF of version 1"},
		{"gguf 9", []byte("GGUF" + le32(9) + le64(0) + le64(0)), "GGUF of version 9"},
		{"gguf, big-endian", []byte("GGUF\x00\x00\x00\x03" + le64(0) + le64(0)), "in big-endian order"},
		{"gguf, endless tensors", []byte(head + le64(1<<63) + le64(0)), "cut short or damaged"},
		{"gguf, endless pairs", []byte(head + le64(0) + le64(1<<40)), "cut short or damaged"},
		{"gguf, endless key", []byte(head + le64(0) + le64(1) + le64(1<<62) + "key" + strings.Repeat(" ", 20)), "cut short or damaged"},
		{"gguf, endless array", ggufFile(3, [][]byte{ggufPair("a", ggufArray, le32(ggufUint64)+le64(1<<61))}, nil, nil, 64), "cut short or damaged"},
		{"gguf, deep arrays", ggufFile(3, [][]byte{ggufPair("a", ggufArray, strings.Repeat(le32(ggufArray)+le64(1), 9))}, nil, nil, 64), "arrays of arrays of arrays"},
		{"gguf, odd value", ggufFile(3, [][]byte{ggufPair("a", 99, "abcdefgh")}, nil, nil, 64), "a value of type 99"},
		{"gguf, key twice", ggufFile(3, [][]byte{ggufPair("a", ggufUint8, "1"), ggufPair("a", ggufUint8, "2")}, nil, nil, 64), `its metadata has "a" twice`},
		{"gguf, alignment", ggufFile(3, [][]byte{ggufPair("general.alignment", ggufUint32, le32(33))}, nil, nil, 64), "general.alignment is 33"},
		{"gguf, no alignment", ggufFile(3, [][]byte{ggufPair("general.alignment", ggufArray, le32(ggufUint32)+le64(0))}, []string{"w"}, func(string) ggufTensor { return f32(32) }, 64), "but tensor \"w\" needs"},
		{"gguf, split", ggufFile(3, [][]byte{ggufPair("split.count", ggufUint16, "\x03\x00")}, nil, nil, 64), "one of 3 files that a model is split into"},
		{"gguf, IQ2_XS", ggufOf(ggufTensor{dims: []uint64{256}, kind: 17}, 128, "w"), `tensor "w": it is stored as IQ2_XS, which can't be read: get the model as Q8_0`},
		{"gguf, type 77", ggufOf(ggufTensor{dims: []uint64{256}, kind: 77}, 128, "w"), "of ggml's type 77"},
		{"gguf, no blocks", ggufOf(ggufTensor{dims: []uint64{100}, kind: 8}, 128, "w"), "shape [100] can't be made of blocks of 32 numbers"},
		{"gguf, huge", ggufOf(f32(1<<40, 1<<40), 128, "w"), "is impossible"},
		{"gguf, negative", ggufOf(f32(1<<63), 128, "w"), "is impossible"},
		{"gguf, too large", ggufOf(f32(1<<40), 128, "w"), "but tensor \"w\" needs"},
		{"gguf, endless axes", append([]byte(head+le64(1)+le64(0)+le64(1)+"w"+le32(1<<31)), make([]byte, 64)...), "cut short or damaged"},
		{"gguf, overlap", ggufOf(f32(8), 128, "v", "w"), `tensor "w" begins inside "v"`},
		{"gguf, between", ggufOf(ggufTensor{dims: []uint64{2}, offset: 4}, 128, "w"), "no multiple of 32"},
		{"gguf, far", ggufOf(ggufTensor{dims: []uint64{2}, offset: 1 << 63}, 128, "w"), "beyond any file"},
		{"gguf, twice", ggufOf(f32(2), 128, "w", "w"), `tensor "w": it occurs twice`},

		// zip
		{"zip, cut short", fine[:len(fine)-30], "its list of contents, at the end of the file, can't be read"},
		{"zip, only begun", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00archive/data.pkl"), "cut short or damaged"},
		{"zip with a model", zipOf(t, zip.Store, "read me.txt", "models/cat.safetensors"), `a zip archive with "models/cat.safetensors" in it: unpack it`},
		{"zip with a folder", zipOf(t, zip.Deflate, "sd/model_index.json", "sd/unet/config.json"), "a zip archive with a model folder in it"},
		{"zip of something else", zipOf(t, zip.Deflate, "[Content_Types].xml", "word/document.xml"), "a zip archive of something else"},
		{"zip, compressed", zipOf(t, zip.Deflate, "archive/data.pkl"), `record "archive/data.pkl" is compressed`},
		{"zip, encrypted", encrypted, "is encrypted"},
		{"zip, twice", zipOf(t, zip.Store, "archive/data.pkl", "archive/data.pkl"), `two records "archive/data.pkl"`},
		{"zip, two models", zipOf(t, zip.Store, "a/data.pkl", "b/data.pkl"), "a zip archive of something else"},
		{"zip, a program", zipOf(t, zip.Store, "m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"), "a TorchScript program"},
		{"zip, a record elsewhere", elsewhere, `record "archive/data/0" is not where the list of contents says`},
		{"zip, no storage", torchFile([]byte("\x80\x02"+pDict(pText("w"), fineTensor)+"."), nil), `tensor "w": it has no record "archive/data/0"`},
		{"zip, short storage", torchFile([]byte("\x80\x02"+pDict(pText("w"), fineTensor)+"."), map[string]string{"data/0": "1234567"}), "its storage has 7 bytes, and 2 numbers of F32 were announced"},
		{"zip, order of bytes", torchFile([]byte("\x80\x02"+pDict(pText("w"), fineTensor)+"."), map[string]string{"byteorder": "middle"}), `its byteorder is "middle"`},

		// pickles
		{"pickle, os.system", torchOf(pDict(pText("w"), fineTensor, pText("x"), pCall("posix", "system", pText("rm -rf ~")))), `its pickle asks for "posix.system"`},
		{"pickle, eval", torchOf(pCall("__builtin__", "eval", pText("1"))), `its pickle asks for "__builtin__.eval"`},
		{"pickle, a name from the stack", torchOf(pText("builtins") + pText("exec") + "\x93" + pTuple(pText("1")) + "R"), `its pickle asks for "builtins.exec"`},
		{"pickle, a part of torch", torchOf(pCall("torch.hub", "load", pText("x"))), `its pickle asks for "torch.hub.load"`},
		{"pickle, INST", torchOf("(" + pText("ls") + "ios\nsystem\n"), "has the opcode 0x69"},
		{"pickle, EXT1", torchOf("\x82\x01"), "has the opcode 0x82"},
		{"pickle, protocol", torchOf("\x80\x09}"), "of protocol 9"},
		{"pickle, cut short", torchFile([]byte("\x80\x02}"+pText("wei")[:6]), nil), "its pickle is cut short"},
		{"pickle, endless text", torchOf("\x8d" + le64(1<<62) + "abc"), "its pickle is cut short"},
		{"pickle, endless bytes", torchOf("\x8e" + le64(1<<40) + "abc"), "its pickle is cut short"},
		{"pickle, nothing on the stack", torchOf("\x85"), "its pickle is damaged"},
		{"pickle, no mark", torchOf("u"), "its pickle is damaged"},
		{"pickle, no such memory", torchOf("h\x07"), "its pickle is damaged"},
		{"pickle, calls a number", torchOf(pInt(1) + ")R"), "its pickle is damaged"},
		{"pickle, no storage", torchOf(pTuple(pText("module")) + "Q"), "its pickle is damaged"},
		{"pickle, a list", torchOf("]"), "it holds no tensors"},
		{"pickle, a text", torchOf(pText("hello")), "holds no dictionary of tensors"},
		{"pickle, no tensors", torchOf(pDict(pText("epoch"), pInt(3))), "it holds no tensors"},
		{"pickle, holds itself", torchOf("}q\x00" + pText("a") + "h\x00s"), "holds itself"},
		{"pickle, doubling", torchOf(laughs), "holds itself, or nests more than 12 deep"},
		{"pickle, one text again and again", torchOf(pText(strings.Repeat("é", 5000)) + "q\x00" + strings.Repeat("0c_codecs\nencode\n(h\x00tR", 10000)), "its pickle is damaged"},
		{"pickle, one list again and again", torchOf("](" + strings.Repeat("N", 5000) + "eq\x00" + strings.Repeat("0ccollections\nOrderedDict\n(h\x00tR", 10000)), "its pickle is damaged"},
		{"pickle, one name again and again", torchOf(pDict(pText(strings.Repeat("n", 20000)), pDict(manyNames(5000)...))), "longer than the file"},
		{"pickle, two of a name", torchOf(pDict(pText("a.b"), fineTensor, pText("a"), pDict(pText("b"), fineTensor))), `two tensors called "a.b"`},
		{"pickle, 65 axes", torchOf(pDict(pText("w"), pTensor(2, 0, pInts(make([]int64, 65)...), pInts(make([]int64, 65)...)))), "its pickle is damaged"},
		{"pickle, endless", torchOf(strings.Repeat("N0", maxSteps/2) + "}"), "has more than 2097152 steps"},
		{"tensor, expanded", torchOf(pDict(pText("w"), pTensor(2, 0, pInts(1<<40, 1<<20), pInts(0, 0)))), "has more numbers than the 2 of its storage"},
		{"tensor, outside", torchOf(pDict(pText("w"), pTensor(2, 1, pInts(2), pInts(1)))), "is not inside its storage of 8 bytes"},
		{"tensor, far outside", torchOf(pDict(pText("w"), pTensor(2, 1<<62, pInts(2), pInts(1)))), "is not inside its storage"},
		{"tensor, before", torchOf(pDict(pText("w"), pTensor(2, -1, pInts(2), pInts(1)))), "is not inside its storage"},
		{"tensor, backwards", torchOf(pDict(pText("w"), pTensor(2, 1, pInts(2), pInts(-1)))), "is not inside its storage"},
		{"tensor, wide steps", torchOf(pDict(pText("w"), pTensor(2, 0, pInts(2), pInts(1<<62)))), "is not inside its storage"},
		{"tensor, strides", torchOf(pDict(pText("w"), pTensor(2, 0, pInts(2), pInts(1, 1)))), "is not inside its storage"},
		{"tensor, negative", torchOf(pDict(pText("w"), pTensor(2, 0, pInts(-2), pInts(1)))), "is not inside its storage"},

		// older torch files
		{"legacy, another pickle", []byte("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94."), "a Python pickle that PyTorch did not write"},
		{"legacy, cut in the pickle", legacy[:200], "its pickle is cut short"},
		{"legacy, cut in the data", legacy[:len(legacy)-1], "is cut short, download it again"},
		{"legacy, cut before the data", legacy[:len(legacy)-140], "download"},
		{"legacy, version", changed(t, legacy, "M\xe9\x03.", "M\xea\x03."), "of version 1002 of PyTorch's older format"},
		{"legacy, big-endian", changed(t, legacy, "little_endian\x94\x88", "little_endian\x94\x89"), "big-endian numbers"},
		{"legacy, refused", changed(t, legacy, "_rebuild_tensor_v2", "_rebuild_tensor_vX"), `asks for "torch._utils._rebuild_tensor_vX"`},
	}
	for _, c := range cases {
		before := allocated()
		f, err := OpenBytes(c.name, c.b)
		if used := allocated() - before; used > uint64(len(c.b))*perByte+1<<20 {
			t.Errorf("%s: opening %d bytes took %d", c.name, len(c.b), used)
		}
		if f != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.name+": ") {
			t.Errorf("%s: error %v, want one about the file that says %q", c.name, err, c.want)
		} else if !whatToDo.MatchString(err.Error()) {
			t.Errorf("%s: error %q does not say what to do", c.name, err)
		}
	}
	t.Logf("%d files", len(cases))
}

// manyNames are n keys, each with the tensor that the memo has at 9.
func manyNames(n int) []string {
	items := []string{pText("first"), fineTensor + "q\x09"}
	for i := range n {
		items = append(items, pText(string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))), "h\x09")
	}
	return items
}

// What is refused above is refused for one reason: without it, the file can be read.
func TestFineFiles(t *testing.T) {
	for name, b := range map[string][]byte{
		"zip":             torchOf(pDict(pText("w"), fineTensor)),
		"stored by hand":  torchOf(pDict(pText("deep"), "]("+pDict(pText("w"), fineTensor)+"e")),
		"gguf":            ggufOf(ggufTensor{dims: []uint64{2}}, 32, "w"),
		"gguf, alignment": ggufFile(2, [][]byte{ggufPair("general.alignment", ggufUint32, le32(8))}, []string{"w"}, func(string) ggufTensor { return ggufTensor{dims: []uint64{2}, offset: 8} }, 64),
		"legacy":          testFile(t, "legacy4.pt"),
		"big-endian": torchFile([]byte("\x80\x02"+pDict(pText("w"), fineTensor)+"."),
			map[string]string{"byteorder": "big", "data/0": "\x3f\x80\x00\x00\x40\x00\x00\x00"}),
	} {
		f, err := OpenBytes(name, b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x, err := f.Float32(f.Names()[0])
		if err != nil || len(x) < 2 {
			t.Errorf("%s: %v, %v", name, x, err)
		}
		if name == "zip" || name == "big-endian" {
			if x[0] != 1 || x[1] != 2 {
				t.Errorf("%s: %v, want 1, 2", name, x)
			}
		}
	}
}
