// Package pipeline is the way of a prompt through the networks: tokenizer →
// text encoder → (schedule → sampler ⇄ U-Net) × steps → autoencoder.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
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
	Tokenizer *tokenizer.Tokenizer
	Text      *clip.Text
	UNet      *unet.Model
	VAE       *vae.Model
	Schedule  *schedule.Schedule

	curve    string      // the way down the noise levels that suits the model
	ctx      *nn.Context // memory, kept from picture to picture
	preview  *preview
	loadTime time.Duration // spent in Load, reported with the first picture
	files    *checkpoint.Folder
}

// Load opens engine.DefaultModel or a model folder in the diffusers layout.
func Load(ctx context.Context, model string) (*Pipeline, error) {
	begin := time.Now()
	folder, err := openModel(model)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{Name: model, files: folder}
	if model != engine.DefaultModel {
		p.Name = filepath.Base(filepath.Clean(model))
	}
	for _, part := range []func() error{p.loadTokenizer, p.loadText, p.loadUNet, p.loadVAE, p.loadSchedule} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := part(); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	p.loadTime = time.Since(begin)
	return p, nil
}

func openModel(model string) (*checkpoint.Folder, error) {
	if model != engine.DefaultModel {
		return checkpoint.OpenFolder(model)
	}
	sub, err := fs.Sub(weights.FS, "default")
	if err != nil {
		return nil, err
	}
	return checkpoint.OpenFS(sub, "the built-in model")
}

func (p *Pipeline) loadTokenizer() (err error) {
	p.Tokenizer, err = Tokenizer(p.files)
	return err
}

// Tokenizer reads a model folder's vocabulary.
func Tokenizer(folder *checkpoint.Folder) (*tokenizer.Tokenizer, error) {
	vocab, err := folder.ReadFile("tokenizer/vocab.json")
	if err != nil {
		return nil, err
	}
	merges, err := folder.ReadFile("tokenizer/merges.txt")
	if err != nil {
		return nil, err
	}
	return tokenizer.New(vocab, merges)
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

func (p *Pipeline) loadText() (err error) {
	p.Text, err = Part(p.files, "text_encoder", clip.NewText)
	return err
}

func (p *Pipeline) loadUNet() (err error) {
	p.UNet, err = Part(p.files, "unet", func(q nn.Params, cfg unet.Config) (*unet.Model, error) {
		if cfg.Addition != "" {
			return nil, fmt.Errorf("this is a Stable Diffusion XL, which this version can measure but not draw with: choose a Stable Diffusion 1 (%w)", errors.ErrUnsupported)
		}
		return unet.New(q, cfg)
	})
	return err
}

func (p *Pipeline) loadVAE() (err error) {
	p.VAE, err = Part(p.files, "vae", vae.New)
	return err
}

func (p *Pipeline) loadSchedule() error {
	var cfg schedule.Config
	if err := p.files.Config("scheduler", &cfg); err != nil {
		return err
	}
	// models trained down to pure noise must start there (Lin et al. 2023)
	p.curve = "normal"
	if cfg.RescaleBetasZeroSNR {
		p.curve = "sgm_uniform"
	}
	var err error
	p.Schedule, err = schedule.New(cfg)
	return err
}

// check makes sure the parts fit each other.
func (p *Pipeline) check() error {
	switch {
	case p.UNet.Config.ContextDim != p.Text.Config.Hidden:
		return fmt.Errorf("the U-Net listens to embeddings of width %d but the text encoder gives %d: these parts belong to different models", p.UNet.Config.ContextDim, p.Text.Config.Hidden)
	case p.UNet.Config.OutChannels != p.VAE.Config.Latent || p.UNet.Config.InChannels != p.VAE.Config.Latent:
		return fmt.Errorf("the U-Net draws latents of %d → %d channels but the autoencoder has %d: these parts belong to different models, or the U-Net is one for inpainting, which this version can't use",
			p.UNet.Config.InChannels, p.UNet.Config.OutChannels, p.VAE.Config.Latent)
	case p.Tokenizer.Size() > p.Text.Config.Vocab:
		return fmt.Errorf("the tokenizer knows %d tokens but the text encoder only %d: these parts belong to different models", p.Tokenizer.Size(), p.Text.Config.Vocab)
	}
	return nil
}
