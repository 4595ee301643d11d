package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/system"
)

// Memory is what a picture needs, in bytes.
type Memory struct {
	Weights     int64 // as they are packed
	Activations int64 // of the network that needs most
	Rest        int64 // the program itself, buffers of its arithmetic, the picture

	halves int64 // what the weights would take as float16
}

// Total is all of it.
func (m Memory) Total() int64 { return m.Weights + m.Activations + m.Rest }

// Needs tells what a request needs: the model is surveyed and the run rehearsed, so
// that it is the networks themselves that say it. Nothing is loaded or computed. The
// request comes back resolved.
func Needs(ctx context.Context, r engine.Request) (Memory, engine.Request, error) {
	precision, err := nn.ParsePrecision(r.Precision)
	if err != nil {
		return Memory{}, r, err
	}
	m, err := Open(r.Model)
	if err != nil {
		return Memory{}, r, err
	}
	defer m.Close()
	var parts []nn.Params
	p := &Pipeline{Name: r.Model, Precision: precision, ctx: nn.Rehearsal(ctx), rehearsed: true}
	err = p.load(ctx, m, func(file *checkpoint.Reader) nn.Params {
		parts = append(parts, nn.Survey(file))
		return parts[len(parts)-1]
	})
	if err != nil {
		return Memory{}, r, err
	}
	if r, err = p.Resolve(r); err != nil {
		return Memory{}, r, err
	}
	once := r
	once.Steps = min(r.Steps, 2) // all take the same
	if _, err := p.Paint(ctx, once, nil, func(engine.Progress) {}); err != nil {
		return Memory{}, r, err
	}
	var need Memory
	for _, params := range parts {
		need.Weights += params.Bytes()
		need.halves += 2 * int64(params.Count())
	}
	need.Activations = p.ctx.Need()
	need.Rest = program + need.Activations/2
	debug.FreeOSMemory() // planning asks for as much as the largest tensor
	return need, r, nil
}

// program is what the program itself takes. Beside it and the activations, products
// and attention take buffers of their own, and the picture has to go somewhere: at
// most half as much as the activations, by the peaks measured with Stable Diffusion
// 1.5: 2.34 GB at 256×256, 2.78 at 512×512, 3.37 at 768×768 and 3.49 at 1024×1024, of
// which 2.13 are the weights.
const program = 64 << 20

// Fits says that a picture of a resolved request needs more memory than is free, and
// what would help; nil if it doesn't.
func (m Memory) Fits(free int64, r engine.Request) error {
	if m.Total() <= free {
		return nil
	}
	var ways []string
	if r.Width > 256 || r.Height > 256 {
		ways = append(ways, "draw a smaller picture (--width, --height)")
	}
	if m.halves > 0 && m.halves < m.Weights*3/4 {
		ways = append(ways, fmt.Sprintf("use the model as a float16 file, which takes %s less (darkroom convert)", system.Bytes(m.Weights-m.halves)))
	}
	ways = append(ways, "close other programs")
	return fmt.Errorf("a picture of %d×%d pixels with this model needs about %s of memory (%s for the weights, %s to compute with), and %s are free: %s",
		r.Width, r.Height, system.Bytes(m.Total()), system.Bytes(m.Weights), system.Bytes(m.Total()-m.Weights), system.Bytes(max(0, free)), strings.Join(ways, ", or "))
}
