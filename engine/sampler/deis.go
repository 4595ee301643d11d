package sampler

import (
	"math"

	"darkroom/engine/noise/elementary"
)

// The kinds of deis.
const (
	deisTab    = "tab"    // polynomials in the time of a variance-preserving process
	deisLogRho = "logrho" // polynomials in ln σ, as diffusers
)

// deis is the exponential integrator with the noise ε extrapolated by a
// polynomial through up to three steps (Zhang and Chen 2022, "Fast sampling of
// diffusion models with exponential integrator", tAB-DEIS as ComfyUI has it):
//
//	x' = x + Σ εⱼ·∫ Lⱼ dσ
//
// with Lagrange's polynomials Lⱼ in time, or in ln σ. The step to 0 is Euler's.
func deis(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	epsilon := slope(s.Latent, x0, from)
	if to == 0 {
		s.remember(2, epsilon)
		return x0
	}
	n := min(len(s.History)+1, s.order(3))
	terms := []term{{1, s.Latent}}
	for j, weight := range deisWeights(s.last(n), to, s.Options.Solver) {
		values := epsilon
		if j < n-1 {
			values = s.History[len(s.History)-(n-1)+j]
		}
		terms = append(terms, term{weight, values})
	}
	s.remember(2, epsilon)
	return sum(terms...)
}

// deisWeights is the integrals of Lagrange's polynomials over σ from the last of
// the levels to the next.
func deisWeights(levels []float64, next float64, solver string) []float64 {
	n := len(levels)
	from := levels[n-1]
	if n == 1 {
		return []float64{next - from}
	}
	place, integrand := vpTime, vpSlope
	if solver == deisLogRho {
		place, integrand = elementary.Log, elementary.Exp
	}
	nodes := make([]float64, n)
	for i, sigma := range levels {
		nodes[i] = place(sigma)
	}
	// ComfyUI takes the mean of the integrand at so many places from end to end
	// for the integral, which is off by their reciprocal.
	const places = 10000
	begin, end := nodes[n-1], place(next)
	weights := make([]float64, n)
	for i := range places {
		t := begin + float64((end-begin)*float64(i)/(places-1))
		slope := integrand(t)
		for j := range weights {
			weights[j] += float64(slope * lagrange(nodes, j, t))
		}
	}
	for j := range weights {
		weights[j] *= (end - begin) / places
	}
	return weights
}

// The variance-preserving process whose time tab-DEIS counts in: ᾱ falls as
// exp(−vpSlope2·t²/2 − vpSlope1·t), such that σ is 0.002 at t = 0.001 and 80 at 1.
var (
	vpHigh   = elementary.Log(1 + 80.0*80)
	vpLow    = elementary.Log(1 + 0.002*0.002)
	vpSlope2 = 2 * (vpLow/0.001 - vpHigh) / (0.001 - 1)
	vpSlope1 = vpHigh - vpSlope2/2
)

// vpTime is the time at which the process has the noise level σ.
func vpTime(sigma float64) float64 {
	ln := elementary.Log(1 + float64(sigma*sigma))
	return (math.Sqrt(float64(vpSlope1*vpSlope1)+float64(2*vpSlope2*ln)) - vpSlope1) / vpSlope2
}

// vpSlope is dσ/dt.
func vpSlope(t float64) float64 {
	alphaBar := elementary.Exp(-float64(vpSlope2*float64(t*t))/2 - float64(vpSlope1*t))
	return (float64(vpSlope2*t) + vpSlope1) / (2 * math.Sqrt(alphaBar*(1-alphaBar)))
}
