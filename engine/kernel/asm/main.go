// Command asm writes the assembly of package kernel. It is a module of its own,
// so that its dependencies are not the program's.
package main

import (
	"flag"
	"log"
	"os"
	"regexp"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
)

// families names what goes into one file.
var families = map[string]func(l level){
	"matrix": level.matrix,
	"elementwise": func(l level) {
		arithmetic(l)
		activations(l)
		adamW(l)
	},
	"reduce":   reductions,
	"winograd": winograd,
}

func main() {
	log.SetFlags(0)
	family := flag.String("family", "", "functions to write: matrix, elementwise, reduce or winograd")
	arch := flag.String("arch", "amd64", "processor to write for: amd64 or arm64")
	flag.Parse()
	write, ok := families[*family]
	if !ok {
		log.Fatalf("asm: no family %q; want matrix, elementwise, reduce or winograd", *family)
	}
	constants = readConstants("../coefficients.go")
	named := func(name string) string { return flag.Lookup(name).Value.String() }

	switch *arch {
	case "amd64":
		ConstraintExpr("amd64,!purego")
		for _, w := range widths {
			write(w)
		}
		Generate()
		checkRegisters(named("out"))
		spell(named("out"))
	case "arm64":
		file := ir.NewFile()
		write(neon{file})
		writeARM64(file, named("out"), named("stubs"), named("pkg"))
	default:
		log.Fatalf("asm: no processor %q; want amd64 or arm64", *arch)
	}
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
