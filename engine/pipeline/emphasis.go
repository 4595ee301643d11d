package pipeline

// multiplied is embeddings zs, each [T,D], times the weights of their tokens; nil
// weights are all 1. With restore all of them are then scaled by one number that
// gives them the mean they had, each counted so many times (AUTOMATIC1111's web
// UI, modules/sd_emphasis.py, where a chunk of all variants of a scheduled prompt
// is one tensor).
func multiplied(zs [][]float32, weights [][]float64, counts []int, restore bool) [][]float32 {
	any := false
	for _, w := range weights {
		any = any || w != nil
	}
	if !any {
		return zs
	}
	var before, after float64
	out := make([][]float32, len(zs))
	for i, z := range zs {
		out[i] = weighted(z, weights[i])
		var was, is float64
		for k, v := range out[i] {
			was += float64(z[k])
			is += float64(v)
		}
		n := float64(counts[i])
		before += float64(n * was)
		after += float64(n * is)
	}
	if restore && after != 0 {
		ratio := float32(before / after)
		for _, z := range out {
			for k := range z {
				z[k] *= ratio
			}
		}
	}
	return out
}

// weighted is a copy of z times its weights.
func weighted(z []float32, weights []float64) []float32 {
	out := make([]float32, len(z))
	copy(out, z)
	if weights == nil {
		return out
	}
	width := len(z) / len(weights)
	for i := range out {
		out[i] *= float32(weights[i/width])
	}
	return out
}

// awayFrom moves embeddings zs, each [T,D], away from those of the empty prompt
// or towards them: (z − empty)·w + empty (ComfyUI, comfy/sd1_clip.py).
func awayFrom(empty []float32, zs [][]float32, weights [][]float64) [][]float32 {
	out := make([][]float32, len(zs))
	for i, z := range zs {
		out[i] = z
		if weights[i] == nil {
			continue
		}
		out[i] = make([]float32, len(z))
		width := len(z) / len(weights[i])
		for k, v := range z {
			out[i][k] = v
			if w := weights[i][k/width]; w != 1 {
				out[i][k] = float32((v-empty[k])*float32(w)) + empty[k]
			}
		}
	}
	return out
}
