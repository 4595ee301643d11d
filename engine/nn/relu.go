package nn

// ReLU is max(x,0), the activation of the tiny autoencoder.
var ReLU = Activation{relu, reluGrad}

func relu(dst, x []float32) {
	for i, v := range x {
		dst[i] = max(v, 0)
	}
}

func reluGrad(dx, x, dy []float32) {
	for i, v := range x {
		if v > 0 {
			dx[i] += dy[i]
		}
	}
}
