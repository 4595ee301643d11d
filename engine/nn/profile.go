package nn

import "time"

// Op is a kind of work that a Profile tells apart.
type Op int

// The kinds of work of these networks.
const (
	OpConv3 Op = iota
	OpConv1
	OpLinear
	OpAttention // scores, softmax and weighted sum; the projections are linear
	OpNorm
	OpActivation
	OpMove // sums, copies, changes of size
	ops
)

var opNames = [ops]string{"conv 3x3", "conv 1x1", "linear", "attention", "norm", "activation", "add, copy"}

func (o Op) String() string { return opNames[o] }

// Profile says where the time of forward passes went, by kind of work. A
// Context with one fills it.
type Profile [ops]Spent

// Spent is what one kind of work took.
type Spent struct {
	Calls   int
	Seconds float64
	FLOP    float64
}

// begin is called by a layer when its own work begins, and end when it is done
// with the FLOP it took. Both do nothing without a Profile.
func (c *Context) begin() time.Time {
	if c.Profile == nil {
		return time.Time{}
	}
	return time.Now()
}

func (c *Context) end(op Op, begun time.Time, flop float64) {
	if c.Profile == nil {
		return
	}
	s := &c.Profile[op]
	s.Calls++
	s.Seconds += time.Since(begun).Seconds()
	s.FLOP += flop
}
