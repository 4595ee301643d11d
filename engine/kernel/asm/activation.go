package main

import (
	. "github.com/mmcloughlin/avo/build"
)

// activations writes exp and what is made of it. The formulas are those of
// package kernel's activation_generic.go, operation by operation.
func activations(w width) {
	// These are long chains: as many at a time as there are registers for.
	unroll := w.lanes / 4
	unary := func(name, doc string, f func(p *program, x value) value) {
		elementwise(w, name, "dst, x []float32", "computes dst = "+doc+".", []string{"dst", "x"}, unroll, nil, func(p *program) {
			p.store("dst", f(p, p.read("x")))
		})
	}
	gradient := func(name, doc string, slope func(p *program, x value) value) {
		elementwise(w, name, "dx, x, dy []float32", "adds dy times the slope of "+doc+" to dx.", []string{"dx", "x", "dy"}, unroll, nil, func(p *program) {
			s := slope(p, p.read("x"))
			p.store("dx", p.fma(p.read("dy"), s, p.read("dx")))
		})
	}
	unary("exp", "e^x", (*program).exp)
	unary("sigmoid", "σ(x)", (*program).sigmoid)
	unary("silu", "x·σ(x)", func(p *program, x value) value { return p.mul(x, p.sigmoid(x)) })
	gradient("siluGrad", "x·σ(x)", (*program).siluSlope)
	unary("gelu", "x·Φ(x)", func(p *program, x value) value { return p.mul(x, p.phi(x)) })
	gradient("geluGrad", "x·Φ(x)", func(p *program, x value) value {
		e := p.exp(p.mul(p.mul(x, x), p.constant("-half")))
		density := p.mul(e, p.constant("invSqrt2Pi"))
		return p.fma(x, density, p.phi(x))
	})
	unary("quickGELU", "x·σ(1.702·x)", func(p *program, x value) value {
		return p.mul(x, p.sigmoid(p.mul(x, p.constant("quickScale"))))
	})
	gradient("quickGELUGrad", "x·σ(1.702·x)", func(p *program, x value) value {
		return p.siluSlope(p.mul(x, p.constant("quickScale")))
	})
}

// polynomial evaluates one of x by Horner's rule, its coefficients being those
// of the given names from the highest on.
func (p *program) polynomial(x value, names ...string) value {
	q := p.load(names[0])
	for _, n := range names[1:] {
		q = p.fma(q, x, p.constant(n))
	}
	return q
}

func (p *program) exp(x value) value {
	t := p.fma(x, p.constant("log2E"), p.load("expRound"))
	n := p.sub(t, p.constant("expRound"))
	r := p.fma(n, p.constant("-ln2High"), x)
	r = p.fma(n, p.constant("-ln2Low"), r)
	q := p.polynomial(r, "expQ4", "expQ3", "expQ2", "expQ1", "expQ0")
	e := p.add(p.fma(p.mul(r, r), q, r), p.constant("one"))
	e = p.raise(e, t)
	e = p.choose(x, greater, p.constant("expMax"), p.constant("infinity"), e)
	e = p.choose(x, less, p.constant("expMin"), p.constant("zero"), e)
	return p.choose(x, unordered, x, x, e)
}

// pow2 is 2^t for t up to 1; below pow2Min, and for NaN, it is 2^pow2Min.
func (p *program) pow2(t value) value {
	t = p.binary(instruction{VMAXPS, VMAXPS_BCST}, t, p.constant("pow2Min"))
	n := p.add(t, p.constant("expRound"))
	f := p.sub(t, p.sub(n, p.constant("expRound")))
	return p.raise(p.polynomial(f, "pow2C5", "pow2C4", "pow2C3", "pow2C2", "pow2C1", "pow2C0"), n)
}

func (p *program) sigmoid(x value) value {
	return p.div(p.load("one"), p.add(p.exp(p.neg(x)), p.constant("one")))
}

func (p *program) siluSlope(x value) value {
	s := p.sigmoid(x)
	return p.mul(s, p.fma(x, p.sub(p.load("one"), s), p.constant("one")))
}

func (p *program) phi(x value) value {
	a := p.abs(x)
	a = p.choose(a, greater, p.constant("phiMax"), p.constant("phiMax"), a)
	t := p.polynomial(a, "phiT8", "phiT7", "phiT6", "phiT5", "phiT4", "phiT3", "phiT2", "phiT1", "phiT0")
	h := p.mul(p.exp(p.mul(t, a)), p.constant("half"))
	return p.choose(x, less, p.constant("zero"), h, p.sub(p.load("one"), h))
}
