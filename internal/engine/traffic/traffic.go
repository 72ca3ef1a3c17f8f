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

// UnfitReason says in one word why a target must not be switched.
type UnfitReason string

// The reasons. A router reports those that its lever has.
const (
	// UnfitTTL: the colours have unequal TTLs, so that a step does not reach all clients at the same time and a
	// resolver may refuse the answer.
	UnfitTTL UnfitReason = "unequal_ttl"
	// UnfitCloudFront: both colours lead to CloudFront, which routes by host name: the weights would decide nothing.
	UnfitCloudFront UnfitReason = "cloudfront"
	// UnfitThird: something besides the two colours takes a share of the traffic.
	UnfitThird UnfitReason = "third_record"
	// UnfitRouting: the target is there but is not one that weights decide.
	UnfitRouting UnfitReason = "not_weighted"
)

// UnfitError says that a target exists and must not be switched as it is. Nothing was changed.
type UnfitError struct {
	Reason UnfitReason
	Detail string // what was found, with the values
	To     Colour `json:",omitempty"` // it stands in the way of a switch to this colour only; empty: of any
}

// Hinders tells whether it stands in the way of a switch to colour.
func (e *UnfitError) Hinders(colour Colour) bool { return e.To == "" || e.To == colour }

// Error returns the detail.
func (e *UnfitError) Error() string { return e.Detail }

// Tier orders routes that move together: traffic is given from the innermost tier outwards and taken back from the
// outermost inwards, so that an outer lever never sends anybody to an inner one that is not ready.
type Tier int

// The tiers, from the code outwards to the client.
const (
	TierFunction Tier = iota // an alias of a function
	TierGateway              // a stage or a load balancer
	TierEdge                 // a distribution
	TierDNS                  // a name
)

// errForeignState says that a state is not one that the router itself returned.
var errForeignState = errors.New("the state is not one of this router")

// Precondition is what Set may rely on: the state that Read returned, of which Token is the router's own witness.
type Precondition struct{ Token any }

// State is what a target serves now.
type State struct {
	Weights Weights
	// Settled is false while an earlier change is still being propagated.
	Settled bool
	// Settling is how long AWS generally takes to propagate a change of this target, for estimates only.
	Settling time.Duration
	// Propagation is how long clients may go on following the old weights after Wait returns (a record's TTL).
	Propagation time.Duration
	// Unfit are the reasons why the target must not be switched as it is; none for a sound one. Known without any
	// change, so that a plan can show them.
	Unfit []*UnfitError
	// Doubts are what lets a switch be done but may keep it from doing what its weights say.
	Doubts []*UnfitError
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
	// Tier is where the lever stands between the code and the client.
	Tier() Tier
	// Read returns what is live.
	Read(ctx context.Context) (State, error)
	// Set makes the weights live, provided that nothing changed since the Read that gave the precondition;
	// otherwise ErrConcurrentChange.
	Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error)
	// Wait returns nil only once AWS itself reports this very change as live everywhere: that is the proof that a
	// step or a revert was done. It does not wait for Propagation: the stepper does.
	Wait(ctx context.Context, change Change) error
}
