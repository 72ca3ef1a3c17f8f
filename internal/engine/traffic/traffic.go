// Package traffic moves the traffic of a deployment between two colours. A Router knows one kind of lever; the
// stepper in shift.go is the only thing that decides when to pull one.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Colour is one of the two sides.
type Colour string

// The two colours.
const (
	Blue  Colour = "blue"
	Green Colour = "green"
)

// Other returns the opposite colour.
func (c Colour) Other() Colour {
	if c == Blue {
		return Green
	}
	return Blue
}

// Weights are whole percent of the traffic. They always sum to 100: there is no way to say "nobody".
type Weights struct {
	Blue  int
	Green int
}

// On returns weights that give percent to colour and the rest to the other.
func On(colour Colour, percent int) Weights {
	if colour == Blue {
		return Weights{Blue: percent, Green: 100 - percent}
	}
	return Weights{Blue: 100 - percent, Green: percent}
}

// Of returns the percent that colour has.
func (w Weights) Of(colour Colour) int {
	if colour == Blue {
		return w.Blue
	}
	return w.Green
}

// String returns "blue 90 % / green 10 %".
func (w Weights) String() string { return fmt.Sprintf("blue %d %% / green %d %%", w.Blue, w.Green) }

// The errors of a Router, to be tested with errors.Is.
var (
	// ErrMissing: the target, or one of its colours, does not exist.
	ErrMissing = errors.New("the target does not exist")
	// ErrConcurrentChange: somebody else changed the target since Read. Nothing was changed.
	ErrConcurrentChange = errors.New("somebody else changed the target")
)

// Precondition is what Set may rely on: the state that Read returned, of which Token is the router's own witness.
type Precondition struct{ Token any }

// State is what a target serves now.
type State struct {
	Weights Weights
	// Settled is false while an earlier change is still being propagated.
	Settled bool
	// Propagation is how long clients may go on following the old weights after Wait returns (a record's TTL).
	Propagation time.Duration
	// Precondition proves to Set that nothing changed in between.
	Precondition Precondition
}

// Change is a change that AWS accepted and that may still be propagating.
type Change struct {
	ID    string
	Label string // for people: "Route 53 change C0123"
	// State is what the target serves once the change has propagated, with a fresh Precondition.
	State State
}

// Router is one lever. Weights are absolute, so that replaying a step is harmless.
type Router interface {
	// Name names the route for people: "route53 www.example.com A in Z0123".
	Name() string
	// Target is the stable identity of what is moved, used for journal and lease.
	Target() string
	// Read returns what is live.
	Read(ctx context.Context) (State, error)
	// Set makes the weights live, provided that nothing changed since the Read that gave the precondition;
	// otherwise ErrConcurrentChange.
	Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error)
	// Wait returns when AWS reports the change as propagated. It does not wait for Propagation: the stepper does.
	Wait(ctx context.Context, change Change) error
}
