// Package pipeline is the way of a prompt through the networks: tokenizer →
// text encoder → (schedule → sampler ⇄ U-Net) × steps → autoencoder.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"
	"darkroom/engine/tokenizer"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
	"darkroom/weights"
)

// Pipeline is a model ready to draw.
type Pipeline struct {
	Name      string // as a recipe names it
	Family    family.Family
	Task      family.Task
	Precision nn.Precision // of the U-Net's products
	Tokenizer *tokenizer.Tokenizer
	Text      []*clip.Text // SDXL has two
	UNet      *unet.Model
	VAE       *vae.Model
	Schedule  *schedule.Schedule
	Shelf     Shelf // nil for files by their paths only

	pads      []int       // the token that fills texts up, for each text encoder
	size      int         // pixels on a side of the pictures it was trained on
	guided    bool        // see family.Model.Guided
	zeroEmpty bool        // see family.Model.ZeroEmpty
	curve     string      // the way down the noise levels that suits the model
	ctx       *nn.Context // memory, kept from picture to picture
	preview   *preview
	tiny      *vae.Tiny                 // the model's own, which shows the steps; nil without one
	ldm       func(layer string) string // LDM's name of a layer of the U-Net, which LoRAs may use
	adapted   adaptations
	rehearsed bool          // see Needs
	loadTime  time.Duration // spent in Load, reported with the first picture
}

// Load opens engine.DefaultModel, a model folder in the diffusers layout, or a
// Stable Diffusion 1, 2 or XL in one file. The precision is the U-Net's.
func Load(ctx context.Context, model string, precision nn.Precision) (*Pipeline, error) {
	begin := time.Now()
	m, err := Open(model)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	p := &Pipeline{Name: model, Precision: precision}
	if model != engine.DefaultModel {
		p.Name = filepath.Base(filepath.Clean(model))
	}
	if err := p.load(ctx, m, nn.Load); err != nil {
		return nil, err
	}
	p.loadTime = time.Since(begin)
	return p, nil
}

// Open recognises a model by the name Load knows it by. The caller closes it.
func Open(model string) (*family.Model, error) {
	if model != engine.DefaultModel {
		return family.Open(model)
	}
	sub, err := fs.Sub(weights.FS, "default")
	if err != nil {
		return nil, err
	}
	f, err := checkpoint.OpenFS(sub, "the built-in model")
	if err != nil {
		return nil, err
	}
	return family.OpenFolder(f)
}

// load takes the parts from m, with parameters that from makes of their files, until
// ctx ends.
func (p *Pipeline) load(ctx context.Context, m *family.Model, from func(*checkpoint.Reader) nn.Params) error {
	if err := m.Check(); err != nil {
		return err
	}
	p.Family, p.Task, p.size, p.guided, p.zeroEmpty = m.Family, m.Task, m.Size, m.Guided, m.ZeroEmpty
	var err error
	if p.Schedule, p.curve, err = noiseLevels(m); err != nil {
		return err
	}
	for _, part := range m.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.loadPart(m, part, from(part.File.Reader(""))); err != nil {
			return fmt.Errorf("%s: %w", part.Part, err)
		}
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	return nil
}

// loadPart builds one network, for drawing only.
func (p *Pipeline) loadPart(m *family.Model, part *family.Part, params nn.Params) (err error) {
	switch {
	case part.Text != nil:
		t, err := m.Tokenizer(part.Part)
		if err != nil {
			return err
		}
		if p.Tokenizer == nil {
			p.Tokenizer = t
		}
		if t.Size() != p.Tokenizer.Size() || t.Start() != p.Tokenizer.Start() || t.End() != p.Tokenizer.End() {
			return fmt.Errorf("its vocabulary of %d tokens is not the other text encoder's of %d (%w)", t.Size(), p.Tokenizer.Size(), errors.ErrUnsupported)
		}
		text, err := clip.NewText(params.Packed(nn.Float32), *part.Text)
		p.Text, p.pads = append(p.Text, text), append(p.pads, t.Pad())
		return err
	case part.UNet != nil:
		p.UNet, err = unet.New(params.Packed(p.Precision), *part.UNet)
		if err == nil {
			p.ldm = aliases(p.UNet.Products, part.File.UNetLDM())
		}
	case part.VAE != nil:
		p.VAE, err = vae.New(params.Packed(nn.Float32), *part.VAE)
	case part.Tiny != nil && !part.Tiny.NoDecoder && m.Folder != nil:
		p.tiny, err = vae.NewTiny(params.Packed(nn.Float32), *part.Tiny)
	}
	return err
}

