package checkpoint

import (
	"slices"
	"strings"
	"testing"
)

func TestReader(t *testing.T) {
	f, err := OpenBytes("f", file(`{`+
		`"unet.in.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},`+
		`"unet.in.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},`+
		`"unet.extra":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},`+
		`"vae.x":{"dtype":"F32","shape":[1],"data_offsets":[20,24]}}`, 24))
	if err != nil {
		t.Fatal(err)
	}
	r := f.Reader("unet.")
	in := r.Sub("in.")
	if x, err := in.Float32("weight", 2, 1); err != nil || len(x) != 2 {
		t.Errorf("weight = %v, %v", x, err)
	}
	if !in.Has("bias") || in.Has("extra") {
		t.Error("Has does not mind the prefix")
	}
	if s, ok := in.Shape("bias"); !ok || !slices.Equal(s, []int{2}) {
		t.Errorf("Shape(bias) = %v, %v", s, ok)
	}
	_, err = in.Float32("bias", 3)
	if want := `tensor "unet.in.bias" in f: shape [2], want [3]`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
	_, err = in.Float32("gamma", 3)
	if want := `f has no tensor "unet.in.gamma"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
	if got := r.Unused(); !slices.Equal(got, []string{"unet.extra"}) {
		t.Errorf("Unused() = %v", got)
	}
}
