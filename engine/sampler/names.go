package sampler

import (
	"fmt"
	"slices"
	"strings"

	"darkroom/engine/schedule"
)

// method is one sampler: its names, its step and what tools do with it.
type method struct {
	name    string   // in recipes and on the command line
	label   string   // in the window, as the web UI writes it
	aliases []string // what other tools call it, as plain writes them
	// step is the latent at the next level. It may change the state it works on,
	// which is thrown away if an error comes up, but writes into no slice of it.
	step func(s *step) []float32
	// history is the number of latents kept for the next step.
	history  int
	eta      float64                          // what it usually is
	solvers  []string                         // what Options.Solver may be, the usual first
	plan     func(sigmas []float64) []float64 // levels that rise, too, made of those of the run
	unguided bool                             // it looks at the estimate without guidance
	training bool                             // it needs to know the model's timesteps
	keeps    func(s *State) int               // how many latents a State has kept; nil is as many as steps, up to history
	// What the web UI and ComfyUI do.
	automatic     string             // the schedule that the web UI means by "Automatic"; empty is normal
	discardsLevel []schedule.Variant // whose schedules leave the penultimate level out
}

var (
	inA1111 = []schedule.Variant{schedule.A1111}
	inComfy = []schedule.Variant{schedule.ComfyUI}
	inBoth  = []schedule.Variant{schedule.A1111, schedule.ComfyUI}
)

// methods is every sampler, most usual first.
var methods = []method{
	{name: "euler", label: "Euler", aliases: []string{"eulerdiscretescheduler"}, step: euler},
	{name: "euler_ancestral", label: "Euler a", aliases: []string{"eulera", "eulerancestraldiscretescheduler"}, step: eulerAncestral, eta: 1},
	{name: "ddim", label: "DDIM", aliases: []string{"ddimscheduler"}, step: ddim},
	{name: "dpmpp_2m", label: "DPM++ 2M", aliases: []string{"dpmsolvermultistepscheduler"}, step: dpmpp2M, history: 1, automatic: "karras"},
	{name: "dpmpp_2m_sde", label: "DPM++ 2M SDE", aliases: []string{"dpmpp2msdegpu"}, step: dpmpp2MSDE, history: 1, eta: 1, automatic: "exponential"},
	{name: "dpmpp_2m_sde_heun", label: "DPM++ 2M SDE Heun", aliases: []string{"dpmpp2msdeheungpu"}, step: dpmpp2MSDEHeun, history: 1, eta: 1, automatic: "exponential"},
	{name: "dpmpp_3m_sde", label: "DPM++ 3M SDE", aliases: []string{"dpmpp3msdegpu"}, step: dpmpp3MSDE, history: 2, eta: 1, automatic: "exponential", discardsLevel: inA1111},
	{name: "dpmpp_sde", label: "DPM++ SDE", aliases: []string{"dpmppsdegpu", "dpmsolversdescheduler"}, step: dpmppSDE, eta: 1, automatic: "karras"},
	{name: "dpmpp_2s", label: "DPM++ 2S", aliases: []string{"dpmsolversinglestepscheduler"}, step: dpmpp2S, keeps: dpmpp2SKeeps},
	{name: "dpmpp_2s_ancestral", label: "DPM++ 2S a", aliases: []string{"dpmpp2sa"}, step: dpmpp2SAncestral, eta: 1, automatic: "karras"},
	{name: "heun", label: "Heun", aliases: []string{"heundiscretescheduler"}, step: heun},
	{name: "dpm_2", label: "DPM2", aliases: []string{"kdpm2", "kdpm2discretescheduler"}, step: dpm2, automatic: "karras", discardsLevel: inBoth},
	{name: "dpm_2_ancestral", label: "DPM2 a", aliases: []string{"dpm2a", "kdpm2a", "kdpm2ancestraldiscretescheduler"}, step: dpm2Ancestral, eta: 1, automatic: "karras", discardsLevel: inBoth},
	{name: "lms", label: "LMS", aliases: []string{"lmsdiscretescheduler"}, step: lms, history: 3},
	{name: "uni_pc", label: "UniPC", aliases: []string{"unipcbh1"}, step: uniPC, history: 4, keeps: uniPCKeeps, discardsLevel: inComfy},
	{name: "uni_pc_bh2", label: "UniPC bh2", aliases: []string{"unipcmultistepscheduler"}, step: uniPCBH2, history: 4, keeps: uniPCKeeps, discardsLevel: inComfy},
	{name: "deis", label: "DEIS", aliases: []string{"deismultistepscheduler"}, step: deis, history: 2, solvers: []string{deisTab, deisLogRho}},
	{name: "ipndm", label: "IPNDM", aliases: []string{"ipndmscheduler"}, step: ipndm, history: 3},
	{name: "plms", label: "PLMS", aliases: []string{"pndm", "pndmscheduler"}, step: plms, history: 3},
	{name: "dpm_adaptive", label: "DPM adaptive", aliases: []string{"dpmad"}, step: dpmAdaptive, keeps: adaptiveKeeps},
	{name: "restart", label: "Restart", step: restart, plan: restartLevels, automatic: "karras"},
	{name: "ddpm", label: "DDPM", aliases: []string{"ddpmscheduler"}, step: ddpm, eta: 1},
	{name: "lcm", label: "LCM", aliases: []string{"lcmscheduler"}, step: lcm},
	{name: "tcd", label: "TCD", aliases: []string{"tcdscheduler"}, step: tcd, eta: 0.3, training: true},
	{name: "euler_cfg_pp", label: "Euler CFG++", step: eulerCFGpp, unguided: true},
	{name: "euler_ancestral_cfg_pp", label: "Euler a CFG++", step: eulerCFGpp, eta: 1, unguided: true},
	{name: "ddim_cfg_pp", label: "DDIM CFG++", step: eulerCFGpp, unguided: true},
}

