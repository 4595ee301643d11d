package unet

import (
	"encoding/json"
	"fmt"
	"slices"
)

// PerBlock is one number for all blocks or a list with one for each, from the
// finest resolution to the coarsest.
type PerBlock []int

// UnmarshalJSON accepts both forms.
func (p *PerBlock) UnmarshalJSON(b []byte) error { return oneOrMore(b, (*[]int)(p)) }

func (p PerBlock) at(i int) int { return p[min(i, len(p)-1)] }

// None reports whether all are 0.
func (p PerBlock) None() bool { return !slices.ContainsFunc(p, func(n int) bool { return n != 0 }) }

// fits reports whether there is one number, or one for each of n blocks.
func (p PerBlock) fits(n int) bool { return len(p) == 1 || len(p) == n }

// Depths is how many transformer blocks there are in a row: one number for all,
// one for each block, or in each block one for each of its layers.
type Depths []PerBlock

// UnmarshalJSON accepts all three forms.
func (d *Depths) UnmarshalJSON(b []byte) error {
	var one int
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*d = Depths{{one}}
		return nil
	}
	return json.Unmarshal(b, (*[]PerBlock)(d))
}

// at is the depth in a block's layer; 1 if nothing is said.
func (d Depths) at(block, layer int) int {
	if len(d) == 0 {
		return 1
	}
	b := d[min(block, len(d)-1)]
	return b[min(layer, len(b)-1)]
}

// check makes sure that there is a number, of 1 to 64, for each of n blocks with as
// many layers.
func (d Depths) check(name string, n, layers int) error {
	if len(d) > 1 && len(d) != n {
		return fmt.Errorf("unet config: %s has %d numbers, expected one, or one for each of the %d blocks", name, len(d), n)
	}
	for i, b := range d {
		if !b.fits(layers) {
			return fmt.Errorf("unet config: %s has %d numbers for block %d, expected one, or one for each of its %d layers", name, len(b), i, layers)
		}
		for _, n := range b {
			if n < 0 || n > 64 {
				return fmt.Errorf("unet config: %s is %d in block %d, expected 1 to 64", name, n, i)
			}
		}
	}
	return nil
}

// upDepth is the depth of a layer on the way up, where block 0 is the coarsest.
func (cfg Config) upDepth(block, layer int) int {
	if len(cfg.UpDepths) > 0 {
		return cfg.UpDepths.at(block, layer)
	}
	return cfg.Depths.at(len(cfg.Channels)-1-block, layer)
}

// Flags is one truth for all blocks or a list with one for each, from the finest
// resolution to the coarsest; false if empty.
type Flags []bool

// UnmarshalJSON accepts both forms.
func (f *Flags) UnmarshalJSON(b []byte) error { return oneOrMore(b, (*[]bool)(f)) }

func (f Flags) at(i int) bool { return len(f) > 0 && f[min(i, len(f)-1)] }

// everywhere reports whether it was said once, and so of the middle, too.
func (f Flags) everywhere() bool { return len(f) == 1 && f[0] }

// oneOrMore reads a value or a list of values.
func oneOrMore[T any](b []byte, into *[]T) error {
	if string(b) == "null" {
		return nil
	}
	var one T
	if json.Unmarshal(b, &one) == nil {
		*into = []T{one}
		return nil
	}
	return json.Unmarshal(b, into)
}

// Middle is the kind of what lies between the way down and the way up.
type Middle string

// The kinds of middle: two residual blocks with attention between, as in every
// Stable Diffusion, one residual block as in Segmind's SSD-1B, and none as in
// small distilled models, whose config.json has null there.
const (
	CrossMiddle Middle = "UNetMidBlock2DCrossAttn"
	PlainMiddle Middle = "UNetMidBlock2D"
	NoMiddle    Middle = "null"
)

// UnmarshalJSON reads null as NoMiddle.
func (m *Middle) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = NoMiddle
		return nil
	}
	return json.Unmarshal(b, (*string)(m))
}

// MarshalJSON writes NoMiddle as null.
func (m Middle) MarshalJSON() ([]byte, error) {
	if m == NoMiddle {
		return []byte("null"), nil
	}
	return json.Marshal(string(m))
}

// middle is how many residual blocks the middle has; negative if it is not known.
func (cfg Config) middle() int {
	switch cfg.Middle {
	case "", CrossMiddle:
		return 2
	case PlainMiddle:
		return 1
	case NoMiddle:
		return 0
	}
	return -1
}
