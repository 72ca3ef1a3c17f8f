// Package probe asks one question of one thing, once: is it well? Each file holds one kind of check. A probe knows
// nothing of retries, thresholds or deadlines beyond its context; those belong to package gate.
package probe

import (
	"context"
	"time"
)

// Status is what one attempt saw.
type Status string

// The statuses of an attempt. Fail and Error are different things: Fail is an answer that does not hold, Error is
// no usable answer at all. Inconclusive is an answer that says nothing either way (a metric without data), and is
// never counted as healthy.
const (
	Pass         Status = "pass"
	Fail         Status = "fail"
	Error        Status = "error"
	Inconclusive Status = "inconclusive"
)

// Observation is what one attempt saw, with the reason in words that a person can act on.
type Observation struct {
	Status Status
	// Reason says why, for a person; it never holds a secret. Set for every status but Pass, where it may be empty.
	Reason string
	// Latency is how long the attempt took.
	Latency time.Duration
	// Values are a few measured facts ("status" = "503"), for reports. They never hold secrets.
	Values map[string]string
	// Final marks an observation that no further attempt can change (a missing permission, a failure expression
	// that matched): the gate stops retrying this check.
	Final bool
}

// Probe is one check that can be attempted any number of times. An implementation is safe for use by one goroutine
// at a time, judges each attempt only on that attempt's own answer, honours ctx, and leaves no connection or
// goroutine behind when Probe returns.
type Probe interface {
	// Name is the kind of the check ("http"), not the user's name for it.
	Name() string
	// Probe makes one attempt. It never panics on a hostile answer and returns when ctx ends.
	Probe(ctx context.Context) Observation
}
