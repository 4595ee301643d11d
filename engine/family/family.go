// Package family recognises models: what kind of Stable Diffusion a file or a
// folder holds, of which parts, and what is missing or unknown. All of it is read
// off the names and shapes of the tensors, and off the configuration files where
// there are any; of the weights themselves next to nothing is read.
package family

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// Family is a line of models that are told and drawn with alike.
type Family string

// The families. A model of None has no U-Net: it is one or several other parts.
const (
	None    Family = ""
	SD1     Family = "Stable Diffusion 1.x"
	SD2     Family = "Stable Diffusion 2.x"
	SDXL    Family = "Stable Diffusion XL"
	Refiner Family = "Stable Diffusion XL refiner"
)

// Task is what a U-Net was trained to do.
type Task string

// The tasks there are.
const (
	Drawing    Task = "drawing"    // a picture from words
	Inpainting Task = "inpainting" // the masked part of a picture
	Editing    Task = "editing"    // what the words tell to change in a picture (InstructPix2Pix)
)

// Model is a recognised model. Nothing of it is loaded; its files are open until
// Close.
type Model struct {
	Name     string // the path it was opened by
	Family   Family
	Task     Task
	Schedule schedule.Config // with what it predicts, and whether it was trained down to pure noise
	Size     int             // pixels on a side that it was made for
	Guided   bool            // it is told how strong guidance is, and needs no second pass (LCM)
	// ZeroEmpty is that an empty negative prompt stands for embeddings of zeros.
	ZeroEmpty bool
	Parts     []*Part           // in the order of checkpoint.AllParts
	Unknown   []string          // tensors that belong to no part
	Metadata  map[string]string // of a single file
	Folder    *checkpoint.Folder

	edm   bool
	files []*checkpoint.File
}

// Part is one network of a model.
type Part struct {
	Part checkpoint.Part
	File *checkpoint.File // its tensors, under diffusers' or transformers' names

	// Its geometry: one of these is set.
	Text *clip.TextConfig
	UNet *unet.Config
	VAE  *vae.Config
	Tiny *vae.TinyConfig

	Parameters int                      // numbers in its tensors
	Bytes      int64                    // in the file
	Types      map[checkpoint.DType]int // parameters stored in each type

	Missing   []string // tensors that the network needs and the file hasn't
	Misshapen []string // tensors of another shape than the network's, with both shapes
	Unknown   []string // tensors that the network has no place for
	Trouble   error    // why the network can't be built at all
}

// Open recognises the model at path: a folder in diffusers' layout, or one file.
func Open(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		f, err := checkpoint.Open(path)
		if err != nil {
			return nil, err
		}
		return recognised(&Model{Name: path}, func(m *Model) error { return m.readFile(f) })
	}
	folder, err := checkpoint.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	return OpenFolder(folder)
}

// OpenFolder is Open for a folder in diffusers' layout.
func OpenFolder(folder *checkpoint.Folder) (*Model, error) {
	return recognised(&Model{Name: folder.Name(), Folder: folder}, func(m *Model) error { return m.readFolder() })
}

// recognised reads a model and describes its parts.
func recognised(m *Model, read func(*Model) error) (*Model, error) {
	err := read(m)
	if err == nil {
		m.recognise()
		for _, p := range m.Parts {
			p.describe(m.Family)
		}
		return m, nil
	}
	m.Close()
	return nil, err
}

// Close closes the model's files.
func (m *Model) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Part finds a part; nil without it.
func (m *Model) Part(part checkpoint.Part) *Part {
	for _, p := range m.Parts {
		if p.Part == part {
			return p
		}
	}
	return nil
}

// readFile sorts a single file's tensors into parts.
func (m *Model) readFile(f *checkpoint.File) error {
	m.files = []*checkpoint.File{f}
	m.Metadata = f.Metadata()
	if err := stranger(f); err != nil {
		return err
	}
	parts, unknown := f.Parts()
	if len(parts) == 0 {
		return fmt.Errorf("%s holds no part of a Stable Diffusion that this program knows: none of its %d tensors is named as in a U-Net, an autoencoder or a text encoder; "+
			"choose another file (%w)", f.Name(), len(f.Names()), errors.ErrUnsupported)
	}
	m.Unknown = unknown
	for _, part := range checkpoint.AllParts() {
		if view := parts[part]; view != nil {
			m.Parts = append(m.Parts, &Part{Part: part, File: view})
		}
	}
	m.readOff()
	return m.readSidecar()
}

// readFolder opens a folder's parts, whose configuration files count more than
// what can be read off.
func (m *Model) readFolder() error {
	for _, part := range checkpoint.AllParts() {
		p := &Part{Part: part}
		var into any
		switch part {
		case checkpoint.Text, checkpoint.Text2:
			p.Text = &clip.TextConfig{}
			into = p.Text
		case checkpoint.UNet:
			p.UNet = &unet.Config{}
			into = p.UNet
		case checkpoint.VAE:
			p.VAE = &vae.Config{}
			into = p.VAE
		case checkpoint.Tiny:
			p.Tiny = &vae.TinyConfig{}
			into = p.Tiny
		default:
			continue
		}
		err := m.Folder.Config(string(part), into)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		f, err := m.Folder.Weights(string(part))
		if err != nil {
			return err
		}
		m.files = append(m.files, f)
		p.File, p.Unknown = f.Only(part)
		if p.Tiny != nil {
			p.Tiny.NoEncoder, p.Tiny.NoDecoder = lacking(p.File)
		}
		m.Parts = append(m.Parts, p)
	}
	if len(m.Parts) == 0 {
		return fmt.Errorf("the model folder %s has none of the parts text_encoder, unet and vae: download the whole folder again (%w)", m.Name, fs.ErrNotExist)
	}
	return m.readSchedule()
}

