package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
)

// TestPrecisionsHaveTheirNames makes sure that a request can name every precision
// of the networks, and that no model draws in another than the one asked for.
func TestPrecisionsHaveTheirNames(t *testing.T) {
	for _, loaded := range engine.Precisions() {
		precision, err := nn.ParsePrecision(loaded)
		if err != nil || precision.String() != loaded {
			t.Fatalf("%s is known to the networks as %s (%v)", loaded, precision, err)
		}
		p, err := Load(context.Background(), tiny, precision)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range append(engine.Precisions(), "") {
			want := engine.Request{Precision: asked}
			r, err := p.Resolve(engine.Request{Steps: 1, Sampler: "euler", Model: tiny, Precision: asked})
			switch {
			case want.Exact() != (loaded == engine.Float32):
				if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "loaded for "+loaded) {
					t.Errorf("%q of a model loaded for %s: error %v", asked, loaded, err)
				}
			case err != nil:
				t.Errorf("%q of a model loaded for %s: %v", asked, loaded, err)
			case want.Exact() && r.Precision != "" || !want.Exact() && r.Precision != loaded:
				t.Errorf("%q is resolved to %q", asked, r.Precision)
			}
		}
	}
}
