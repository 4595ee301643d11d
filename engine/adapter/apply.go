package adapter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"darkroom/engine/nn"
)

// Use is an adapter and how strongly it works on the U-Net and on the text
// encoders; 1 is as it was trained.
type Use struct {
	*Adapter
	UNet, Text float64
}

func (u Use) strength(part string) float64 {
	if part == UNet {
		return u.UNet
	}
	return u.Text
}

// Network is a part of a model whose layers can be changed.
type Network struct {
	Part     string
	Products []*nn.Product
	// Alias is another name that files have for a layer, besides diffusers' own;
	// nil if there is none.
	Alias func(name string) string
}

// Report says what became of an adapter.
type Report struct {
	Adapter   string
	Matched   int      // layers it has changed
	Unmatched []string // what in it found no place, and why
}

// String is one line for a person.
func (r Report) String() string {
	if len(r.Unmatched) == 0 {
		return fmt.Sprintf("%s changes %d layers", r.Adapter, r.Matched)
	}
	return fmt.Sprintf("%s changes %d layers; %d of its parts have no place, such as %s", r.Adapter, r.Matched, len(r.Unmatched), r.Unmatched[0])
}

// Apply makes the networks those of the model with uses laid over it, one after the
// other, and nothing else; without uses it is the model's own. An adapter none of
// whose layers fits is an error, after which the networks are the model's own.
func Apply(ctx context.Context, networks []Network, uses []Use) (reports []Report, err error) {
	defer func() {
		if err != nil {
			Remove(networks)
		}
	}()
	reports = make([]Report, len(uses))
	found := make([]map[layer]bool, len(uses))
	for i, u := range uses {
		reports[i].Adapter, found[i] = u.Name, map[layer]bool{}
		for _, key := range u.unknown {
			reports[i].Unmatched = append(reports[i].Unmatched, key+": this kind of change is unknown")
		}
	}
	var patcher nn.Patcher
	for _, n := range networks {
		for _, p := range n.Products {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			type step struct {
				use int
				*change
			}
			var steps []step
			for i, u := range uses {
				for _, at := range n.names(p) {
					if c := u.changes[at]; c != nil && !found[i][at] {
						found[i][at] = true
						if u.strength(n.Part) != 0 {
							steps = append(steps, step{i, c})
						} else {
							reports[i].Matched++
						}
					}
				}
			}
			if steps == nil {
				p.Restore()
				continue
			}
			s := shape{out: p.Shape[0], in: p.Shape[1], taps: 1}
			for _, k := range p.Shape[2:] {
				s.taps *= k
			}
			patcher.Patch(p, func(w []float32) {
				for _, step := range steps {
					r := &reports[step.use]
					if err := step.lay(w, s, uses[step.use].strength(n.Part)); err != nil {
						r.Unmatched = append(r.Unmatched, fmt.Sprintf("%s: %v", p.Name, err))
					} else {
						r.Matched++
					}
				}
			})
		}
	}
	for i, u := range uses {
		for at := range u.changes {
			if !found[i][at] {
				reports[i].Unmatched = append(reports[i].Unmatched, fmt.Sprintf("%s %s: this model has no such layer", at.part, at.name))
			}
		}
		slices.Sort(reports[i].Unmatched)
		if r := reports[i]; r.Matched == 0 {
			return nil, fmt.Errorf("the LoRA %s does not fit this model (%s): use it with the kind of model that it was made for", r.Adapter, strings.Join(r.Unmatched[:min(1, len(r.Unmatched))], ""))
		}
	}
	return reports, nil
}

// Remove makes the networks the model's own again.
func Remove(networks []Network) {
	for _, n := range networks {
		for _, p := range n.Products {
			p.Restore()
		}
	}
}

// names is the names that files may have for a layer.
func (n Network) names(p *nn.Product) []layer {
	names := []layer{{n.Part, plain(n.Part, p.Name)}}
	if n.Alias != nil {
		if other := (layer{n.Part, plain(n.Part, n.Alias(p.Name))}); other != names[0] {
			names = append(names, other)
		}
	}
	return names
}
