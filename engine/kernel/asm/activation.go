package main

import "github.com/mmcloughlin/avo/reg"

// activations writes exp and what is made of it. The formulas are those of
// package kernel's activation_generic.go, operation by operation.
func activations(w width) {
	unary := func(name, doc string, f func(x reg.VecVirtual) reg.VecVirtual) {
		elementwise(w, name, "dst, x []float32", "computes dst = "+doc+".", []string{"dst", "x"}, nil, func(p *program) {
			p.store("dst", f(p.read("x")))
		})
	}
	gradient := func(name, doc string, slope func(x reg.VecVirtual) reg.VecVirtual) {
		elementwise(w, name, "dx, x, dy []float32", "adds dy times the slope of "+doc+" to dx.", []string{"dx", "x", "dy"}, nil, func(p *program) {
			s := slope(p.read("x"))
			p.store("dx", p.fma(p.read("dy"), s, p.read("dx")))
		})
	}
	unary("exp", "e^x", w.exp)
	unary("sigmoid", "σ(x)", w.sigmoid)
	unary("silu", "x·σ(x)", func(x reg.VecVirtual) reg.VecVirtual { return w.mul(x, w.sigmoid(x)) })
	gradient("siluGrad", "x·σ(x)", w.siluSlope)
	unary("gelu", "x·Φ(x)", func(x reg.VecVirtual) reg.VecVirtual { return w.mul(x, w.phi(x)) })
	gradient("geluGrad", "x·Φ(x)", func(x reg.VecVirtual) reg.VecVirtual {
		e := w.exp(w.mul(w.mul(x, x), w.constant("-half")))
		density := w.mul(e, w.constant("invSqrt2Pi"))
		return w.fma(x, density, w.phi(x))
	})
	unary("quickGELU", "x·σ(1.702·x)", func(x reg.VecVirtual) reg.VecVirtual {
		return w.mul(x, w.sigmoid(w.mul(x, w.constant("quickScale"))))
	})
	gradient("quickGELUGrad", "x·σ(1.702·x)", func(x reg.VecVirtual) reg.VecVirtual {
		return w.siluSlope(w.mul(x, w.constant("quickScale")))
	})
}

// polynomial evaluates one of x by Horner's rule, its coefficients being those
// of the given names from the highest on.
func (w width) polynomial(x reg.VecVirtual, names ...string) reg.VecVirtual {
	q := w.load(names[0])
	for _, n := range names[1:] {
		q = w.fma(q, x, w.constant(n))
	}
	return q
}

func (w width) exp(x reg.VecVirtual) reg.VecVirtual {
	t := w.fma(x, w.constant("log2E"), w.load("expRound"))
	n := w.sub(t, w.constant("expRound"))
	r := w.fma(n, w.constant("-ln2High"), x)
	r = w.fma(n, w.constant("-ln2Low"), r)
	q := w.polynomial(r, "expQ4", "expQ3", "expQ2", "expQ1", "expQ0")
	e := w.add(w.fma(w.mul(r, r), q, r), w.constant("one"))
	e = w.raise(e, t)
	e = w.choose(x, greater, w.constant("expMax"), w.constant("infinity"), e)
	e = w.choose(x, less, w.constant("expMin"), w.constant("zero"), e)
	return w.choose(x, unordered, x, x, e)
}

func (w width) sigmoid(x reg.VecVirtual) reg.VecVirtual {
	return w.over("one", w.add(w.exp(w.neg(x)), w.constant("one")))
}

func (w width) siluSlope(x reg.VecVirtual) reg.VecVirtual {
	s := w.sigmoid(x)
	return w.mul(s, w.fma(x, w.from("one", s), w.constant("one")))
}

func (w width) phi(x reg.VecVirtual) reg.VecVirtual {
	a := w.abs(x)
	a = w.choose(a, greater, w.constant("phiMax"), w.constant("phiMax"), a)
	t := w.polynomial(a, "phiT8", "phiT7", "phiT6", "phiT5", "phiT4", "phiT3", "phiT2", "phiT1", "phiT0")
	h := w.mul(w.exp(w.mul(t, a)), w.constant("half"))
	return w.choose(x, less, w.constant("zero"), h, w.from("one", h))
}
