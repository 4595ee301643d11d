package sampler

// plms is the pseudo linear multistep method of the first Stable Diffusion (Liu
// et al. 2022, with Heun's step first): as ipndm, but the step to the lowest
// level too.
func plms(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	epsilon := slope(s.Latent, x0, from)
	next := x0
	switch {
	case s.Step > 0:
		next = s.multistep(epsilon, from, to, s.order(4))
	case to > 0:
		there := toward(s.Latent, x0, from, to)
		half := (to - from) / 2
		next = sum(term{1, s.Latent}, term{half, epsilon}, term{half, slope(there, s.estimate(there, to), to)})
	}
	s.remember(3, epsilon)
	return next
}
