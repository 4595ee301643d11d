package nn

import (
	"strings"
	"testing"
)

func TestPrecisionHasAName(t *testing.T) {
	for _, p := range []Precision{Float32, BFloat16} {
		if got, err := ParsePrecision(p.String()); got != p || err != nil {
			t.Errorf("%s is read as %s (%v)", p, got, err)
		}
	}
	if got, err := ParsePrecision(""); got != Float32 || err != nil {
		t.Errorf("no name is read as %s (%v), want float32", got, err)
	}
	for _, name := range []string{"half", "Float32", " "} {
		if _, err := ParsePrecision(name); err == nil || !strings.Contains(err.Error(), "float32, bfloat16") {
			t.Errorf("%q gives the error %v, want one that names both precisions", name, err)
		}
	}
}
