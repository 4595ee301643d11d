package kernel

// AdamWStep is what one step of AdamW needs to know (Loshchilov and Hutter,
// "Decoupled Weight Decay Regularization", 2019).
type AdamWStep struct {
	LR, Beta1, Beta2, Eps, Decay float32
	// Correct1 and Correct2 are the bias corrections 1−Beta1^t and 1−Beta2^t of
	// step t = 1, 2, …
	Correct1, Correct2 float32
}

// The constants of a step as the inner loop wants them.
const (
	adamFresh1  = iota // 1−β1
	adamKeep2          // β2
	adamFresh2         // 1−β2
	adamUnbias1        // 1/(1−β1^t)
	adamUnbias2        // 1/(1−β2^t)
	adamEps
	adamDecay
	adamRate // −LR
	adamConstants
)

// AdamW updates the weights w and the moments m and v with the gradient g:
//
//	m += (1−β1)·(g−m)
//	v  = β2·v + (1−β2)·g²
//	w −= LR·(m̂/(√v̂+Eps) + Decay·w), m̂ = m/Correct1, v̂ = v/Correct2
func AdamW(w, m, v, g []float32, o AdamWStep) {
	same("AdamW", len(w), len(m), len(v), len(g))
	constants := [adamConstants]float32{
		adamFresh1:  1 - o.Beta1,
		adamKeep2:   o.Beta2,
		adamFresh2:  1 - o.Beta2,
		adamUnbias1: 1 / o.Correct1,
		adamUnbias2: 1 / o.Correct2,
		adamEps:     o.Eps,
		adamDecay:   o.Decay,
		adamRate:    -o.LR,
	}
	chunked4(func(w, m, v, g []float32) { active.adamW(w, m, v, g, &constants) }, w, m, v, g)
}
