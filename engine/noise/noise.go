// Package noise makes the Gaussian noise a picture starts from: seeded, the
// same bits on every processor, and the noise other tools make from that seed.
package noise

import (
	"fmt"

	"gorgonia.org/tensor"
)

// Source is a generator of normal numbers.
type Source string

// The sources that tools in use draw from.
const (
	Philox   Source = ""        // PyTorch's on CUDA, and our own; the web UI's "NV"
	Mersenne Source = "mt19937" // PyTorch's on the CPU
)

// draw fills dst with the numbers from the first on of the draw-th call of
// "randn" for n numbers under that seed, counted from 0.
func (s Source) draw(seed uint64, draw uint32, n, first int, dst []float32) {
	if s == Mersenne {
		torchNormals(seed, draw, n, first, dst)
		return
	}
	philoxNormals(seed, draw, first, dst)
}

// Latent is one draw of Philox in the shape other tools use, [c,h,w], laid out
// channels last: element (c,y,x) of their draw stands at [0,y,x,c] of a
// [1,h,w,c] tensor. c, h and w are at least 1.
func Latent(seed uint64, draw uint32, c, h, w int) *tensor.Dense {
	planes := make([]float32, c*h*w)
	philoxNormals(seed, draw, 0, planes)
	return channelsLast(planes, c, h, w)
}

// channelsLast is [c,h,w] as [1,h,w,c].
func channelsLast(planes []float32, c, h, w int) *tensor.Dense {
	area := h * w
	data := make([]float32, c*area)
	for channel := range c {
		for i, value := range planes[channel*area : (channel+1)*area] {
			data[i*c+channel] = value
		}
	}
	return tensor.New(tensor.WithShape(1, h, w, c), tensor.WithBacking(data))
}

// Stream hands out the noise of one run: draws in order, and increments of a
// Brownian motion between noise levels. It is a plain value: kept beside a
// latent it goes on exactly where it was. All draws of a stream have one shape.
type Stream struct {
	Seed   uint64 `json:"seed"`
	Draw   uint32 `json:"draw"` // the draw that Next returns next
	Source Source `json:"source,omitempty"`
	Batch  int    `json:"batch,omitempty"` // pictures that share each draw; 0 is 1
	Index  int    `json:"index,omitempty"` // the one among them that this stream is for
	Tree   Tree   `json:"tree,omitzero"`
}

// Check says what is wrong with a stream that was read badly.
func (s Stream) Check() error {
	for _, source := range []Source{s.Source, s.Tree.Source} {
		if source != Philox && source != Mersenne {
			return fmt.Errorf("noise: no source is called %q; the saved run is damaged or from a later version", source)
		}
	}
	if s.Index < 0 || s.Index >= s.pictures() || s.Batch > MaxBatch {
		return fmt.Errorf("noise: picture %d of a batch of %d; the saved run is damaged", s.Index, s.Batch)
	}
	if !(s.Tree.Low >= 0 && s.Tree.Low <= s.Tree.High && s.Tree.High < 1e9) {
		return fmt.Errorf("noise: a Brownian motion from %g to %g; the saved run is damaged", s.Tree.Low, s.Tree.High)
	}
	return nil
}

// MaxBatch is the most pictures that share a draw.
const MaxBatch = 4096

func (s Stream) pictures() int { return max(1, s.Batch) }

// Next is the stream's next draw as [1,h,w,c]; see Latent.
func (s *Stream) Next(c, h, w int) *tensor.Dense {
	planes := s.planes(c * h * w)
	s.Draw++
	return channelsLast(planes, c, h, w)
}

// planes is n numbers of the draw at hand, this picture's share.
func (s *Stream) planes(n int) []float32 {
	planes := make([]float32, n)
	s.Source.draw(s.Seed, s.Draw, s.pictures()*n, s.Index*n, planes)
	return planes
}