// aliases keeps the names that rename gives the tensors of layers, for a time when
// the file is closed.
func aliases(layers []*nn.Product, rename func(string) string) func(string) string {
	names := make(map[string]string, len(layers))
	for _, l := range layers {
		names[l.Name] = strings.TrimSuffix(rename(l.Name+".weight"), ".weight")
	}
	return func(name string) string { return names[name] }
}

// Part builds one network of a model folder from its configuration and
// weights.
func Part[C, M any](folder *checkpoint.Folder, name string, build func(nn.Params, C) (M, error)) (M, error) {
	var (
		cfg  C
		none M
	)
	if err := folder.Config(name, &cfg); err != nil {
		return none, err
	}
	file, err := folder.Weights(name)
	if err != nil {
		return none, err
	}
	defer file.Close()
	m, err := build(nn.Load(file.Reader("")), cfg)
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// check makes sure the parts fit each other.
func (p *Pipeline) check() error {
	width := 0
	for _, t := range p.Text {
		width += t.Config.Hidden
		if p.Tokenizer.Size() > t.Config.Vocab {
			return fmt.Errorf("the tokenizer knows %d tokens but the text encoder only %d: these parts belong to different models", p.Tokenizer.Size(), t.Config.Vocab)
		}
		if t.Config.Positions != p.Text[0].Config.Positions {
			return fmt.Errorf("one text encoder reads %d tokens at once and the other %d: these parts belong to different models", p.Text[0].Config.Positions, t.Config.Positions)
		}
	}
	u, last := p.UNet.Config, p.Text[len(p.Text)-1].Config
	switch {
	case p.tiny != nil && (p.tiny.Config.Latent != p.VAE.Config.Latent || p.tiny.Config.Factor() != p.VAE.Config.Factor()):
		return fmt.Errorf("the tiny autoencoder has latents of %d channels and %d pixels, the autoencoder's %d and %d: these parts belong to different models",
			p.tiny.Config.Latent, p.tiny.Config.Factor(), p.VAE.Config.Latent, p.VAE.Config.Factor())
	case u.ContextDim != width:
		return fmt.Errorf("the U-Net listens to embeddings of width %d but the text encoder gives %d: these parts belong to different models", u.ContextDim, width)
	case u.OutChannels != p.VAE.Config.Latent:
		return fmt.Errorf("the U-Net draws latents of %d → %d channels but the autoencoder has %d: these parts belong to different models",
			u.InChannels, u.OutChannels, p.VAE.Config.Latent)
	case u.Addition != "" && !last.Projects():
		return errors.New("the U-Net wants each text as one vector, which its text encoder does not give: these parts belong to different models")
	case u.Addition != "" && u.AdditionDim != last.Projection+p.numbers()*u.AdditionTimeDim:
		return fmt.Errorf("the U-Net is told %d numbers beside the words, where %d from the text encoder and %d times %d were expected: these parts belong to different models",
			u.AdditionDim, last.Projection, p.numbers(), u.AdditionTimeDim)
	}
	return nil
}

// numbers is how many numbers an SDXL is told beside the words.
func (p *Pipeline) numbers() int {
	if p.Family == family.Refiner {
		return 5
	}
	return 6
}