// uniPCKeeps is the corrected latent and up to three estimates.
func uniPCKeeps(s *State) int {
	if s.Step == 0 {
		return 0
	}
	return 1 + min(s.Step, 3)
}

// adaptiveKeeps is one latent, with two numbers, from the first try on.
func adaptiveKeeps(s *State) int {
	if len(s.Numbers) == 0 {
		return 0
	}
	if len(s.Numbers) != 2 {
		return -1 // no number of latents is right
	}
	return 1
}

// kept is the number of latents that a State of this method has kept.
func (m method) kept(s *State) int {
	if m.keeps != nil {
		return m.keeps(s)
	}
	return min(s.Step, m.history)
}

// options is the usual options.
func (m method) options() Options { return Options{Eta: m.eta, SNoise: 1} }

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

// NeedsUnguided reports whether a sampler looks at the estimate without guidance.
func NeedsUnguided(name string) bool { m, _ := find(name); return m.unguided }

// NeedsTraining reports whether a sampler's State must know the noise levels the
// model was trained on.
func NeedsTraining(name string) bool { m, _ := find(name); return m.training }

// Automatic is the schedule that the web UI draws with if a recipe names none.
func Automatic(name string) string {
	if m, _ := find(name); m.automatic != "" {
		return m.automatic
	}
	return "normal"
}

// DiscardsPenultimate reports whether a tool computes one noise level more for a
// sampler and leaves the lowest above 0 out.
func DiscardsPenultimate(name string, v schedule.Variant) bool {
	m, _ := find(name)
	return slices.Contains(m.discardsLevel, v)
}

// Parse is the name of the sampler that a person or another tool means by s and,
// where s names one as well ("DPM++ 2M Karras", "ddim_trailing", "lms_k"), the
// schedule: case, blanks and punctuation don't matter, and the names of the web
// UI, ComfyUI, InvokeAI, stable-diffusion.cpp and diffusers' classes are known.
// The error of an unknown one lists those there are.
func Parse(s string) (name, curve string, err error) {
	if m, ok := known(s); ok {
		return m.name, "", nil
	}
	if sampler, found := strings.CutSuffix(s, "_k"); found { // InvokeAI
		s = sampler + " karras"
	}
	for _, split := range schedule.Suffix(s) {
		if m, ok := known(split[0]); ok {
			return m.name, split[1], nil
		}
	}
	return "", "", unknown(s)
}

func known(s string) (method, bool) {
	wanted := plain(s)
	for _, m := range methods {
		if wanted == plain(m.name) || wanted == plain(m.label) || slices.Contains(m.aliases, wanted) {
			return m, true
		}
	}
	return method{}, false
}

// plain is a name without case, blanks, punctuation and the k_ of k-diffusion.
func plain(s string) string {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "k_")
	return punctuation.Replace(s)
}

var punctuation = strings.NewReplacer("++", "pp", " ", "", "_", "", "-", "")

func find(name string) (method, error) {
	for _, m := range methods {
		if m.name == name {
			return m, nil
		}
	}
	return method{}, unknown(name)
}

func unknown(name string) error {
	return fmt.Errorf("no sampler is called %q; choose one of %s", name, strings.Join(Names(), ", "))
}
