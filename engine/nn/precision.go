package nn

import (
	"fmt"
	"strings"
)

// Precision is what the factors of a network's products are rounded to: those of
// linear layers, of convolutions that Winograd's method does not do better, and of
// attention. Sums are float32 in each. Every precision makes a picture of its own,
// the same on every machine.
type Precision int

// The precisions there are.
const (
	Float32  Precision = iota // as computed: nothing is rounded
	BFloat16                  // the upper half of a float32: faster where the processor multiplies it
)

var precisionNames = [...]string{Float32: "float32", BFloat16: "bfloat16"}

func (p Precision) String() string { return precisionNames[p] }

// ParsePrecision is the precision of that name; "" is Float32. The error of an
// unknown one lists those there are.
func ParsePrecision(name string) (Precision, error) {
	if name == "" {
		return Float32, nil
	}
	for p, n := range precisionNames {
		if n == name {
			return Precision(p), nil
		}
	}
	return 0, fmt.Errorf("no precision is called %q; choose one of %s", name, strings.Join(precisionNames[:], ", "))
}
