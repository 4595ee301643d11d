package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// constants are those of package kernel, so that they are written down once.
var constants map[string]float32

// readConstants returns the constants of a Go file.
func readConstants(name string) map[string]float32 {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	var cfg types.Config
	pkg, err := cfg.Check("kernel", files, []*ast.File{file}, nil)
	if err != nil {
		log.Fatal(err)
	}
	values := map[string]float32{"half": 0.5, "one": 1, "infinity": float32(math.Inf(1)), "zero": 0}
	for _, n := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(n).(*types.Const); ok {
			v, _ := constant.Float32Val(constant.ToFloat(c.Val()))
			values[n] = v
		}
	}
	return values
}

// constantOf is the constant of a name; a minus before it negates it.
func constantOf(name string) float32 {
	positive, negated := strings.CutPrefix(name, "-")
	v, ok := constants[positive]
	if !ok {
		log.Fatalf("asm: no constant %q in coefficients.go", positive)
	}
	if negated {
		return -v
	}
	return v
}

var globals = map[string]Mem{}

// global returns eight copies of a constant in memory.
func global(name string) Mem {
	symbol := name
	if positive, negated := strings.CutPrefix(name, "-"); negated {
		symbol = positive + "Negated"
	}
	return globalBits(symbol, math.Float32bits(constantOf(name)))
}

func globalBits(name string, bits uint32) Mem {
	m, ok := globals[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(bits))
		}
		globals[name] = m
	}
	return m
}
