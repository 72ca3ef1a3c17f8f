package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
)

// Status is how a switch ended.
type Status string

// The statuses.
const (
	// StatusSteady: the target has all the traffic.
	StatusSteady Status = "steady"
	// StatusReverted: the switch failed and traffic is where it was before.
	StatusReverted Status = "reverted"
	// StatusHeld: the switch failed and stands where it was, as configured.
	StatusHeld Status = "held"
	// StatusInterrupted: traffic is neither where it should go nor where it was: the switch died, could not revert,
	// or somebody else took over.
	StatusInterrupted Status = "interrupted"
)

// Phase is when something of a switch happens.
type Phase string

// The phases.
const (
	Before Phase = "before" // no traffic was moved yet
	AtStep Phase = "step"   // the target has its step's share
	Baking Phase = "bake"   // the target has everything
	Revert Phase = "revert" // traffic goes back
	// Promotion: the target has everything and was watched; what gave it that is made to last.
	Promotion Phase = "promotion"
)

// Stage is a phase and the share that the target has in it.
type Stage struct {
	Phase   Phase
	Percent int
}

// String returns "before the first step", "at 10 %", ...
func (s Stage) String() string {
	switch s.Phase {
	case Before:
		return "before the first step"
	case Revert:
		return "while traffic was moved back"
	case Promotion:
		return "while the target was promoted"
	default:
		return fmt.Sprintf("at %d %%", s.Percent)
	}
}

// Moment is one line of a switch's timeline.
type Moment struct {
	At      time.Time
	Stage   Stage
	Route   string // empty when it is about all
	Weights Weights
	What    string // for people
	// Rounds is how many rounds of the checks the line stands for: all that came one after another, at one stage, to the same
	// verdict over the same checks. Zero: it is about something else. At is when the first began, and Until when the last ended.
	Rounds  int
	Until   time.Time
	Verdict gate.Verdict
	Failed  []string // names of the checks that stood in the way
}

// Outcome is what a switch did and what is live after it. It is true whether or not there is an error.
type Outcome struct {
	Status  Status
	Moved   bool               // whether any weight was changed, be it back again
	Live    map[string]Weights // by route; the last that is known for certain
	Unknown []string           // routes whose weights could not be read at the end

	States    []State // what the routes looked like when the switch began
	StartedAt time.Time
	Duration  time.Duration // of the whole
	Recovery  time.Duration // from the failure until traffic was back; zero without one
	Timeline  []Moment
	Warnings  []error // events that were not delivered, journal writes of a revert that failed
	Guarded   bool    // a guard still stands, and moves traffic back soon
	Unproven  []error // routes that could not be moved back, or not provably
}

// Worst returns the weights of the route in which colour has least; everything for colour when there is no route.
func Worst(live map[string]Weights, colour Colour) Weights {
	worst := On(colour, 100)
	for _, weights := range live {
		if weights.Of(colour) < worst.Of(colour) {
			worst = weights
		}
	}
	return worst
}

// LiveText names every route with its weights, for people.
func (o Outcome) LiveText() string {
	var lines []string
	for _, route := range slices.Sorted(maps.Keys(o.Live)) {
		lines = append(lines, route+": "+o.Live[route].String())
	}
	for _, route := range o.Unknown {
		lines = append(lines, route+": could not be read, look at it")
	}
	return strings.Join(lines, "; ")
}

// RouteError says what could not be done with which route.
type RouteError struct {
	Route string // the user's name for it
	Name  string // the router's
	Doing string // "read", "move", "wait for", "promote"
	Err   error
}

// Error names the route and what was being done.
func (e *RouteError) Error() string {
	return fmt.Sprintf("route %s: could not %s %s: %v", e.Route, e.Doing, e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *RouteError) Unwrap() error { return e.Err }

// ChecksError says that the checks did not let the switch go on.
type ChecksError struct {
	Stage  Stage
	Result gate.Result
}

// Error names the checks that failed.
func (e *ChecksError) Error() string {
	return fmt.Sprintf("the checks %s %s: %s", e.Result.Verdict, e.Stage, strings.Join(e.Result.Blocking(), ", "))
}

// ForeignChangeError says that somebody else moved a route during the switch. Theirs was not overwritten.
type ForeignChangeError struct {
	Route    string
	Name     string
	Expected Weights
	Found    Weights
}

// Error names both weights.
func (e *ForeignChangeError) Error() string {
	return fmt.Sprintf("route %s: somebody else moved %s from %s to %s", e.Route, e.Name, e.Expected, e.Found)
}

// Is makes it an ErrConcurrentChange.
func (e *ForeignChangeError) Is(target error) bool { return target == ErrConcurrentChange }

// UnfitRouteError says that a route must not be switched as it is. Nothing was changed.
type UnfitRouteError struct {
	Route string
	Unfit *UnfitError
}

// Error names the route and the reason.
func (e *UnfitRouteError) Error() string { return "route " + e.Route + ": " + e.Unfit.Detail }

// Unwrap returns the *UnfitError.
func (e *UnfitRouteError) Unwrap() error { return e.Unfit }

// LeaseLostError says that the lease on a target was lost during the switch. With a *journal.HeldError inside another
// process has it, so nothing more was touched; with any other the store could not be asked for so long that the lease
// was about to expire, and traffic was moved back while it held.
type LeaseLostError struct{ Err error }

// Error gives the cause.
func (e *LeaseLostError) Error() string { return "the lease was lost: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LeaseLostError) Unwrap() error { return e.Err }

// JournalError says that the journal does not tell what was, or that the store does not take what must be written before
// anything is moved.
type JournalError struct{ Err error }

// Error gives the cause.
func (e *JournalError) Error() string { return "the journal could not be used: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *JournalError) Unwrap() error { return e.Err }
