package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// torchZip is a file of torch.save since PyTorch 1.6: a zip archive whose records lie
// in it as they are, in one folder: data.pkl, a pickle, and in data/ the numbers of
// each storage by its key.
type torchZip struct {
	source  source
	folder  string
	records map[string]*zip.File
}

func readTorch(s source) (*contents, error) {
	z, err := openTorchZip(s)
	if err != nil {
		return nil, err
	}
	var root any
	begin, end, err := z.span(z.folder + "data.pkl")
	if err != nil {
		return nil, err
	}
	if end-begin > maxDescription {
		return nil, fmt.Errorf("its data.pkl is %d bytes long, and %d is the limit: get the model as safetensors (%w)", end-begin, maxDescription, errors.ErrUnsupported)
	}
	if e := s.with(begin, end, func(raw []byte) { root, _, err = newMachine(raw).run() }); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	bigEndian, err := z.bigEndian()
	if err != nil {
		return nil, err
	}
	return torchContents(root, s, bigEndian, func(st *storage) (begin, end int64, err error) {
		return z.span(z.folder + "data/" + st.key)
	})
}

func openTorchZip(s source) (*torchZip, error) {
	archive, err := zip.NewReader(sourceReader{s}, s.size())
	if err != nil {
		return nil, fmt.Errorf("its list of contents, at the end of the file, can't be read (%w): the file is cut short or damaged, download it again", err)
	}
	z := &torchZip{source: s, records: map[string]*zip.File{}}
	var pickles []string
	for _, f := range archive.File {
		if _, twice := z.records[f.Name]; twice {
			return nil, fmt.Errorf("it has two records %.200q: the file is damaged, download it again", f.Name)
		}
		z.records[f.Name] = f
		if folder, name := path.Split(f.Name); name == "data.pkl" && strings.Count(folder, "/") == 1 {
			pickles = append(pickles, folder)
		}
	}
	if len(pickles) != 1 {
		return nil, otherZip(archive)
	}
	z.folder = pickles[0]
	if _, script := z.records[z.folder+"constants.pkl"]; script {
		return nil, fmt.Errorf("this is a TorchScript program, not a model's weights: get the model as safetensors (%w)", errors.ErrUnsupported)
	}
	return z, nil
}

// otherZip says what a zip archive is that torch.save didn't write.
func otherZip(archive *zip.Reader) error {
	for _, f := range archive.File {
		switch name := path.Base(f.Name); {
		case slices.Contains([]string{".safetensors", ".ckpt", ".pt", ".pth", ".gguf", ".bin"}, path.Ext(name)):
			return fmt.Errorf("this is a zip archive with %.200q in it: unpack it and choose that file (%w)", f.Name, errors.ErrUnsupported)
		case name == indexFile:
			return fmt.Errorf("this is a zip archive with a model folder in it: unpack it and choose the folder (%w)", errors.ErrUnsupported)
		}
	}
	return fmt.Errorf("this is a zip archive of something else, not a model: choose a .safetensors, .ckpt or .gguf file (%w)", errors.ErrUnsupported)
}

// span is where a record's bytes lie in the file.
func (z *torchZip) span(name string) (begin, end int64, err error) {
	f, ok := z.records[name]
	if !ok {
		return 0, 0, fmt.Errorf("it has no record %.200q: the file is damaged, download it again", name)
	}
	const encrypted = 1
	switch {
	case f.Flags&encrypted != 0:
		return 0, 0, fmt.Errorf("its record %.200q is encrypted: unpack the archive with its password (%w)", name, errors.ErrUnsupported)
	case f.Method != zip.Store:
		return 0, 0, fmt.Errorf("its record %.200q is compressed, as PyTorch never does: open the file with PyTorch and save it again, or get the model as safetensors (%w)", name, errors.ErrUnsupported)
	}
	begin, err = f.DataOffset()
	size := z.source.size()
	if err != nil || begin < 0 || begin > size || f.UncompressedSize64 > uint64(size-begin) || f.CompressedSize64 != f.UncompressedSize64 {
		return 0, 0, fmt.Errorf("its record %.200q is not where the list of contents says: the file is damaged, download it again", name)
	}
	return begin, begin + int64(f.UncompressedSize64), nil
}

// bigEndian tells the order of bytes in numbers; files older than the record have
// none.
func (z *torchZip) bigEndian() (bool, error) {
	if _, ok := z.records[z.folder+"byteorder"]; !ok {
		return false, nil
	}
	begin, end, err := z.span(z.folder + "byteorder")
	if err != nil {
		return false, err
	}
	order, err := take(z.source, begin, min(end, begin+16))
	switch {
	case err != nil:
		return false, err
	case string(order) == "little":
		return false, nil
	case string(order) == "big":
		return true, nil
	}
	return false, fmt.Errorf("its byteorder is %q, want little or big: the file is damaged, download it again", order)
}

// sourceReader is a source for package zip.
type sourceReader struct{ source }

