// Command asm writes the assembly of package kernel. It is a module of its own,
// so that its dependencies are not the program's.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	family := flag.String("family", "", "functions to write: matrix")
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	switch *family {
	case "matrix":
		for _, w := range widths {
			tile(w)
			transpose(w)
			copyRows(w)
			peak(w)
		}
	default:
		log.Fatalf("unknown -family %q", *family)
	}
	Generate()
}
