// Package pipeline is the way of a prompt through the networks: tokenizer →
// text encoder → (schedule → sampler ⇄ U-Net) × steps → autoencoder.
package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	Name      string       // as a recipe names it
	Precision nn.Precision // of the U-Net's products
	Tokenizer *tokenizer.Tokenizer
	Text      *clip.Text
	UNet      *unet.Model
	VAE       *vae.Model
	Schedule  *schedule.Schedule

	curve    string      // the way down the noise levels that suits the model
	ctx      *nn.Context // memory, kept from picture to picture
	preview  *preview
	loadTime time.Duration // spent in Load, reported with the first picture
}

// source is where the parts of a model come from: a folder or one file.
type source interface {
	tokenizer() (*tokenizer.Tokenizer, error)
	text() (*clip.Text, error)
	unet() (*unet.Model, error)
	vae() (*vae.Model, error)
	schedule() (schedule.Config, error)
	io.Closer
}

// Load opens engine.DefaultModel, a model folder in the diffusers layout, or a
// Stable Diffusion 1 in one safetensors file. The precision is the U-Net's.
func Load(ctx context.Context, model string, precision nn.Precision) (*Pipeline, error) {
	begin := time.Now()
	s, err := openModel(model, precision)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	p := &Pipeline{Name: model, Precision: precision}
	if model != engine.DefaultModel {
		p.Name = filepath.Base(filepath.Clean(model))
	}
	if err := p.load(ctx, s); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	p.loadTime = time.Since(begin)
	return p, nil
}

func openModel(model string, precision nn.Precision) (source, error) {
	if model != engine.DefaultModel {
		if info, err := os.Stat(model); err == nil && !info.IsDir() {
			return openSingle(model, precision)
		}
		f, err := checkpoint.OpenFolder(model)
		return folder{f, precision}, err
	}
	sub, err := fs.Sub(weights.FS, "default")
	if err != nil {
		return nil, err
	}
	f, err := checkpoint.OpenFS(sub, "the built-in model")
	return folder{f, precision}, err
}

// load takes the parts from s, until ctx ends.
func (p *Pipeline) load(ctx context.Context, s source) (err error) {
	for _, part := range []func() error{
		func() error { p.Tokenizer, err = s.tokenizer(); return err },
		func() error { p.Text, err = s.text(); return err },
		func() error { p.UNet, err = s.unet(); return err },
		func() error { p.VAE, err = s.vae(); return err },
		func() error { return p.loadSchedule(s) },
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) loadSchedule(s source) error {
	cfg, err := s.schedule()
	if err != nil {
		return err
	}
	// models trained down to pure noise must start there (Lin et al. 2023)
	p.curve = "normal"
	if cfg.RescaleBetasZeroSNR {
		p.curve = "sgm_uniform"
	}
	p.Schedule, err = schedule.New(cfg)
	return err
}

// folder is a model folder in the diffusers layout.
type folder struct {
	*checkpoint.Folder
	precision nn.Precision
}

func (f folder) Close() error                             { return nil }
func (f folder) tokenizer() (*tokenizer.Tokenizer, error) { return Tokenizer(f.Folder) }
func (f folder) text() (*clip.Text, error) {
	return Part(f.Folder, "text_encoder", packed(nn.Float32, clip.NewText))
}

func (f folder) vae() (*vae.Model, error) {
	return Part(f.Folder, "vae", packed(nn.Float32, vae.New))
}

func (f folder) unet() (*unet.Model, error) {
	return Part(f.Folder, "unet", func(p nn.Params, cfg unet.Config) (*unet.Model, error) {
		if cfg.Addition != "" {
			return nil, fmt.Errorf("this is a Stable Diffusion XL, which this version can measure but not draw with: choose a Stable Diffusion 1 (%w)", errors.ErrUnsupported)
		}
		return unet.New(p.Packed(f.precision), cfg)
	})
}

func (f folder) schedule() (cfg schedule.Config, err error) {
	err = f.Config("scheduler", &cfg)
	return cfg, err
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
	t, err := tokenizer.New(vocab, merges)
	if err != nil {
		return nil, err
	}
	special, err := folder.ReadFile("tokenizer/special_tokens_map.json")
	if err != nil {
		return t, nil // CLIP's own: the end fills up
	}
	pad, err := padToken(special)
	if err != nil || pad == "" {
		return t, err
	}
	return t.PadWith(pad)
}

// padToken reads the token that fills texts up, which stands there by itself or
// as an object with its content.
func padToken(specialTokensMap []byte) (string, error) {
	var tokens struct {
		Pad json.RawMessage `json:"pad_token"`
	}
	var described struct {
		Content string `json:"content"`
	}
	err := json.Unmarshal(specialTokensMap, &tokens)
	if err == nil && tokens.Pad != nil && json.Unmarshal(tokens.Pad, &described.Content) != nil {
		err = json.Unmarshal(tokens.Pad, &described)
	}
	if err != nil {
		return "", fmt.Errorf("special_tokens_map.json is not the JSON it should be (%w): download the tokenizer's files again", err)
	}
	return described.Content, nil
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

// packed builds a network that will only draw.
func packed[C, M any](precision nn.Precision, build func(nn.Params, C) (M, error)) func(nn.Params, C) (M, error) {
	return func(p nn.Params, cfg C) (M, error) { return build(p.Packed(precision), cfg) }
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
