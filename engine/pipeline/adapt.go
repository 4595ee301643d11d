package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/engine"
	"darkroom/engine/adapter"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"
	"darkroom/engine/vae"
)

// Shelf is where the files are that a recipe names beside its model.
type Shelf interface {
	// LoRA and VAE are the path of what goes by a name.
	LoRA(ctx context.Context, name string) (path string, err error)
	VAE(ctx context.Context, name string) (path string, err error)
	// Embeddings is the paths of all textual inversions, by their names.
	Embeddings(ctx context.Context) (map[string]string, error)
}

// bare is the shelf of a pipeline that was given none: files by their paths.
type bare struct{}

func (bare) LoRA(_ context.Context, name string) (string, error) { return there(name) }
func (bare) VAE(_ context.Context, name string) (string, error)  { return there(name) }
func (bare) Embeddings(context.Context) (map[string]string, error) {
	return nil, nil
}

func there(path string) (string, error) {
	_, err := os.Stat(path)
	return path, err
}

// state is what tells the file at a path, or the autoencoder of a model folder there,
// from another that takes its place.
func state(path string) string {
	files := []string{path}
	part := filepath.Join(path, string(checkpoint.VAE))
	entries, _ := os.ReadDir(part)
	for _, e := range entries {
		files = append(files, filepath.Join(part, e.Name()))
	}
	s := path
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			s += fmt.Sprintf("\n%d bytes of %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return s
}

// adaptations is what lies over a model, and beside it, for the time being.
type adaptations struct {
	loras   string // what the networks are changed by
	reports []adapter.Report
	vae     string     // the state of the autoencoder in the place of own
	own     *vae.Model // the model's
	tiny    *vae.Tiny  // which is that autoencoder, if it is a tiny one: it decodes
	learnt  []prompt.Learnt
	unread  []string // why some could not be learnt
	words   string   // what they were made for
}

// adapt makes the model the one of a resolved request: with its LoRAs, with its
// autoencoder and with the textual inversions that its prompts may name.
func (p *Pipeline) adapt(ctx context.Context, r engine.Request) error {
	if p.rehearsed {
		return nil // no weights that could be changed; a run with LoRAs needs more by those it changes
	}
	if p.Shelf == nil {
		p.Shelf = bare{}
	}
	if err := p.useVAE(ctx, r.VAE); err != nil {
		return err
	}
	if err := p.learn(ctx, r); err != nil {
		return err
	}
	words, _, err := p.read(r)
	if err != nil {
		return err
	}
	return p.useLoras(ctx, r, words.Tags)
}

// wanted is a LoRA that a request asks for.
type wanted struct {
	path       string
	state      string
	text, unet float64
}

// useLoras lays those of the prompt's tags and of the request over the networks. The
// weights of one that is named twice add up, as in the web UI.
func (p *Pipeline) useLoras(ctx context.Context, r engine.Request, tags []prompt.Tag) error {
	more, err := prompt.Tags(r.Loras)
	if err != nil {
		return fmt.Errorf("%w: loras: %w", engine.ErrInvalid, err)
	}
	var list []wanted
	for _, tag := range append(slices.Clone(tags), more...) {
		if tag.Kind != "lora" && tag.Kind != "lyco" {
			continue
		}
		w := wanted{}
		if w.text, w.unet, err = tag.Strengths(); err != nil {
			return fmt.Errorf("%w: %w", engine.ErrInvalid, err)
		}
		if w.path, err = p.Shelf.LoRA(ctx, tag.Name()); err != nil {
			return fmt.Errorf("%w: the LoRA %q can't be used (%w): take <%s:%s> out of the prompt, or add the folder it is in with `darkroom models add`",
				engine.ErrInvalid, tag.Name(), err, tag.Kind, tag.Name())
		}
		if i := slices.IndexFunc(list, func(o wanted) bool { return o.path == w.path }); i >= 0 {
			list[i].text += w.text
			list[i].unet += w.unet
			continue
		}
		w.state = state(w.path)
		list = append(list, w)
	}
	key := fmt.Sprint(list)
	if key == p.adapted.loras || len(list) == 0 && p.adapted.loras == "" {
		return nil
	}
	var uses []adapter.Use
	for _, w := range list {
		a, err := adapter.Open(w.path)
		if err != nil {
			return err
		}
		defer a.Close()
		uses = append(uses, adapter.Use{Adapter: a, UNet: w.unet, Text: w.text})
	}
	p.adapted.loras = "" // the model's own, if this fails
	p.adapted.reports, err = adapter.Apply(ctx, p.adaptable(), uses)
	if err == nil && len(list) > 0 {
		p.adapted.loras = key
	}
	return err
}

// adaptable is the networks that LoRAs change.
func (p *Pipeline) adaptable() []adapter.Network {
	list := []adapter.Network{{Part: adapter.UNet, Products: p.UNet.Products, Alias: p.ldm}}
	for i, t := range p.Text {
		part := adapter.Text
		if i == 1 || p.Family == family.Refiner {
			part = adapter.Text2
		}
		list = append(list, adapter.Network{Part: part, Products: t.Products})
	}
	return list
}

// useVAE puts an autoencoder in the place of the model's own, or that one back.
func (p *Pipeline) useVAE(ctx context.Context, name string) error {
	if name == "" {
		if p.adapted.vae != "" {
			p.setVAE(p.adapted.own, "")
		}
		return nil
	}
	path, err := p.Shelf.VAE(ctx, name)
	if err != nil {
		return fmt.Errorf("%w: the autoencoder %q can't be used (%w): leave out vae, or add the folder it is in with `darkroom models add`", engine.ErrInvalid, name, err)
	}
	now := state(path)
	if now == p.adapted.vae {
		return nil
	}
	m, err := family.Open(path)
	if err != nil {
		return err
	}
	defer m.Close()
	if part := m.Part(checkpoint.Tiny); part != nil && m.Part(checkpoint.VAE) == nil {
		return p.useTiny(part, path, now)
	}
	part := m.Part(checkpoint.VAE)
	if part == nil {
		return fmt.Errorf("%w: %s holds no autoencoder: choose another vae, or leave it out", engine.ErrInvalid, path)
	}
	if err := part.Check(); err != nil {
		return err
	}
	cfg, own := *part.VAE, cmp.Or(p.adapted.own, p.VAE).Config
	if cfg.Latent != own.Latent || cfg.Factor() != own.Factor() {
		return fmt.Errorf("%w: the autoencoder %s has latents of %d channels and %d pixels, the model's %d and %d: choose one for this kind of model",
			engine.ErrInvalid, name, cfg.Latent, cfg.Factor(), own.Latent, own.Factor())
	}
	cfg.Scaling = own.Scaling // that of the latents the U-Net draws
	v, err := vae.New(nn.Load(part.File.Reader("")).Packed(nn.Float32), cfg)
	if err != nil {
		return err
	}
	if p.adapted.own == nil {
		p.adapted.own = p.VAE
	}
	p.setVAE(v, now)
	return nil
}

// useTiny lets a tiny autoencoder (TAESD) decode, which is many times faster and less
// exact. Pictures are still encoded by the model's own.
func (p *Pipeline) useTiny(part *family.Part, path, state string) error {
	own := cmp.Or(p.adapted.own, p.VAE)
	switch {
	case part.Tiny.NoDecoder:
		return fmt.Errorf("%w: %s holds only the half of a tiny autoencoder that encodes: choose the other as vae", engine.ErrInvalid, path)
	case part.Tiny.Latent != own.Config.Latent || own.Config.Factor() != part.Tiny.Factor():
		return fmt.Errorf("%w: the tiny autoencoder %s has latents of %d channels and %d pixels, the model's %d and %d: choose one for this kind of model",
			engine.ErrInvalid, path, part.Tiny.Latent, part.Tiny.Factor(), own.Config.Latent, own.Config.Factor())
	}
	if err := part.Check(); err != nil {
		return err
	}
	tiny, err := vae.NewTiny(nn.Load(part.File.Reader("")).Packed(nn.Float32), *part.Tiny)
	if err != nil {
		return err
	}
	p.adapted.own = own
	p.setVAE(own, state)
	p.adapted.tiny = tiny
	return nil
}

// setVAE changes the autoencoder and forgets what was fitted to the other.
func (p *Pipeline) setVAE(v *vae.Model, state string) {
	p.VAE, p.adapted.vae, p.adapted.tiny, p.preview = v, state, nil, nil
	if p.ctx != nil {
		p.ctx.Forget()
	}
}

// learn teaches the text encoders the textual inversions that a request's prompts
// may name.
func (p *Pipeline) learn(ctx context.Context, r engine.Request) error {
	names, paths, err := mayName(ctx, p.Shelf, r)
	if err != nil {
		return err
	}
	var states []string
	for _, name := range names {
		states = append(states, name, state(paths[name]))
	}
	key := strings.Join(states, "\n")
	if key == p.adapted.words {
		return nil
	}
	p.adapted.words = key
	configs := make([]clip.TextConfig, len(p.Text))
	for i, t := range p.Text {
		configs[i] = t.Config
	}
	var vectors [][]float32
	p.adapted.learnt, vectors, p.adapted.unread = learnt(configs, names, paths)
	for i, t := range p.Text {
		t.Extend(vectors[i])
	}
	return nil
}

// mayName is the textual inversions whose names a request's prompts have in them, in
// order, and where all of them are.
func mayName(ctx context.Context, shelf Shelf, r engine.Request) (names []string, paths map[string]string, err error) {
	paths, err = shelf.Embeddings(ctx)
	text := strings.ToLower(r.Prompt + "\n" + r.Negative)
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if strings.Contains(text, strings.ToLower(name)) {
			names = append(names, name)
		}
	}
	return names, paths, err
}

