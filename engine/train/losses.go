package train

import (
	"math"

	"darkroom/engine/kernel"
	"darkroom/engine/nn"
)

// Weights of the autoencoder's loss beside the mean absolute error (weight 1).
const (
	squareWeight = 2    // mean squared error
	edgeWeight   = 0.5  // mean absolute error of the differences between neighbours, which keeps edges crisp,
	edgeScales   = 3    // at this many scales, from that of the pixels on
	klWeight     = 1e-4 // per latent value: keeps the latents' spread bounded
)

// reconstructionLoss compares y with x [n,size,size,3] and writes the
// gradient by y to dy.
func reconstructionLoss(dy, y, x []float32, n, size int) float64 {
	losses := make([]float64, n)
	picture := size * size * 3
	kernel.Parallel(n, func(i int) {
		fine := scale{make([]float32, picture), dy[i*picture : (i+1)*picture], size}
		share := 1 / float32(n*picture)
		var loss float64
		for at := range picture {
			d := y[i*picture+at] - x[i*picture+at]
			fine.diff[at] = d
			fine.grad[at] = (float32(math.Copysign(1, float64(d))) + 2*squareWeight*d) * share
			loss += (math.Abs(float64(d)) + squareWeight*float64(d*d)) * float64(share)
		}
		losses[i] = loss + fine.edges(n, edgeScales)
	})
	var sum float64
	for _, l := range losses {
		sum += l
	}
	return sum
}

// scale is the difference of two pictures [side,side,3] and the loss's gradient by it.
type scale struct {
	diff, grad []float32
	side       int
}

// edges is the loss of the differences between neighbours, of one of n pictures, at
// this scale and at coarser ones, each of half the size; it adds the gradient.
func (s scale) edges(n, scales int) float64 {
	if scales == 0 || s.side < 2 {
		return 0
	}
	var loss float64
	row, share := s.side*3, edgeWeight/float32(n*len(s.diff))
	edge := func(a, b int) {
		d := s.diff[a] - s.diff[b]
		g := float32(math.Copysign(float64(share), float64(d)))
		s.grad[a] += g
		s.grad[b] -= g
		loss += float64(share) * math.Abs(float64(d))
	}
	for at := range s.diff {
		if at%row+3 < row {
			edge(at+3, at)
		}
		if at+row < len(s.diff) {
			edge(at+row, at)
		}
	}
	half := s.side / 2
	coarse := scale{make([]float32, half*half*3), make([]float32, half*half*3), half}
	// A coarse pixel is the mean of the four at `first` and its neighbours.
	first := func(at int) int { return at/3/half*2*row + at/3%half*6 + at%3 }
	for at := range coarse.diff {
		f := first(at)
		coarse.diff[at] = (s.diff[f] + s.diff[f+3] + s.diff[f+row] + s.diff[f+row+3]) / 4
	}
	loss += coarse.edges(n, scales-1)
	for at, g := range coarse.grad {
		f := first(at)
		for _, to := range [4]int{f, f + 3, f + row, f + row + 3} {
			s.grad[to] += g / 4
		}
	}
	return loss
}

// divergence is the Kullback-Leibler divergence of the latents from a unit
// Gaussian, (μ² + σ² − 1 − ln σ²)/2 a value; dm gets its gradient.
func divergence(dm, moments []float32, latent int) float64 {
	var sum float64
	scale := klWeight / float64(len(moments)/2)
	for at := range moments {
		if at%(2*latent) >= latent {
			continue
		}
		mean, logvar := float64(moments[at]), min(float64(moments[at+latent]), 10)
		variance := math.Exp(logvar)
		sum += (mean*mean + variance - 1 - logvar) / 2
		dm[at] = float32(scale * mean)
		dm[at+latent] = float32(scale * (variance - 1) / 2)
	}
	return sum * scale
}

// How sharply similarities are told apart is learnt, as its logarithm: it starts at
// 1/0.07 and goes up to 100 (Radford et al. 2021).
const (
	firstScale = 1 / 0.07
	mostScale  = 100
)

func newLogitScale() *nn.Param {
	return &nn.Param{Name: "logit_scale", Shape: []int{1}, Value: nn.Wrap([]float32{float32(math.Log(firstScale))}, 1)}
}

// contrast is CLIP's symmetric cross-entropy over the cosines of captions a, which
// say said, and pictures b [n,d]; it writes the gradients and returns that by the
// logarithm of the scale. Those with equal captions are not told apart.
func contrast(a, b, da, db []float32, said []string, logScale float32) (loss float64, dScale float32) {
	n := len(said)
	d := len(a) / n
	ua, la := normalise(a, n)
	ub, lb := normalise(b, n)
	scale := min(math.Exp(float64(logScale)), mostScale)
	logits := make([]float64, n*n)
	kernel.Parallel(n, func(i int) {
		for j := range n {
			logits[i*n+j] = math.Inf(-1)
			if i == j || said[i] != said[j] {
				logits[i*n+j] = scale * cosine(ua[i*d:][:d], ub[j*d:][:d])
			}
		}
	})
	grad := make([]float64, n*n)
	for i := range n {
		loss += crossEntropy(logits, grad, i*n, 1, i, n) + crossEntropy(logits, grad, i, n, i, n)
	}
	dua, dub := make([]float64, n*d), make([]float64, n*d)
	var ds float64
	for i := range n {
		for j := range n {
			g := grad[i*n+j] / float64(2*n)
			if g == 0 {
				continue
			}
			ds += g * logits[i*n+j]
			for k := range d {
				dua[i*d+k] += g * scale * ub[j*d+k]
				dub[j*d+k] += g * scale * ua[i*d+k]
			}
		}
	}
	if scale == mostScale && ds < 0 { // it would grow
		ds = 0
	}
	unnormalise(da, dua, ua, la, n)
	unnormalise(db, dub, ub, lb, n)
	return loss / float64(2*n), float32(ds)
}

// crossEntropy of the n logits from at in strides against the right one, whose
// gradient it adds.
func crossEntropy(logits, grad []float64, at, stride, right, n int) float64 {
	top := math.Inf(-1)
	for i := range n {
		top = max(top, logits[at+i*stride])
	}
	var sum float64
	for i := range n {
		sum += math.Exp(logits[at+i*stride] - top)
	}
	for i := range n {
		grad[at+i*stride] += math.Exp(logits[at+i*stride]-top) / sum
	}
	grad[at+right*stride]--
	return math.Log(sum) - (logits[at+right*stride] - top)
}

// normalise scales each of n rows to length one.
func normalise(x []float32, n int) (u, length []float64) {
	d := len(x) / n
	u, length = make([]float64, len(x)), make([]float64, n)
	for i := range n {
		var sum float64
		for _, v := range x[i*d : (i+1)*d] {
			sum += float64(v) * float64(v)
		}
		length[i] = math.Sqrt(sum) + 1e-9
		for k := range d {
			u[i*d+k] = float64(x[i*d+k]) / length[i]
		}
	}
	return u, length
}

// unnormalise is normalise's gradient: (du − u·(u·du))/length.
func unnormalise(dx []float32, du, u, length []float64, n int) {
	d := len(u) / n
	for i := range n {
		var dot float64
		for k := i * d; k < (i+1)*d; k++ {
			dot += u[k] * du[k]
		}
		for k := i * d; k < (i+1)*d; k++ {
			dx[k] = float32((du[k] - u[k]*dot) / length[i])
		}
	}
}
