package sampler

import (
	"fmt"
	"strings"
)

// method is one sampler: its names and its step.
type method struct {
	name    string   // in recipes and on the command line
	label   string   // in the window, as the web UI writes it
	aliases []string // what other tools call it, as plain writes them
	keeps   int      // earlier estimates the step needs
	// step is the latent at s.Sigmas[s.Step+1], given the estimate x0 at
	// s.Sigmas[s.Step]. It may draw from s.Noise and changes nothing else.
	step func(s *State, x0 []float32) []float32
}

// methods is every sampler, most usual first.
var methods = []method{
	{name: "euler", label: "Euler", aliases: []string{"eulerdiscretescheduler"}, step: euler},
	{name: "euler_ancestral", label: "Euler a", aliases: []string{"eulera", "eulerancestraldiscretescheduler"}, step: eulerAncestral},
	{name: "ddim", label: "DDIM", aliases: []string{"ddimscheduler"}, step: ddim},
	{name: "dpmpp_2m", label: "DPM++ 2M", aliases: []string{"dpmsolvermultistepscheduler"}, keeps: 1, step: dpmpp2M},
}

// Names is the samplers there are.
func Names() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}

// Label is how a person knows a sampler ("Euler a" for euler_ancestral); an
// unknown name is its own label.
func Label(name string) string {
	m, err := find(name)
	if err != nil {
		return name
	}
	return m.label
}

// Parse is the name of the sampler that a person or another tool means by s:
// case, blanks and punctuation don't matter, and the names of the web UI,
// ComfyUI, stable-diffusion.cpp and diffusers' classes are known. The error of
// an unknown one lists those there are.
func Parse(s string) (string, error) {
	wanted := plain(s)
	for _, m := range methods {
		if wanted == plain(m.name) || wanted == plain(m.label) {
			return m.name, nil
		}
		for _, alias := range m.aliases {
			if wanted == alias {
				return m.name, nil
			}
		}
	}
	return "", fmt.Errorf("no sampler is called %q; choose one of %s", s, strings.Join(Names(), ", "))
}

// plain is a name without case, blanks, punctuation and the k_ of k-diffusion.
func plain(s string) string {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "k_")
	return strings.NewReplacer("++", "pp", " ", "", "_", "", "-", "").Replace(s)
}

func find(name string) (method, error) {
	for _, m := range methods {
		if m.name == name {
			return m, nil
		}
	}
	return method{}, fmt.Errorf("no sampler is called %q; choose one of %s", name, strings.Join(Names(), ", "))
}
