package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// indexFile is what makes a folder a model folder.
const indexFile = "model_index.json"

// weightFiles are the names diffusers and transformers give a part's weights,
// in the order in which they are tried: full precision first.
var weightFiles = []string{
	"diffusion_pytorch_model.safetensors",
	"model.safetensors",
	"diffusion_pytorch_model.fp16.safetensors",
	"model.fp16.safetensors",
}

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

// Weights opens a part's weights. The caller closes the File.
func (f *Folder) Weights(part string) (*File, error) {
	for _, name := range weightFiles {
		rel := path.Join(part, name)
		if _, err := fs.Stat(f.fsys, rel); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if f.root != "" {
			return Open(filepath.Join(f.root, filepath.FromSlash(rel)))
		}
		return openIn(f.fsys, rel, path.Join(f.name, rel))
	}
	return nil, f.noWeights(part)
}

// noWeights says why a part has no weights that can be read.
func (f *Folder) noWeights(part string) error {
	files, err := fs.ReadDir(f.fsys, part)
	if err != nil {
		return fmt.Errorf("the model folder %s has no part %s: download the whole folder again (%w)", f.name, part, fs.ErrNotExist)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".safetensors.index.json") {
			return fmt.Errorf("%s/%s is split over several files, which can't be read: get the model with its weights in one file (%w)",
				f.name, part, errors.ErrUnsupported)
		}
	}
	for _, file := range files {
		if ext := path.Ext(file.Name()); ext == ".bin" || ext == ".ckpt" || ext == ".pt" {
			return fmt.Errorf("%s/%s holds its weights only as %s, a pickle, which is not read: get the model's .safetensors files (%w)",
				f.name, part, file.Name(), errors.ErrUnsupported)
		}
	}
	return fmt.Errorf("%s/%s holds no weights (%s): download the whole folder again (%w)",
		f.name, part, strings.Join(weightFiles, ", "), fs.ErrNotExist)
}

// openIn opens a safetensors file in fsys without copying it, when fsys can
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
