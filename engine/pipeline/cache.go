package pipeline

import (
	"fmt"

	"darkroom/engine/unet"
)

// cache lets steps go by the U-Net's deep features of an earlier one: only every
// interval-th is computed whole. It is whole as well when what a step hears is not
// what the features were made of.
type cache struct {
	interval int
	step     int      // the one at hand, from 0, of the run
	kept     features // of the last whole one
	whole    bool     // whether the step at hand is
}

// features is what is kept of a whole step; a run that goes on needs it.
type features struct {
	Of   string // what the step heard
	Deep []unet.Deep
}

// on reports whether steps share anything.
func (c *cache) on() bool { return c.interval > 1 }

// needed is what a run needs of c that goes on after the step at hand.
func (c *cache) needed() features {
	if !c.on() || (c.step+1)%c.interval == 0 {
		return features{}
	}
	return c.kept
}

// begin says which passes a call of the model consists of.
func (c *cache) begin(passes []pass, chosen []int, guides bool) {
	if !c.on() {
		return
	}
	of := fmt.Sprint(chosen, guides)
	c.whole = c.kept.Of != of || len(c.kept.Deep) != len(passes) || c.step%c.interval == 0
	if c.whole {
		// not the last ones' memory: they may belong to a moment
		c.kept = features{Of: of, Deep: make([]unet.Deep, len(passes))}
	}
}

// of is the features for a pass, and what the U-Net is called then.
func (c *cache) of(i int) (*unet.Deep, string) {
	if !c.on() {
		return nil, "unet"
	}
	deep := &c.kept.Deep[i]
	if deep.Keeping = c.whole; c.whole {
		return deep, "unet, keeping"
	}
	return deep, "unet, shallow"
}