// learnt reads textual inversions for text encoders: the words, and for each encoder
// the vectors behind its own. One that is not for all of them is passed over: a word of
// that name may well mean itself.
func learnt(encoders []clip.TextConfig, names []string, paths map[string]string) (list []prompt.Learnt, vectors [][]float32, unread []string) {
	next := encoders[0].Vocab
	vectors = make([][]float32, len(encoders))
	for _, name := range names {
		e, err := adapter.OpenEmbedding(paths[name])
		if err != nil {
			unread = append(unread, fmt.Sprintf("the textual inversion %s is not used: %v", name, err))
			continue
		}
		count := e.Count(encoders[0].Hidden)
		if count == 0 || slices.ContainsFunc(encoders, func(c clip.TextConfig) bool { return e.Count(c.Hidden) != count }) {
			continue
		}
		word := prompt.Learnt{Name: name}
		for i, c := range encoders {
			vectors[i] = append(vectors[i], e.Vectors[c.Hidden]...)
		}
		for range count {
			word.IDs = append(word.IDs, next)
			next++
		}
		list = append(list, word)
	}
	return list, vectors, unread
}

// notes is what of the request had no effect.
func (p *Pipeline) notes() []string {
	notes := slices.Clone(p.adapted.unread)
	for _, r := range p.adapted.reports {
		if p.adapted.loras != "" && len(r.Unmatched) > 0 {
			notes = append(notes, r.String())
		}
	}
	return notes
}
