package main

// arithmetic writes the functions of a few operations an element.
func arithmetic(l level) {
	l.elementwise("add", "dst, a, b []float32", "computes dst = a + b.", []string{"dst", "a", "b"}, short, nil, func(p program) {
		p.store("dst", p.add(p.read("a"), p.read("b")))
	})
	l.elementwise("mul", "dst, a, b []float32", "computes dst = a · b.", []string{"dst", "a", "b"}, short, nil, func(p program) {
		p.store("dst", p.mul(p.read("a"), p.read("b")))
	})
	l.elementwise("mulAdd", "dst, a, b []float32", "computes dst = fma(a, b, dst).", []string{"dst", "a", "b"}, short, nil, func(p program) {
		p.store("dst", p.fma(p.read("a"), p.read("b"), p.read("dst")))
	})
	l.elementwise("scaleShift", "dst, x, scale, shift []float32", "computes dst = fma(x, scale, shift).", []string{"dst", "x", "scale", "shift"}, short, nil, func(p program) {
		p.store("dst", p.fma(p.read("x"), p.read("scale"), p.read("shift")))
	})
	l.elementwise("combine", "dst, x, y, a, b, c []float32", "computes dst = fma(a, x, fma(b, y, c)).", []string{"dst", "x", "y", "a", "b", "c"}, short, nil, func(p program) {
		p.store("dst", p.fma(p.read("a"), p.read("x"), p.fma(p.read("b"), p.read("y"), p.read("c"))))
	})
	var factor value
	parameter := func(name string) func(p program) {
		return func(p program) { factor = p.scalar(name) }
	}
	l.elementwise("axpy", "dst, x []float32, alpha float32", "computes dst = fma(alpha, x, dst).", []string{"dst", "x"}, short, parameter("alpha"), func(p program) {
		p.store("dst", p.fma(factor, p.read("x"), p.read("dst")))
	})
	l.elementwise("scale", "dst, x []float32, alpha float32", "computes dst = alpha · x.", []string{"dst", "x"}, short, parameter("alpha"), func(p program) {
		p.store("dst", p.mul(factor, p.read("x")))
	})
	l.elementwise("lerp", "dst, x []float32, t float32", "computes dst = fma(t, x−dst, dst).", []string{"dst", "x"}, short, parameter("t"), func(p program) {
		dst := p.read("dst")
		p.store("dst", p.fma(factor, p.sub(p.read("x"), dst), dst))
	})
}

// adamW writes the optimiser's step.
func adamW(l level) {
	// The order of the constants in package kernel.
	names := []string{"fresh1", "keep2", "fresh2", "unbias1", "unbias2", "eps", "decay", "rate"}
	o := map[string]value{}
	l.elementwise("adamW", "w, m, v, g []float32, o *[8]float32", "does one step of AdamW.", []string{"w", "m", "v", "g"}, short, func(p program) {
		for i, v := range p.numbers("o", len(names)) {
			o[names[i]] = v
		}
	}, func(p program) {
		g, m := p.read("g"), p.read("m")
		m = p.fma(o["fresh1"], p.sub(g, m), m)
		p.store("m", m)
		v := p.fma(p.mul(o["fresh2"], g), g, p.mul(o["keep2"], p.read("v")))
		p.store("v", v)
		root := p.sqrt(p.mul(v, o["unbias2"]))
		step := p.div(p.mul(m, o["unbias1"]), p.add(root, o["eps"]))
		weight := p.read("w")
		p.store("w", p.fma(o["rate"], p.fma(o["decay"], weight, step), weight))
	})
}
