package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// curve is a way down the noise levels.
type curve struct {
	name    string   // in recipes and on the command line
	label   string   // in the window, as the web UI writes it
	aliases []string // what other tools call it, as plain writes them
	// levels is n steps: falling levels, the last of them 0 unless a variant ends above.
	levels func(s *Schedule, n int, o Options) ([]float64, error)
}

// curves is every curve, most usual first.
var curves = []curve{
	{"normal", "Uniform", []string{"discrete"}, normal},
	{"karras", "Karras", nil, karras},
	{"exponential", "Exponential", nil, exponential},
	{"polyexponential", "Polyexponential", nil, polyexponential},
	{"sgm_uniform", "SGM Uniform", []string{"trailing"}, sgmUniform},
	{"simple", "Simple", nil, simple},
	{"ddim_uniform", "DDIM", []string{"leading"}, ddimUniform},
	{"beta", "Beta", nil, beta},
	{"kl_optimal", "KL Optimal", nil, klOptimal},
	{"align_your_steps", "Align Your Steps", []string{"ays", "alignyoursteps11"}, alignYourSteps},
	{"align_your_steps_gits", "Align Your Steps GITS", []string{"aysgits", "gits"}, gits},
	{"turbo", "Turbo", []string{"sdturbo"}, turbo},
	{"linear_quadratic", "Linear Quadratic", nil, linearQuadratic},
}

// Curves is the names of the curves there are.
func Curves() []string {
	names := make([]string, len(curves))
	for i, c := range curves {
		names[i] = c.name
	}
	return names
}

// Label is how a person knows a curve ("Uniform" for normal); an unknown name
// is its own label.
func Label(name string) string {
	c, err := find(name)
	if err != nil {
		return name
	}
	return c.label
}

// Parse is the name of the curve that a person or another tool means by s: case,
// blanks and punctuation don't matter, and the names of the web UI, ComfyUI and
// stable-diffusion.cpp are known. The error of an unknown one lists those there
// are.
func Parse(s string) (string, error) {
	c, err := find(s)
	return c.name, err
}

// Suffix splits the curve's name off the end of a sampler's, such as the web UI
// wrote until version 1.9 ("DPM++ 2M Karras"), in every way there is.
func Suffix(s string) (splits [][2]string) {
	for i, r := range s {
		if c, ok := known(s[i:]); ok && strings.ContainsRune(" _-", r) {
			splits = append(splits, [2]string{s[:i], c.name})
		}
	}
	return splits
}

func find(name string) (curve, error) {
	c, ok := known(name)
	if !ok {
		return c, fmt.Errorf("no schedule is called %q; choose one of %s", name, strings.Join(Curves(), ", "))
	}
	return c, nil
}

func known(name string) (curve, bool) {
	wanted := plain(name)
	for _, c := range curves {
		if wanted == plain(c.name) || wanted == plain(c.label) || slices.Contains(c.aliases, wanted) {
			return c, true
		}
	}
	return curve{}, false
}

// plain is a name without case, blanks and punctuation.
func plain(s string) string {
	return punctuation.Replace(strings.ToLower(s))
}

var punctuation = strings.NewReplacer(" ", "", "_", "", "-", "")
