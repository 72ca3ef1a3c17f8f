package traffic

import (
	"fmt"
	"time"
)

// StrategyType is how traffic gets to the target.
type StrategyType string

// The types of strategy.
const (
	AllAtOnce StrategyType = "all_at_once" // one step
	Linear    StrategyType = "linear"      // equal steps
	Canary    StrategyType = "canary"      // the listed steps, then all
)

// DefaultCheckInterval is the pause between two rounds of checks while a step is watched.
const DefaultCheckInterval = 10 * time.Second

// Strategy says in which shares, and how slowly, traffic gets to the target.
type Strategy struct {
	Type StrategyType
	// Steps are percent of traffic for the target before it gets everything: each 1 to 99, each more than the one
	// before. Canary without any has 10 and 50. Linear with a single one repeats it as the increment (25 is 25, 50, 75),
	// with none goes by 20, and takes several as they are. AllAtOnce has none.
	Steps []int
	// Interval is how long each step before the last is watched, beyond the time the change needs to reach clients.
	Interval time.Duration
	// Bake is the same for the last step, when the target has everything.
	Bake time.Duration
	// Drain is how long the switch goes on at least, from the moment at which no client is led to the other colour any
	// more, so that the other colour is kept for what it still serves. Bake counts towards it.
	Drain time.Duration
	// CheckInterval is the pause between two rounds of checks; zero means DefaultCheckInterval.
	CheckInterval time.Duration
}

// defaultIncrement is the increment of a linear strategy that names none.
const defaultIncrement = 20

// defaultSteps are the steps of a canary that names none.
var defaultSteps = []int{10, 50}

// StrategyError says which field of a strategy does not do.
type StrategyError struct {
	Field   string // "type", "steps", "interval", "bake", "drain"
	Index   int    // into Steps; -1 when the field as a whole is meant
	Problem string // for people
}

// Error returns field and problem.
func (e *StrategyError) Error() string { return e.Field + ": " + e.Problem }

// Validate returns a *StrategyError, or nil.
func (s Strategy) Validate() error {
	problem := func(field string, index int, format string, values ...any) error {
		return &StrategyError{Field: field, Index: index, Problem: fmt.Sprintf(format, values...)}
	}
	switch s.Type {
	case AllAtOnce:
		if len(s.Steps) > 0 {
			return problem("steps", -1, "%s has no steps before the whole", s.Type)
		}
		if s.Interval > 0 {
			return problem("interval", -1, "%s has no steps between which to wait; bake is how long the target is watched afterwards", s.Type)
		}
	case Canary, Linear:
	default:
		return problem("type", -1, "%q is not a strategy; there are %s, %s and %s", s.Type, AllAtOnce, Linear, Canary)
	}
	for i, step := range s.Steps {
		if step < 1 || step > 99 {
			return problem("steps", i, "%d is not between 1 and 99; 100 comes by itself after the last step", step)
		}
		if i > 0 && step <= s.Steps[i-1] {
			return problem("steps", i, "%d comes after %d; steps must increase", step, s.Steps[i-1])
		}
	}
	if s.Interval < 0 {
		return problem("interval", -1, "%s is negative", s.Interval)
	}
	if s.Bake < 0 {
		return problem("bake", -1, "%s is negative", s.Bake)
	}
	if s.Drain < 0 {
		return problem("drain", -1, "%s is negative", s.Drain)
	}
	return nil
}

// Limited is a Router that cannot give a colour any share it is asked for.
type Limited interface {
	Router
	// LargestStep is the largest percent that it can give a colour before it gives it everything; 0 for all at once only.
	LargestStep() int
}

// Within returns a *StrategyError when a step before the last is larger than what a router can do; name names the router.
func (s Strategy) Within(largest int, name string) error {
	field, does := "steps", fmt.Sprintf("gives a colour %d %% at most before it gives it everything", largest)
	if largest == 0 {
		does = "moves everything at once"
	}
	if len(s.Steps) == 0 {
		field = "type"
	}
	for i, percent := range s.Percents() {
		if percent <= largest || percent == 100 {
			continue
		}
		if len(s.Steps) < 2 && s.Type == Linear {
			i = -1 // a multiple of the increment
		}
		if field == "type" {
			i = -1
		}
		return &StrategyError{Field: field, Index: i, Problem: fmt.Sprintf("a step of %d %% cannot be done, because %s %s", percent, name, does)}
	}
	return nil
}

// validate returns a *StrategyError, or nil.
func (r Request) validate() error {
	if err := r.Strategy.Validate(); err != nil {
		return err
	}
	for _, route := range r.Routes {
		if limited, ok := route.Router.(Limited); ok {
			if err := r.Strategy.Within(limited.LargestStep(), "the route "+route.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// Percents are the shares that the target gets, one after the other. The last one is 100.
func (s Strategy) Percents() []int {
	var percents []int
	increment := 0
	switch {
	case s.Type == Linear && len(s.Steps) == 0:
		increment = defaultIncrement
	case s.Type == Linear && len(s.Steps) == 1:
		increment = s.Steps[0]
	case s.Type == Canary && len(s.Steps) == 0:
		percents = append(percents, defaultSteps...)
	default:
		percents = append(percents, s.Steps...)
	}
	for next := increment; increment > 0 && next < 100; next += increment {
		percents = append(percents, next)
	}
	return append(percents, 100)
}

func (s Strategy) checkInterval() time.Duration {
	if s.CheckInterval > 0 {
		return s.CheckInterval
	}
	return DefaultCheckInterval
}

// callEstimate is how long the calls of a revert take, for estimates.
const callEstimate = 2 * time.Second

// Estimate is how long a bad target keeps traffic at most, as far as one can say beforehand.
type Estimate struct {
	Detection   time.Duration // from the first bad answer to the verdict
	Call        time.Duration // the revert's calls
	Settling    time.Duration // AWS propagates the change (slowest route)
	Propagation time.Duration // clients go on with what they know (slowest route)
}

// Total is the sum of the parts.
func (e Estimate) Total() time.Duration { return e.Detection + e.Call + e.Settling + e.Propagation }

// EstimateRecovery returns the estimate for routes in these states. patience is how long the checks go on after the
// first bad answer before they call it a failure; zero without checks, where nothing is detected.
func EstimateRecovery(states []State, strategy Strategy, checked bool, patience time.Duration) Estimate {
	estimate := Estimate{Call: callEstimate}
	if checked {
		estimate.Detection = strategy.checkInterval() + patience
	}
	for _, state := range states {
		estimate.Settling = max(estimate.Settling, state.Settling)
		estimate.Propagation = max(estimate.Propagation, state.Propagation)
	}
	return estimate
}
