package kernel

// Epilogue is what happens to the elements of a product before they are
// written, while they are still in the cache, in this order.
type Epilogue struct {
	// Gated multiplies the first half of the columns by GELU of the second
	// half (Shazeer, "GLU Variants Improve Transformer", 2020); it goes with
	// weights that were packed as gated, and nothing else.
	Gated bool
	// Scale multiplies the elements, unless it is 0.
	Scale float32
	// Activation is applied in place, unless it is nil: SiLU, GELU, QuickGELU.
	Activation func(dst, x []float32)
	// Residual [m,n] is added, unless it is nil; its row r begins at
	// r*ResidualRow.
	Residual    []float32
	ResidualRow int
}

func (e *Epilogue) empty() bool {
	return e.Scale == 0 && e.Activation == nil && e.Residual == nil && !e.Gated
}

// gate computes x = x·GELU(g) and leaves GELU(g) in g.
func (e *Epilogue) gate(x, g []float32) {
	active.gelu(g, g)
	active.mul(x, x, g)
}

// finish writes rows from i0 on of columns [j0,j0+cols) to c; x has rows of
// panel elements and is overwritten.
func (e *Epilogue) finish(c []float32, ldc int, x []float32, i0, rows, j0, cols int) {
	x = x[:rows*panel]
	if e.Scale != 0 {
		active.scale(x, x, e.Scale)
	}
	if e.Activation != nil {
		e.Activation(x, x)
	}
	if e.Residual != nil {
		addRows(c, ldc, x, panel, e.Residual[i0*e.ResidualRow+j0:], e.ResidualRow, cols, rows)
	} else {
		copyRows(c, ldc, x, panel, cols, rows)
	}
}
