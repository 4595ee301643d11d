package main

import (
	"fmt"
	"log"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/printer"
)

// avo knows only x86, but what it prints need not be: this file makes functions
// for arm64 of its nodes, and chooses the registers itself.

// routine is a function for arm64 under way.
type routine struct {
	*ir.Function
	lines    []line
	generals int // general registers in use
}

// line is an instruction or a label.
type line struct {
	node    ir.Node
	vectors []*vector // that it names
	target  string    // where it goes, if it is a branch
	copy    bool      // it copies the first vector to the second
}

// newRoutine begins a function of some parameters.
func newRoutine(name, doc, params string) *routine {
	signature, err := gotypes.ParseSignature("func" + params)
	if err != nil {
		log.Fatalf("asm: %s: %v", name, err)
	}
	r := &routine{Function: ir.NewFunction(name)}
	r.Attributes = attr.NOSPLIT
	r.Doc = []string{name + " " + doc}
	r.AddPragma("noescape")
	r.SetSignature(signature)
	return r
}

// vector is a vector register. Its number is chosen when the function is whole.
type vector struct{ number, first, last int }

// view is a vector the way an instruction names it.
type view struct {
	v      *vector
	format string
	args   []any
}

func (w view) Asm() string {
	return fmt.Sprintf(w.format, append([]any{w.v.number}, w.args...)...)
}

func (w view) names() []*vector { return []*vector{w.v} }

// A vector itself names the register as a whole, all 128 bits of it.
func (v *vector) Asm() string { return fmt.Sprintf("F%d", v.number) }

func (v *vector) names() []*vector { return []*vector{v} }

func (v *vector) floats() Op { return view{v, "V%d.S4", nil} }

func (v *vector) bytes() Op { return view{v, "V%d.B16", nil} }

func (v *vector) lane(i int) Op { return view{v, "V%d.S[%d]", []any{i}} }

// general is a general register.
type general int

func (g general) Asm() string { return fmt.Sprintf("R%d", int(g)) }

// general returns a register that nothing else uses: from R16 on they belong to
// the linker, the system and Go.
func (r *routine) general() general {
	if r.generals == 16 {
		log.Fatalf("asm: %s takes too many general registers", r.Name)
	}
	r.generals++
	return general(r.generals - 1)
}

// place is an address in memory.
type place struct {
	base   general
	offset int
}

func (p place) Asm() string { return fmt.Sprintf("%d(%s)", p.offset, p.base.Asm()) }

// symbol is the address of a global.
type symbol struct{ *ir.Global }

func (s symbol) Asm() string { return "$" + s.Base().Asm() }

// write adds an instruction.
func (r *routine) write(opcode string, operands ...Op) {
	l := line{node: &ir.Instruction{Opcode: opcode, Operands: operands}}
	for _, o := range operands {
		switch o := o.(type) {
		case interface{ names() []*vector }:
			l.vectors = append(l.vectors, o.names()...)
		case LabelRef:
			l.target = string(o)
		}
	}
	r.lines = append(r.lines, l)
}

// move copies a vector, or makes one of two where the source ends with that.
func (r *routine) move(from, to *vector) {
	r.write("VMOV", from.bytes(), to.bytes())
	r.lines[len(r.lines)-1].copy = true
}

func (r *routine) label(name string) {
	r.lines = append(r.lines, line{node: ir.Label(name)})
}

// parameter is where a parameter, or a part of one, is.
func parameter(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		log.Fatal("asm: ", err)
	}
	return b.Addr
}

// param loads a parameter into a general register, the address of a slice's
// elements for a slice.
func (r *routine) param(name string) general {
	c := r.Signature.Params().Lookup(name)
	if _, err := c.Resolve(); err != nil {
		c = c.Base()
	}
	g := r.general()
	r.write("MOVD", parameter(c), g)
	return g
}

// count loads the length of a slice.
func (r *routine) count(slice string) general {
	g := r.general()
	r.write("MOVD", parameter(r.Signature.Params().Lookup(slice).Len()), g)
	return g
}

// repeat writes a loop that takes step off n as long as it is there.
func (r *routine) repeat(name string, n general, step int, body func()) {
	r.write("SUBS", Imm(uint64(step)), n)
	r.write("BLT", LabelRef(name+"Rest"))
	r.label(name)
	body()
	r.write("SUBS", Imm(uint64(step)), n)
	r.write("BGE", LabelRef(name))
	r.label(name + "Rest")
	r.write("ADD", Imm(uint64(step)), n)
}

// allocate chooses the registers, in one pass over the lines, and tells whether
// there are enough.
func (r *routine) allocate() bool {
	begins, ends := r.lifetimes()
	free := ^uint32(0)
	for i, l := range r.lines {
		for _, v := range ends[i] {
			if v.first < i {
				free |= 1 << v.number
			}
		}
		for _, v := range begins[i] {
			v.number = 0
			if l.copy && l.vectors[0].last == i {
				v.number = l.vectors[0].number
			} else {
				for v.number < 32 && free>>v.number&1 == 0 {
					v.number++
				}
				if v.number == 32 {
					return false
				}
			}
			free &^= 1 << v.number
			if v.last == i {
				free |= 1 << v.number
			}
		}
		if !l.copy || l.vectors[0].number != l.vectors[1].number {
			r.AddNode(l.node)
		}
	}
	return true
}

// lifetimes lists the vectors that begin and that end at each line. One that is
// there before a loop and needed in it stays to the end of the loop.
func (r *routine) lifetimes() (begins, ends [][]*vector) {
	begins, ends = make([][]*vector, len(r.lines)), make([][]*vector, len(r.lines))
	var all []*vector
	labels := map[string]int{}
	for i, l := range r.lines {
		for _, v := range l.vectors {
			if v.last < 0 {
				v.first = i
				begins[i] = append(begins[i], v)
				all = append(all, v)
			}
			v.last = i
		}
		if name, ok := l.node.(ir.Label); ok {
			labels[string(name)] = i
		}
		if start, ok := labels[l.target]; ok {
			for _, v := range all {
				if v.first < start && v.last > start {
					v.last = i
				}
			}
		}
	}
	for _, v := range all {
		ends[v.last] = append(ends[v.last], v)
	}
	return begins, ends
}

func newVector() *vector { return &vector{last: -1} }

// writeARM64 writes a file of functions, and one of their declarations.
func writeARM64(file *ir.File, out, stubs, pkg string) {
	constraint, err := buildtags.ParseConstraint("arm64,!purego")
	if err != nil {
		log.Fatal(err)
	}
	file.Constraints = constraint.ToConstraints()
	file.Includes = []string{"textflag.h"}
	cfg := printer.NewGoRunConfig()
	cfg.Pkg = pkg
	for name, p := range map[string]printer.Printer{out: printer.NewGoAsm(cfg), stubs: printer.NewStubs(cfg)} {
		text, err := p.Print(file)
		if err == nil {
			err = os.WriteFile(name, text, 0o644)
		}
		if err != nil {
			log.Fatalf("asm: %s: %v", name, err)
		}
	}
}
