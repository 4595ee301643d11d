package engine

import (
	"image"
	"time"

	"gorgonia.org/tensor"
)

// Kind tells what an Event reports.
type Kind string

// The life of a job: Queued, Started, Step × steps, then exactly one of
// Finished, Failed, Cancelled or Paused.
const (
	Queued    Kind = "queued"
	Started   Kind = "started"
	Step      Kind = "step"
	Finished  Kind = "finished"
	Failed    Kind = "failed"
	Cancelled Kind = "cancelled"
	Paused    Kind = "paused" // it can be gone on with from its last step
)

// Final reports whether no event follows one of this kind.
func (k Kind) Final() bool {
	return k == Finished || k == Failed || k == Cancelled || k == Paused
}

// Event is one thing that happened to a job.
type Event struct {
	Kind    Kind
	Job     int64
	Request Request       // with every default resolved (size, model) from Started on
	Run     string        // the recorder's name of the run, from Started on
	Step    int           // steps done so far, on Step 1 … Steps
	Steps   int           // that there will be in the end, on Step
	Level   float64       // the noise level σ that is left, on Step
	Latent  *tensor.Dense // [1,h,w,c] the denoised estimate after this step, on Step
	Preview *image.RGBA   // that estimate as a picture, on Step
	Picture *image.RGBA   // on Finished
	Stages  Stages        // on Finished
	Notes   []string      // on Finished: what of the request had no effect, and why
	Elapsed time.Duration // since Started
	Left    time.Duration // estimated, on Step
	Err     error         // on Failed
	Warning error         // something beside the picture that went wrong: its steps can't be kept, say
}

// Stages is where the time of a job went, in seconds.
type Stages struct {
	Load    float64 `json:"load"` // reading the model; 0 when it was at hand
	Text    float64 `json:"text"`
	Denoise float64 `json:"denoise"`
	Decode  float64 `json:"decode"` // the picture and every preview
	Total   float64 `json:"total"`
}
