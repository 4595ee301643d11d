package adapter

import (
	"path/filepath"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"
)

// TestAlphaPattern takes, as PEFT does, the first pattern of the file that the name
// of the layer ends in.
func TestAlphaPattern(t *testing.T) {
	write := func(metadata string) string {
		var tensors []checkpoint.Tensor
		for _, layer := range []string{"a.attn1.to_k", "a.attn2.to_k", "a.attn2.to_v", "a.to_k_proj"} {
			tensors = append(tensors, checkpoint.Tensor{Name: "unet." + layer + ".lora_A.weight", Shape: []int{4, 2}, Data: make([]float32, 8)})
		}
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := checkpoint.Write(path, tensors, checkpoint.F32, map[string]string{"lora_adapter_metadata": metadata}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		pattern string
		alphas  map[string]float64 // for each layer; 4 is the one for all
	}{
		{`{}`, nil},
		{`null`, nil},
		{`{"to_k": 8}`, map[string]float64{"a_attn1_to_k": 8, "a_attn2_to_k": 8}},
		{`{"attn2.to_k": 2, "to_k": 8, "a.attn2.to_k": 3}`, map[string]float64{"a_attn1_to_k": 8, "a_attn2_to_k": 2}},
		{`{"to_k": 8, "attn2.to_k": 2, "a.attn1.to_k": 3, "k": 1}`, map[string]float64{"a_attn1_to_k": 8, "a_attn2_to_k": 8}},
		{`{"attn2": 2, "a": 3, "unet.a.attn2.to_v": 6}`, map[string]float64{"a_attn2_to_v": 6}},
	} {
		for range 10 { // what depends on the order of a map would differ
			a := open(t, write(`{"unet.r": 4, "unet.lora_alpha": 4, "unet.alpha_pattern": `+test.pattern+`}`))
			for at, c := range a.changes {
				want := 4.0
				if alpha, ok := test.alphas[at.name]; ok {
					want = alpha
				}
				if got, err := c.scale(4); err != nil || got != want/4 {
					t.Errorf("%s: %s is scaled by %g (%v), want %g", test.pattern, at.name, got, err, want/4)
				}
			}
		}
	}
	for _, wrong := range []string{`[]`, `{"to_k": "8"}`, `{"to_k": {}}`, `8`} {
		if _, err := Open(write(`{"unet.alpha_pattern": ` + wrong + `}`)); err == nil || !strings.Contains(err.Error(), "download the LoRA again") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
