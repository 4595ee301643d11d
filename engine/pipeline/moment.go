package pipeline

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/sampler"
)

// moment is an engine.Moment before it is written.
type moment struct {
	Request  engine.Request // that the steps were made for, but an Eta or SNoise of 0 is lost: see State.Options
	Done     int            // steps before the first of State
	State    sampler.State
	Estimate []float32 // x₀ as the last step took it
	Features features  // see cache
}

func (m moment) encode() (engine.Moment, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(m); err != nil {
		return nil, fmt.Errorf("the step can't be written down: %w", err)
	}
	return b.Bytes(), nil
}

// begin is what there is before the first step of a run, with its state and the number
// of steps behind it: Start's, or what resume makes of a moment.
func (p *Pipeline) begin(r engine.Request, from engine.Moment) (*moment, error) {
	if from == nil {
		state, err := p.Start(r)
		if err != nil {
			return nil, err
		}
		return &moment{State: *state}, nil
	}
	var m moment
	if err := gob.NewDecoder(bytes.NewReader(from)).Decode(&m); err != nil {
		return nil, fmt.Errorf("the step to go on from can't be read (%w): choose another", err)
	}
	fresh, err := p.Start(r)
	if err != nil {
		return nil, err
	}
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(fresh.Shape, m.State.Shape) || len(m.Estimate) != len(fresh.Latent) || len(m.State.Latent) != len(fresh.Latent) {
		return nil, fmt.Errorf("%w: the step to go on from is of a picture of another size or model: keep those, or start from noise", engine.ErrInvalid)
	}
	return resume(r, &m, fresh, d.StartScale(r.Sampler, fresh.Sigmas[0], p.Schedule.Max()))
}

// resume goes on from a moment as the request says; fresh is what a run of the
// request from noise would begin with, whose noise is scaled by scale. If nothing
// that the steps are made of has changed but what steers them, it is the same run,
// bit for bit. Another seed replaces the noise that is left in the latent by that
// seed's; another way down (sampler, schedule, number of steps) leads on from the
// level reached. Features are used again by the same request alone: they are made of
// what steered it.
func resume(r engine.Request, m *moment, fresh *sampler.State, scale float64) (*moment, error) {
	if steers(r) != steers(m.Request) {
		m.Features = features{}
	}
	state := &m.State
	level := state.Level()
	if seeds(r) != seeds(m.Request) {
		latent := make([]float32, len(fresh.Latent))
		for i, x := range fresh.Latent {
			latent[i] = m.Estimate[i] + float32(float32(level/scale)*x)
		}
		state.Latent = latent
		state.Noise = fresh.Noise
	}
	if way(r) == way(m.Request) && fresh.Options == state.Options && seeds(r) == seeds(m.Request) {
		return m, nil
	}
	if state.Done() {
		return nil, fmt.Errorf("%w: after the last step there is nothing left to change: go on from an earlier one", engine.ErrInvalid)
	}
	levels := []float64{level}
	for i, sigma := range fresh.Sigmas {
		if sigma < level && (i == 0 || sigma < fresh.Sigmas[i-1]) {
			levels = append(levels, sigma)
		}
	}
	if len(levels) < 2 {
		levels = append(levels, 0)
	}
	next, err := sampler.New(r.Sampler, levels, state.Dense(), state.Noise)
	if err != nil {
		return nil, err
	}
	next.Options, next.Training = fresh.Options, fresh.Training
	return &moment{Done: m.Done + state.Step, State: *next}, nil
}

// seeds is what decides a run's noise.
func seeds(r engine.Request) engine.Request {
	return engine.Request{
		Seed: r.Seed, VariationSeed: r.VariationSeed, VariationStrength: r.VariationStrength, ENSD: r.ENSD, Dialect: r.Dialect,
		SeedResizeWidth: r.SeedResizeWidth, SeedResizeHeight: r.SeedResizeHeight, BatchSize: r.BatchSize, BatchIndex: r.BatchIndex,
	}
}

// way is what decides a run's noise levels and, with the sampler's options, how it gets
// from one to the next.
func way(r engine.Request) engine.Request {
	return engine.Request{
		Sampler: r.Sampler, Schedule: r.Schedule, Steps: r.Steps, Dialect: r.Dialect,
	}
}

// steers is what decides what a step's passes are of.
func steers(r engine.Request) engine.Request {
	r.Eta, r.SNoise = nil, nil // how far a step goes, and pointers, which are never equal
	return r
}
