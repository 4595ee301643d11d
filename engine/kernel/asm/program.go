package main

import . "github.com/mmcloughlin/avo/operand"

// level writes functions for one kind of vectors, from computations that are
// written once for all kinds.
type level interface {
	// elementwise writes a function whose slices are all of one length: body is
	// the computation on the current elements, prepare what comes before the
	// loops.
	elementwise(name, params, doc string, slices []string, l length, prepare, body func(p program))
	// reduction writes a function over whole groups of 16 elements that keeps the
	// 16 lanes in registers: step takes them further by the current elements.
	reduction(name, params, doc string, slices []string, l length, prepare func(p program), step func(p program, acc lanes))
	// channels writes a function over channels, whose number, a multiple of 16, is
	// the parameter count.
	channels(name, params, doc, count string, prepare, body func(p program))
	// columnDots writes the sums down the columns of two matrices.
	columnDots()
	// matrix writes the functions of the matrix product.
	matrix()
}

// length is that of the chain of operations that an element goes through: many
// long ones have to be under way at a time.
type length bool

const (
	short length = false
	long  length = true
)

// program is a computation on the current elements, in any number of registers
// at a time. Its methods write instructions.
type program interface {
	// read reads the current elements of a slice, in leaves that to the
	// instruction that has them as its operand, and store writes them.
	read(slice string) value
	in(slice string) operand
	store(slice string, v value)
	// scalar is the number in a parameter, and numbers are the n that one points to.
	scalar(name string) value
	numbers(name string, n int) []value
	// constant is a constant of coefficients.go, or half, one, infinity or zero;
	// a minus before its name negates it. load makes a value of it.
	constant(name string) operand
	load(name string) value

	add(a value, b operand) value
	sub(a value, b operand) value
	mul(a value, b operand) value
	div(a value, b operand) value
	sqrt(a value) value
	// max returns a where it is greater, and b elsewhere.
	max(a value, b operand) value
	// fma returns a·b + c.
	fma(a value, b, c operand) value
	// abs clears the sign, neg turns it.
	abs(a value) value
	neg(a value) value
	// raise returns a·2^n, where n is in the low bits of t.
	raise(a, t value) value
	// choose returns yes where a and b compare so, and no elsewhere.
	choose(a value, c comparison, b, yes operand, no value) value

	// These work on the lanes in place: they add x or a·b, or put x there unless
	// the lane is greater.
	addTo(acc lanes, x operand)
	fmaTo(acc lanes, a value, b operand)
	maxTo(acc lanes, x operand)

	// These are for functions over channels. They load parameters: slices, strides
	// and tables of slices.
	slices(names ...string)
	strides(names ...string)
	tables(names ...string)
	// row is where the current channels of slice i of a table are, grid the numbers
	// that lie a stride apart in a slice, so many in a row.
	row(table string, i int) Op
	grid(slice, stride string, columns int) grid
	// These read, leave where it is, and write what is at an address.
	readAt(address Op) value
	inAt(address Op) operand
	storeAt(address Op, v value)
}

// grid addresses the current channels of some rows of numbers.
type grid interface {
	row(i int) addresses
	column(j int) addresses
}

// addresses are those of numbers in a line, each of which holds until the next one.
type addresses func(i int) Op

// operand is a value, or what an instruction finds elsewhere.
type operand interface{ part(i int) Op }

// value is elements in some registers: the instructions for one register mix
// with those for the others, so that one long chain need not wait for another.
// A single register is the same for all.
type value []Op

func (v value) part(i int) Op { return v[min(i, len(v)-1)] }

// lanes is the 16 lanes of a reduction in registers.
type lanes value

// of is the register of lanes that register i of a value belongs to.
func (l lanes) of(i int) Op { return l[i%len(l)] }

// comparison is an ordered one, or the one for NaN, as VCMPPS numbers them.
type comparison uint64

const (
	less      comparison = 0x11
	greater   comparison = 0x1e
	unordered comparison = 0x03
)
