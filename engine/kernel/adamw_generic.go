package kernel

import "math"

func adamWGo(w, m, v, g []float32, o *[adamConstants]float32) {
	for i, d := range g {
		m[i] = fma(o[adamFresh1], d-m[i], m[i])
		v[i] = fma(float32(o[adamFresh2]*d), d, float32(o[adamKeep2]*v[i]))
		root := float32(math.Sqrt(float64(float32(v[i] * o[adamUnbias2]))))
		step := float32(m[i]*o[adamUnbias1]) / (root + o[adamEps])
		w[i] = fma(o[adamRate], fma(o[adamDecay], w[i], step), w[i])
	}
}
