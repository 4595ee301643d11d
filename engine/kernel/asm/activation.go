package main

// activations writes exp and what is made of it. The formulas are those of
// package kernel's activation_generic.go, operation by operation.
func activations(l level) {
	unary := func(name, doc string, f func(p program, x value) value) {
		l.elementwise(name, "dst, x []float32", "computes dst = "+doc+".", []string{"dst", "x"}, long, nil, func(p program) {
			p.store("dst", f(p, p.read("x")))
		})
	}
	gradient := func(name, doc string, slope func(p program, x value) value) {
		l.elementwise(name, "dx, x, dy []float32", "adds dy times the slope of "+doc+" to dx.", []string{"dx", "x", "dy"}, long, nil, func(p program) {
			s := slope(p, p.read("x"))
			p.store("dx", p.fma(p.read("dy"), s, p.read("dx")))
		})
	}
	unary("exp", "e^x", exp)
	unary("sigmoid", "σ(x)", sigmoid)
	unary("silu", "x·σ(x)", func(p program, x value) value { return p.mul(x, sigmoid(p, x)) })
	gradient("siluGrad", "x·σ(x)", siluSlope)
	normalised := func(p program) value { return p.fma(p.read("x"), p.read("scale"), p.read("shift")) }
	l.elementwise("scaleShiftSiLU", "dst, x, scale, shift []float32", "computes dst = z·σ(z) for z = fma(x, scale, shift).",
		[]string{"dst", "x", "scale", "shift"}, long, nil, func(p program) {
			z := normalised(p)
			p.store("dst", p.mul(z, sigmoid(p, z)))
		})
	l.elementwise("scaleShiftSiLUGrad", "dz, dy, x, scale, shift []float32", "computes dz = dy times the slope of z·σ(z) for z = fma(x, scale, shift).",
		[]string{"dz", "dy", "x", "scale", "shift"}, long, nil, func(p program) {
			p.store("dz", p.mul(p.read("dy"), siluSlope(p, normalised(p))))
		})
	unary("gelu", "x·Φ(x)", func(p program, x value) value { return p.mul(x, phi(p, x)) })
	gradient("geluGrad", "x·Φ(x)", func(p program, x value) value {
		e := exp(p, p.mul(p.mul(x, x), p.constant("-half")))
		density := p.mul(e, p.constant("invSqrt2Pi"))
		return p.fma(x, density, phi(p, x))
	})
	unary("quickGELU", "x·σ(1.702·x)", func(p program, x value) value {
		return p.mul(x, sigmoid(p, p.mul(x, p.constant("quickScale"))))
	})
	gradient("quickGELUGrad", "x·σ(1.702·x)", func(p program, x value) value {
		return siluSlope(p, p.mul(x, p.constant("quickScale")))
	})
}

// polynomial evaluates one of x by Horner's rule, its coefficients being those
// of the given names from the highest on.
func polynomial(p program, x value, names ...string) value {
	q := p.load(names[0])
	for _, n := range names[1:] {
		q = p.fma(q, x, p.constant(n))
	}
	return q
}

func exp(p program, x value) value {
	t := p.fma(x, p.constant("log2E"), p.load("expRound"))
	n := p.sub(t, p.constant("expRound"))
	r := p.fma(n, p.constant("-ln2High"), x)
	r = p.fma(n, p.constant("-ln2Low"), r)
	q := polynomial(p, r, "expQ4", "expQ3", "expQ2", "expQ1", "expQ0")
	e := p.add(p.fma(p.mul(r, r), q, r), p.constant("one"))
	e = p.raise(e, t)
	e = p.choose(x, greater, p.constant("expMax"), p.constant("infinity"), e)
	e = p.choose(x, less, p.constant("expMin"), p.constant("zero"), e)
	return p.choose(x, unordered, x, x, e)
}

// pow2 is 2^t for t up to 1; below pow2Min, and for NaN, it is 2^pow2Min.
func pow2(p program, t value) value {
	t = p.max(t, p.constant("pow2Min"))
	n := p.add(t, p.constant("expRound"))
	f := p.sub(t, p.sub(n, p.constant("expRound")))
	return p.raise(polynomial(p, f, "pow2C5", "pow2C4", "pow2C3", "pow2C2", "pow2C1", "pow2C0"), n)
}

func sigmoid(p program, x value) value {
	return p.div(p.load("one"), p.add(exp(p, p.neg(x)), p.constant("one")))
}

func siluSlope(p program, x value) value {
	s := sigmoid(p, x)
	return p.mul(s, p.fma(x, p.sub(p.load("one"), s), p.constant("one")))
}

func phi(p program, x value) value {
	a := p.abs(x)
	a = p.choose(a, greater, p.constant("phiMax"), p.constant("phiMax"), a)
	t := polynomial(p, a, "phiT8", "phiT7", "phiT6", "phiT5", "phiT4", "phiT3", "phiT2", "phiT1", "phiT0")
	h := p.mul(pow2(p, p.mul(t, a)), p.constant("half"))
	return p.choose(x, less, p.constant("zero"), h, p.sub(p.load("one"), h))
}
