package kernel

import "darkroom/engine/float16"

// Count is how many numbers Unpack writes.
func (w *Weights) Count() int { return w.columns() * w.Depth() }

// Unpack writes the weights as a file has them, [Out,In,Taps] of float32 (twice as
// many of Out if they are gated), which NewWeights was given.
func (w *Weights) Unpack(all []float32) {
	same("Unpack", w.Count(), len(all))
	depth := w.Depth()
	Parallel(w.panelCount(), func(p int) {
		read, swap := depth, 0
		if w.pairs != nil {
			read, swap = roundUp(depth, 2), 1 // apart puts the second of a pair first
		}
		buffer := borrowTask(read * panel)
		defer giveBack(buffer)
		from := w.block(*buffer, p, 0, read)
		first, cols := w.panelColumns(p)
		for j := range cols {
			column := all[(first+j)*depth:][:depth]
			for i := range w.In {
				for t := range w.Taps {
					column[i*w.Taps+t] = from[((t*w.In+i)^swap)*panel+j]
				}
			}
		}
	})
}

// Repacked is weights like w, of the same shape and precision, with other numbers
// [Out,In,Taps], which are rounded to w's format on their way, in half, of as many.
func (w *Weights) Repacked(wide []float32, half []uint16) *Weights {
	if w.Format == Float32 {
		half = nil
	} else {
		half = half[:len(wide)]
		const chunk = 1 << 14
		Parallel(ceilDiv(len(wide), chunk), func(i int) {
			from := wide[i*chunk : min((i+1)*chunk, len(wide))]
			to := half[i*chunk:][:len(from)]
			if w.Format == BFloat16 {
				narrowBrainGo(to, from)
				return
			}
			for j, v := range from {
				to[j] = float16.Narrow(v)
			}
		})
		wide = nil
	}
	other := NewWeights(w.columns(), w.In, w.Taps, w.Format, wide, half, w.Gated)
	if w.pairs != nil {
		other.Pair()
	}
	return other
}

// columns is how many columns the matrix has, those of the gate included.
func (w *Weights) columns() int {
	if w.Gated {
		return 2 * w.Out
	}
	return w.Out
}

// panelCount is how many panels there are: pairs of them if the weights are gated.
func (w *Weights) panelCount() int {
	n := ceilDiv(w.Out, panel)
	if w.Gated {
		n *= 2
	}
	return n
}

// panelColumns says which columns a panel holds: the first, and how many.
func (w *Weights) panelColumns(p int) (first, cols int) {
	if !w.Gated {
		return p * panel, min(panel, w.Out-p*panel)
	}
	at := p / 2 * panel
	return at + p%2*w.Out, min(panel, w.Out-at)
}