// describe finds out what of the part's network is there.
func (p *Part) describe(family Family) {
	p.Types = map[checkpoint.DType]int{}
	for _, name := range p.File.Names() {
		n := 1
		shape, _ := p.File.Shape(name)
		for _, d := range shape {
			n *= d
		}
		t, _ := p.File.DType(name)
		p.Parameters += n
		p.Bytes += t.Bytes(n)
		p.Types[t] += n
	}
	if p.Trouble != nil {
		return
	}
	r := p.File.Reader("")
	params := nn.Survey(r)
	if p.Trouble = p.build(params); p.Trouble != nil {
		return
	}
	p.Missing, p.Misshapen = params.Lacks().Missing, params.Lacks().Misshapen
	for _, name := range r.Unused() {
		if !p.unneeded(name, family) {
			p.Unknown = append(p.Unknown, name)
		}
	}
}

// build builds the part's network.
func (p *Part) build(params nn.Params) (err error) {
	switch {
	case p.Text != nil:
		_, err = clip.NewText(params, *p.Text)
	case p.UNet != nil:
		_, err = unet.New(params, *p.UNet)
	case p.VAE != nil:
		_, err = vae.New(params, *p.VAE)
	case p.Tiny != nil:
		_, err = vae.NewTiny(params, *p.Tiny)
	}
	return err
}

// Check says in words why the network can't be used; nil if it can.
func (p *Part) Check() error {
	const help = "the file is damaged, or belongs to another kind of model than it seems to: download it again"
	switch {
	case p.Trouble != nil:
		return fmt.Errorf("%s: %w", p.Part, p.Trouble)
	case len(p.Missing) > 0:
		return fmt.Errorf("%s has no tensor %q (and %d more are missing) of its %s: %s (%w)", p.File.Name(), p.Missing[0], len(p.Missing)-1, p.Part, help, errors.ErrUnsupported)
	case len(p.Misshapen) > 0:
		return fmt.Errorf("%s: a tensor of its %s has another shape than it should: %s (and %d more): %s (%w)",
			p.File.Name(), p.Part, p.Misshapen[0], len(p.Misshapen)-1, help, errors.ErrUnsupported)
	case len(p.Unknown) > 0:
		return fmt.Errorf("%s has %d tensors that have no place in its %s, such as %q: %s (%w)", p.File.Name(), len(p.Unknown), p.Part, p.Unknown[0], help, errors.ErrUnsupported)
	}
	return nil
}

// Check says in words why the model can't be drawn with; nil if it can.
func (m *Model) Check() error {
	switch {
	case m.Family == None:
		return fmt.Errorf("%s holds %s, not a whole model: choose the file or the folder of a whole model (%w)", m.Name, m.holds(), errors.ErrUnsupported)
	case m.edm:
		return fmt.Errorf("%s predicts as EDM has it (Karras et al. 2022, as Playground 2.5), which this version can't draw with: choose a model that predicts noise or velocity (%w)", m.Name, errors.ErrUnsupported)
	}
	for _, part := range m.needs() {
		p := m.Part(part)
		if p == nil {
			return fmt.Errorf("%s is %s without its part %s: it holds %s; choose a file or a folder with all parts (%w)", m.Name, m.Family, part, m.holds(), errors.ErrUnsupported)
		}
		if err := p.Check(); err != nil {
			return err
		}
	}
	for _, name := range m.Unknown {
		if strings.HasPrefix(name, checkpoint.UNetPrefix) {
			return fmt.Errorf("%s has a U-Net with tensors that this program knows no place for, such as %q, and would draw otherwise than it was made to: choose another model (%w)",
				m.Name, name, errors.ErrUnsupported)
		}
	}
	if m.Task == "" {
		return fmt.Errorf("%s has a U-Net that takes %d channels and gives %d, as models for depth or for enlarging have, which this version can't draw with: "+
			"choose one for drawing (4), editing (8) or inpainting (9) (%w)", m.Name, m.Part(checkpoint.UNet).UNet.InChannels, m.Part(checkpoint.UNet).UNet.OutChannels, errors.ErrUnsupported)
	}
	return nil
}

// needs lists the parts a whole model of the family has.
func (m *Model) needs() []checkpoint.Part {
	switch m.Family {
	case SDXL:
		return []checkpoint.Part{checkpoint.Text, checkpoint.Text2, checkpoint.UNet, checkpoint.VAE}
	case Refiner:
		return []checkpoint.Part{checkpoint.Text2, checkpoint.UNet, checkpoint.VAE}
	}
	return []checkpoint.Part{checkpoint.Text, checkpoint.UNet, checkpoint.VAE}
}

// holds names the parts there are.
func (m *Model) holds() string {
	titles := map[checkpoint.Part]string{
		checkpoint.UNet: "a U-Net", checkpoint.VAE: "an autoencoder", checkpoint.Tiny: "a tiny autoencoder",
		checkpoint.Text: "a text encoder", checkpoint.Text2: "a second text encoder",
	}
	s := ""
	for i, p := range m.Parts {
		switch {
		case i > 0 && i == len(m.Parts)-1:
			s += " and "
		case i > 0:
			s += ", "
		}
		s += titles[p.Part]
	}
	if len(m.Parts) == 1 {
		s += " alone"
	}
	return s
}
