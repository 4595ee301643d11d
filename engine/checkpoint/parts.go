package checkpoint

import (
	"slices"
	"strings"
)

// Part is one network of a model, named as its folder in diffusers' layout.
type Part string

// The networks there are.
const (
	UNet  Part = "unet"
	VAE   Part = "vae"
	Tiny  Part = "tiny" // a tiny autoencoder
	Text  Part = "text_encoder"
	Text2 Part = "text_encoder_2"
)

// AllParts lists the networks in the order in which a picture meets them.
func AllParts() []Part { return []Part{Text, Text2, UNet, VAE, Tiny} }

// scheme is one way of naming a part's tensors. It gives diffusers' and
// transformers' name for one of its own, and how the two tensors are related;
// none for a name it doesn't know.
type scheme func(name string) []piece

// piece is a tensor as this program names it, and what of the file's tensor it is.
type piece struct {
	name       string
	n, of      int // the nth of as many equal parts along the first axis; all of it if of is 0
	transposed bool
}

func whole(name string) []piece { return []piece{{name: name}} }

// home is where a file may hold a part: behind a prefix.
type home struct {
	prefix string
	part   Part
	in     func(has func(name string) bool) scheme // nil if what is there is something else
}

// UNetPrefix is what a U-Net's names begin with in a whole model's file.
const UNetPrefix = "model.diffusion_model."

// homes lists the prefixes of whole models, first those that others begin with.
// conditioner.embedders is Stability's generative-models', cond_stage_model
// CompVis's latent-diffusion's (LDM); stable-diffusion.cpp writes the latter for
// both, with a 1. for the second encoder. The last four are diffusers' folders
// put into one file.
var homes = []home{
	{UNetPrefix, UNet, unetScheme},
	{"first_stage_model.", VAE, vaeScheme},
	{"cond_stage_model.transformer.", Text, clipScheme},
	{"cond_stage_model.model.", Text, openCLIPScheme},
	{"cond_stage_model.1.transformer.", Text2, clipScheme},
	{"cond_stage_model.1.model.", Text2, openCLIPScheme},
	{"conditioner.embedders.0.transformer.", Text, clipScheme},
	{"conditioner.embedders.0.model.", Text2, openCLIPScheme}, // the refiner's only one is the base model's second
	{"conditioner.embedders.1.model.", Text2, openCLIPScheme},
	{"conditioner.embedders.1.transformer.", Text2, clipScheme},
	{"taesd_encoder.", Tiny, tinyHalf("encoder")},
	{"taesd_decoder.", Tiny, tinyHalf("decoder")},
	{"unet.", UNet, unetScheme},
	{"vae.", VAE, vaeScheme},
	{"text_encoder.", Text, clipScheme},
	{"text_encoder_2.", Text2, clipScheme},
}

// alone is the parts that a file can hold by themselves, without a prefix.
var alone = []home{
	{"", UNet, unetScheme},
	{"", Tiny, tinyScheme},
	{"", VAE, vaeScheme},
	{"", Text, clipScheme},
	{"", Text, openCLIPScheme},
	{"transformer.", Text, clipScheme},
}

// leftOver is how names begin, behind their part's prefix or without one, that
// training has left in the file or that follow from the others: this program
// needs none of them.
var leftOver = []string{
	"model_ema.", "loss.", "text_model.embeddings.position_ids", "embeddings.position_ids", "logit_scale", "attn_mask",
	"log_one_minus_alphas_cumprod", "alphas_cumprod", "betas", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
	"sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_", "denoiser.", "logvar", "scale_factor", "global_step",
	"v_pred", "ztsnr", "edm_mean", "edm_std", // markers: see File.Has
}

func isLeftOver(name string) bool {
	return slices.ContainsFunc(leftOver, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// Parts sorts the tensors by the network they belong to, whatever program named
// them: each File has one network's, under the names that diffusers and
// transformers give them. They share f's data and end with it. unknown is the
// names that belong nowhere.
func (f *File) Parts() (parts map[Part]*File, unknown []string) {
	found := homesOf(f.names)
	byPart := map[Part]*sorting{}
	for _, name := range f.names {
		if isLeftOver(name) {
			continue
		}
		i := slices.IndexFunc(found, func(h lived) bool { return strings.HasPrefix(name, h.prefix) })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		s := byPart[found[i].part]
		if s == nil {
			s = newSorting(f)
			byPart[found[i].part] = s
		}
		rest := strings.TrimPrefix(name, found[i].prefix)
		if isLeftOver(rest) {
			continue
		}
		if !s.add(name, found[i].scheme(rest)) {
			unknown = append(unknown, name)
		}
	}
	parts = map[Part]*File{}
	for part, s := range byPart {
		parts[part] = s.file
	}
	return parts, unknown
}

// Only is Parts of a file that holds one part alone, as in a model folder.
func (f *File) Only(part Part) (only *File, unknown []string) {
	s := newSorting(f)
	has := hasName(f.names, "")
	for _, h := range alone {
		if h.part != part && (h.part != Text || part != Text2) {
			continue
		}
		if scheme := h.in(has); scheme != nil {
			for _, name := range f.names {
				if !isLeftOver(name) && !s.add(name, scheme(name)) {
					unknown = append(unknown, name)
				}
			}
			return s.file, unknown
		}
	}
	return s.file, f.Names()
}

// lived is a home with what was found there.
type lived struct {
	prefix string
	part   Part
	scheme scheme
}

// homesOf finds the homes a file's names are from.
func homesOf(names []string) []lived {
	var found []lived
	for _, group := range [][]home{homes, alone} {
		for _, h := range group {
			if scheme := h.in(hasName(names, h.prefix)); scheme != nil {
				found = append(found, lived{h.prefix, h.part, scheme})
				if h.prefix == "" {
					break
				}
			}
		}
		if len(found) > 0 {
			break // a file of prefixes has no part without
		}
	}
	return found
}

// hasName looks for names behind a prefix.
func hasName(names []string, prefix string) func(string) bool {
	all := map[string]bool{}
	for _, n := range names {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			all[rest] = true
		}
	}
	return func(name string) bool { return all[name] }
}

// sorting is the view of a file that one part gets.
type sorting struct {
	from, file *File
}

func newSorting(f *File) *sorting {
	view := *f
	view.tensors, view.names = map[string]entry{}, nil
	return &sorting{f, &view}
}

// add puts a tensor's pieces under their own names; false if there are none, or
// if the tensor can't be cut into them.
func (s *sorting) add(name string, pieces []piece) bool {
	e := s.from.tensors[name]
	var cut []entry
	for _, p := range pieces {
		if _, twice := s.file.tensors[p.name]; twice {
			return false
		}
		c, ok := e.piece(p)
		if !ok {
			return false
		}
		cut = append(cut, c)
	}
	for i, p := range pieces {
		s.file.tensors[p.name] = cut[i]
		s.file.names = append(s.file.names, p.name)
	}
	return len(pieces) > 0
}

// piece is the entry of a part of a tensor.
func (e entry) piece(p piece) (entry, bool) {
	ok := true
	if p.of > 0 {
		e, ok = e.part(p.n, p.of)
	}
	if ok && p.transposed {
		e, ok = e.transposed()
	}
	return e, ok
}
