package engine

// Moment is all that a run needs to go on after a step, as its painter writes it;
// none is the beginning.
type Moment []byte

// Origin is where a run goes on from, instead of from noise.
type Origin struct {
	Moment Moment
	Run    string // the recorder's name of the run that the moment is of
	Step   int    // steps done until then
	// Branch is another run, which leaves the first as it is; else that one goes on,
	// and what it had after the moment is gone.
	Branch bool
}

// Recorder keeps runs, so that they can be gone back to. The engine's goroutine
// calls it, for one run after the other; what it can't keep costs the run nothing
// but a Warning.
type Recorder interface {
	// Started begins a run, or goes on with one, and returns its name.
	Started(r Request, from Origin) (run string, err error)
	// Step adds a step to the run that was started last.
	Step(p Progress) error
	// Ended ends it. One that is Paused can be gone on with.
	Ended(k Kind) error
}

// none records nothing.
type none struct{}

func (none) Started(Request, Origin) (string, error) { return "", nil }
func (none) Step(Progress) error                     { return nil }
func (none) Ended(Kind) error                        { return nil }
