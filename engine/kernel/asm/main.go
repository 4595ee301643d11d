// Command asm writes the assembly of package kernel. It is a module of its own,
// so that its dependencies are not the program's.
package main

import (
	"flag"
	"log"
	"os"
	"regexp"

	. "github.com/mmcloughlin/avo/build"
)

// families names what goes into one file.
var families = map[string]func(l level){
	"matrix": level.matrix,
	"elementwise": func(l level) {
		arithmetic(l)
		activations(l)
		adamW(l)
	},
	"reduce": reductions,
}

func main() {
	log.SetFlags(0)
	family := flag.String("family", "", "functions to write: matrix, elementwise or reduce")
	flag.Parse()
	write, ok := families[*family]
	if !ok {
		log.Fatalf("asm: no family %q; want matrix, elementwise or reduce", *family)
	}
	constants = readConstants("../coefficients.go")

	ConstraintExpr("amd64,!purego")
	for _, w := range widths {
		write(w)
	}
	Generate()
	checkRegisters(flag.Lookup("out").Value.String())
}

// checkRegisters makes sure that no function uses the YMM registers that AVX-512
// added: AVX2 lacks them.
func checkRegisters(name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	if found := regexp.MustCompile(`.*\bY(1[6-9]|2\d|3[01])\b.*`).Find(text); found != nil {
		log.Fatalf("asm: AVX2 lacks a register that %s uses: too many values at once in %q", name, found)
	}
}
