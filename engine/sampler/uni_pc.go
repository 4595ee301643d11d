package sampler

import "darkroom/engine/noise/elementary"

// uniPC is the unified predictor-corrector with B(h) = h (Zhao et al. 2023,
// "UniPC"; order 3 as ComfyUI and the web UI have it). A step first corrects the
// latent with the estimate that was made in it, and then predicts the next one
// through up to three estimates; the correction costs no further estimate. The
// order falls to 1 towards the end.
func uniPC(s *step) []float32 { return s.uniPC(func(hh float64) float64 { return hh }) }

// uniPCBH2 has B(h) = eʰ−1, as diffusers.
func uniPCBH2(s *step) []float32 { return s.uniPC(elementary.Expm1) }

// uniPC remembers the corrected latent of the last step and the estimates of the
// last three, in this order.
func (s *step) uniPC(b func(hh float64) float64) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	corrected := s.Latent
	var estimates [][]float32
	if s.Step > 0 {
		estimates = s.History[1:]
		order := s.orderAt(s.Step - 1)
		corrected = s.unified(b, s.Step-1, s.History[0], estimates[len(estimates)-order:], x0)
	}
	estimates = append(estimates[:len(estimates):len(estimates)], x0)
	estimates = estimates[max(0, len(estimates)-3):]
	s.History = append([][]float32{corrected}, estimates...)
	if to == 0 {
		return x0
	}
	return s.unified(b, s.Step, corrected, estimates[len(estimates)-s.orderAt(s.Step):], nil)
}

// orderAt is the order of a step: as many as there are estimates, and no more
// than there are steps to come.
func (s *step) orderAt(i int) int { return min(s.order(3), i+1, s.Steps()-i) }

// unified goes the i-th step from the latent x along the estimates that were made
// before it, latest last; there is the estimate made at its end, if it has been:
// then this is the corrector, and otherwise the predictor. With h = ln σ − ln σ',
// m the latest estimate, r the places of the others in units of h and D their
// divided differences (the paper's equations 3 and 9 for data prediction):
//
//	x' = (σ'/σ)·x + (1−σ'/σ)·m − B(−h)·Σρ·D    with R·ρ = b
func (s *step) unified(b func(hh float64) float64, i int, x []float32, estimates [][]float32, there []float32) []float32 {
	from, to := s.Sigmas[i], s.Sigmas[i+1]
	h := logRatio(from, to)
	last := len(estimates) - 1
	m := estimates[last]
	var places []float64
	var others [][]float32
	for k := 1; k <= last; k++ {
		places = append(places, logRatio(from, s.Sigmas[i-k])/h)
		others = append(others, estimates[last-k])
	}
	if there != nil {
		places = append(places, 1)
		others = append(others, there)
	}
	terms := []term{{to / from, x}, {1 - to/from, m}}
	for k, rho := range unifiedWeights(b(-h), -h, places) {
		w := b(-h) * rho / places[k]
		terms = append(terms, term{-w, others[k]}, term{w, m})
	}
	return sum(terms...)
}

// unifiedWeights is ρ: the solution of Σρⱼ·rⱼⁱ = i!·φᵢ₊₁/B for i = 1, 2, …, but
// ½ for a single one.
func unifiedWeights(b, hh float64, places []float64) []float64 {
	n := len(places)
	if n == 1 {
		return []float64{0.5}
	}
	matrix, right := make([][]float64, n), make([]float64, n)
	factorial := 1.0
	phi := elementary.Expm1(hh)/hh - 1
	for i := range n {
		matrix[i] = make([]float64, n)
		for j, r := range places {
			matrix[i][j] = 1
			for range i {
				matrix[i][j] *= r
			}
		}
		right[i] = phi * factorial / b
		factorial *= float64(i + 2)
		phi = phi/hh - 1/factorial
	}
	return solve(matrix, right)
}

// solve is the solution of a small system of equations by Gauss's elimination. It
// uses up both.
func solve(matrix [][]float64, right []float64) []float64 {
	n := len(right)
	for i := range n {
		for row := i + 1; row < n; row++ {
			factor := matrix[row][i] / matrix[i][i]
			for column := i; column < n; column++ {
				matrix[row][column] -= float64(factor * matrix[i][column])
			}
			right[row] -= float64(factor * right[i])
		}
	}
	for i := n - 1; i >= 0; i-- {
		for column := i + 1; column < n; column++ {
			right[i] -= float64(matrix[i][column] * right[column])
		}
		right[i] /= matrix[i][i]
	}
	return right
}
