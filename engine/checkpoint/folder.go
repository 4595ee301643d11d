package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// indexFile is what makes a folder a model folder.
const indexFile = "model_index.json"

// weightFiles are the names diffusers and transformers give a part's weights, or the
// index of the files these are split into, in the order in which they are tried:
// safetensors first, then full precision.
var weightFiles = func() (names []string) {
	for _, format := range []struct {
		ext   string
		stems []string
	}{
		{".safetensors", []string{"diffusion_pytorch_model", "model"}},
		{".bin", []string{"diffusion_pytorch_model", "pytorch_model"}},
	} {
		for _, variant := range []string{"", ".fp16"} {
			for _, stem := range format.stems {
				names = append(names, stem+variant+format.ext, stem+format.ext+".index"+variant+".json")
			}
		}
	}
	return names
}()

// Folder is a whole pipeline as diffusers lays it out: model_index.json and one
// folder for each part (unet, vae, text_encoder, tokenizer, scheduler) with its
// configuration and its weights.
type Folder struct {
	name string
	root string // on the disk, so that weights can be mapped; "" when embedded
	fsys fs.FS
}

// OpenFolder opens the model folder at path.
func OpenFolder(path string) (*Folder, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the model folder %s does not exist: choose a folder that holds %s (%w)", path, indexFile, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("the model folder %s can't be opened: %w", path, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file: choose the folder that holds %s, with the folders unet, vae and text_encoder in it", path, indexFile)
	}
	f := &Folder{name: path, root: path, fsys: os.DirFS(path)}
	if err := f.check(); err != nil {
		if _, parent := os.Stat(filepath.Join(path, "..", indexFile)); errors.Is(err, fs.ErrNotExist) && parent == nil {
			return nil, fmt.Errorf("%s is one part of a model: choose the folder it lies in (%w)", path, fs.ErrNotExist)
		}
		return nil, err
	}
	return f, nil
}

// OpenFS opens a model folder in any file system, such as one embedded in the
// program; name stands for it in errors.
func OpenFS(fsys fs.FS, name string) (*Folder, error) {
	f := &Folder{name: name, fsys: fsys}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Folder) check() error {
	var index map[string]any
	err := f.json(indexFile, &index)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s holds no %s: choose a model folder in diffusers' layout (%w)", f.name, indexFile, fs.ErrNotExist)
	}
	return err
}

// Name is the path, or the name, the folder was opened by.
func (f *Folder) Name() string { return f.name }

// ReadFile reads a file by its path in the folder, with forward slashes.
func (f *Folder) ReadFile(rel string) ([]byte, error) {
	b, err := fs.ReadFile(f.fsys, rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the model folder %s holds no %s: download the whole folder again (%w)", f.name, rel, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("the model folder %s: reading %s: %w", f.name, rel, err)
	}
	return b, nil
}

// Config reads a part's configuration, for the scheduler and the tokenizer the
// file named after them, else config.json, into the value that into points to.
func (f *Folder) Config(part string, into any) error {
	own := path.Join(part, part+"_config.json")
	if _, err := fs.Stat(f.fsys, own); err == nil {
		return f.json(own, into)
	}
	return f.json(path.Join(part, "config.json"), into)
}

// Index reads model_index.json into the value that into points to.
func (f *Folder) Index(into any) error { return f.json(indexFile, into) }

func (f *Folder) json(rel string, into any) error {
	b, err := f.ReadFile(rel)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("the model folder %s: %s is not the JSON it should be (%w): download it again", f.name, rel, err)
	}
	return nil
}

// Weights opens a part's weights, in one file or several. The caller closes the File.
func (f *Folder) Weights(part string) (*File, error) {
	for _, name := range weightFiles {
		rel := path.Join(part, name)
		switch _, err := fs.Stat(f.fsys, rel); {
		case errors.Is(err, fs.ErrNotExist):
		case path.Ext(name) == ".json":
			return f.split(rel)
		default:
			return f.open(rel)
		}
	}
	return nil, f.noWeights(part)
}

// open opens one file with weights.
func (f *Folder) open(rel string) (*File, error) {
	if f.root != "" {
		return Open(filepath.Join(f.root, filepath.FromSlash(rel)))
	}
	return openIn(f.fsys, rel, path.Join(f.name, rel))
}

// split opens the files that an index names, which lie in its folder.
func (f *Folder) split(index string) (*File, error) {
	var content struct {
		Files map[string]string `json:"weight_map"` // of each tensor
	}
	if err := f.json(index, &content); err != nil {
		return nil, err
	}
	name := path.Join(f.name, index)
	if len(content.Files) == 0 {
		return nil, fmt.Errorf("%s names no files: download it again", name)
	}
	var parts []*File
	give := func(err error) (*File, error) {
		for _, p := range parts {
			p.Close()
		}
		return nil, err
	}
	for _, file := range slices.Compact(slices.Sorted(maps.Values(content.Files))) {
		if !fs.ValidPath(file) || strings.ContainsAny(file, `\:`) {
			return give(fmt.Errorf("%s names the file %.200q, which does not lie in its folder: download the folder from a source you trust", name, file))
		}
		part, err := f.open(path.Join(path.Dir(index), file))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the model folder %s lacks %s, one of the files its weights are split into: download that file too (%w)",
				f.name, path.Join(path.Dir(index), file), fs.ErrNotExist)
		}
		if err != nil {
			return give(err)
		}
		parts = append(parts, part)
	}
	all, err := join(name, parts)
	if err != nil {
		return nil, err
	}
	for tensor, file := range content.Files {
		if !all.Has(tensor) {
			all.Close()
			return nil, fmt.Errorf("%s says that tensor %.200q is in %s, where it is not: the files belong to different models, download the folder again", name, tensor, file)
		}
	}
	return all, nil
}

// noWeights says why a part has no weights that can be read.
func (f *Folder) noWeights(part string) error {
	files, err := fs.ReadDir(f.fsys, part)
	if err != nil {
		return fmt.Errorf("the model folder %s has no part %s: download the whole folder again (%w)", f.name, part, fs.ErrNotExist)
	}
	for _, file := range files {
		name := file.Name()
		switch {
		case strings.Contains(name, "-of-0"):
			return fmt.Errorf("%s/%s has %s, one of several files its weights are split into, but not their index, whose name ends in .index.json: download the whole folder again (%w)",
				f.name, part, name, fs.ErrNotExist)
		case slices.Contains([]string{".msgpack", ".onnx", ".h5"}, path.Ext(name)):
			return fmt.Errorf("%s/%s holds its weights only as %s, for another program: get the model's .safetensors files (%w)",
				f.name, part, name, errors.ErrUnsupported)
		}
	}
	return fmt.Errorf("%s/%s holds no weights, such as %s: download the whole folder again (%w)",
		f.name, part, strings.Join(weightFiles[:3:3], ", "), fs.ErrNotExist)
}

// openIn opens a file in fsys without copying it, when fsys can
// read at an offset as embed.FS can.
func openIn(fsys fs.FS, rel, name string) (*File, error) {
	file, err := fsys.Open(rel)
	if err != nil {
		return nil, err
	}
	if at, ok := file.(io.ReaderAt); ok {
		if info, err := file.Stat(); err == nil {
			return newFile(name, &readable{file: at, length: info.Size(), close: file.Close})
		}
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return OpenBytes(name, b)
}