func (r sourceReader) ReadAt(p []byte, off int64) (n int, err error) {
	size := r.size()
	if off < 0 || off >= size {
		return 0, io.EOF
	}
	err = r.with(off, min(off+int64(len(p)), size), func(raw []byte) { n = copy(p, raw) })
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// torchContents finds the tensors in a pickle's value and their numbers by span, which
// says where in the source a storage lies.
func torchContents(root any, s source, bigEndian bool, span func(*storage) (begin, end int64, err error)) (*contents, error) {
	c := &contents{tensors: map[string]entry{}, metadata: map[string]string{}, values: root}
	top, ok := root.(*dict)
	if !ok {
		if _, ok := root.(*list); !ok {
			return nil, fmt.Errorf("its pickle holds no dictionary of tensors: it is no model; choose a .safetensors, .ckpt or .gguf file (%w)", errors.ErrUnsupported)
		}
	} else {
		for key, v := range top.items {
			if text, ok := plainText(v); ok {
				c.metadata[key] = text
			}
		}
		if weights, ok := top.items["state_dict"].(*dict); ok { // of a trainer's file, beside its own state
			root = weights
		}
	}
	f := finder{tensors: map[string]*tensor{}, room: s.size()}
	if err := f.find("", root, 0); err != nil {
		return nil, err
	}
	if len(f.tensors) == 0 {
		return nil, fmt.Errorf("it holds no tensors: it is no model; choose a .safetensors, .ckpt or .gguf file (%w)", errors.ErrUnsupported)
	}
	for _, name := range slices.Sorted(maps.Keys(f.tensors)) {
		t := f.tensors[name]
		begin, end, err := span(t.storage)
		if err == nil {
			c.tensors[name], err = t.in(s, begin, end, bigEndian)
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %.200q: %w", name, err)
		}
	}
	return c, nil
}

// in is the tensor with its storage at bytes [begin, end) of the source.
func (t *tensor) in(s source, begin, end int64, bigEndian bool) (entry, error) {
	if own := layouts[t.storage.dtype]; t.storage.count > (end-begin)/int64(own.bytes) {
		return entry{}, fmt.Errorf("its storage has %d bytes, and %d numbers of %s were announced: the file is damaged, download it again",
			end-begin, t.storage.count, t.storage.dtype)
	}
	l := layouts[t.dtype]
	from, to, err := l.place(t.shape, t.strides, t.offset, end-begin)
	if err != nil {
		return entry{}, err
	}
	shape, strides := make([]int, len(t.shape)), make([]int, len(t.shape))
	for i := range shape {
		shape[i], strides[i] = int(t.shape[i]), int(t.strides[i])
	}
	e := entry{dtype: t.dtype, shape: shape, source: s, begin: begin + from, end: begin + to}
	swapped := bigEndian && l.bytes > 1
	if to > from && (swapped || !contiguous(shape, strides)) {
		e.view = &view{strides, swapped}
	}
	return e, nil
}

// finder collects the tensors of nested dictionaries and lists, by their keys with
// dots between.
type finder struct {
	tensors map[string]*tensor
	room    int64 // bytes that names may still have: as many as the file
	visits  int
}

// maxDepth is how deep tensors may be nested: thrice of what there is.
const maxDepth = 12

func (f *finder) find(name string, v any, depth int) error {
	f.visits++
	f.room -= int64(len(name))
	if depth > maxDepth || f.visits > maxSteps || f.room < 0 {
		return fmt.Errorf("its pickle holds itself, or nests more than %d deep: get the model as safetensors (%w)", maxDepth, errors.ErrUnsupported)
	}
	if name != "" {
		name += "."
	}
	each := func(key string, item any) error {
		switch t := item.(type) {
		case *tensor:
			if f.room -= int64(len(name) + len(key)); f.room < 0 {
				return errors.New("its tensors' names are longer than the file: it is damaged, download it again")
			}
			if _, twice := f.tensors[name+key]; twice {
				return fmt.Errorf("it has two tensors called %.200q: get the model as safetensors (%w)", name+key, errors.ErrUnsupported)
			}
			f.tensors[name+key] = t
		case *dict, *list:
			return f.find(name+key, item, depth+1)
		}
		return nil
	}
	switch node := v.(type) {
	case *dict:
		for key, item := range node.items {
			if err := each(key, item); err != nil {
				return err
			}
		}
	case *list:
		for i, item := range node.items {
			if err := each(strconv.Itoa(i), item); err != nil {
				return err
			}
		}
	}
	return nil
}

// Value looks up what a torch file holds beside its tensors, by the keys on the way
// to it, as in Value("string_to_token", "*"); positions in a list count from "0". It
// is nil, a bool, int64, float64, string or []byte or, of a list of such values, []any;
// false if there is nothing of that kind, as in files of other formats. With
// Value(key) and Names, which has the ways to the tensors with dots between the keys,
// an embedding or a hypernetwork can be read.
func (f *File) Value(keys ...string) (any, bool) {
	v := f.values
	for _, key := range keys {
		switch node := v.(type) {
		case *dict:
			v = node.items[key]
			if _, ok := node.items[key]; !ok {
				return nil, false
			}
		case *list:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(node.items) {
				return nil, false
			}
			v = node.items[i]
		default:
			return nil, false
		}
	}
	l, ok := v.(*list)
	if !ok {
		return v, plain(v) && f.values != nil
	}
	all := make([]any, len(l.items))
	for i, item := range l.items {
		if !plain(item) {
			return nil, false
		}
		all[i] = item
	}
	return all, true
}

func plain(v any) bool {
	switch v.(type) {
	case nil, bool, int64, float64, string, []byte:
		return true
	}
	return false
}

// plainText is a single value as text.
func plainText(v any) (string, bool) {
	switch v.(type) {
	case bool, int64, float64, string:
		return fmt.Sprint(v), true
	}
	return "", false
}
