// Package notify tells people and dashboards what happened to a deployment. A sink that fails never fails the
// deployment: the caller turns its error into a warning.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Kind is what happened.
type Kind string

// The kinds of events.
const (
	HealthCheckCompleted Kind = "HealthCheckCompleted"
	HealthCheckFailed    Kind = "HealthCheckFailed"
	HealthRecovered      Kind = "HealthRecovered"
	DeploymentSucceeded  Kind = "DeploymentSucceeded"
	DeploymentFailed     Kind = "DeploymentFailed"
	SwitchStarted        Kind = "SwitchStarted"
	SwitchStepped        Kind = "SwitchStepped"
	SwitchCompleted      Kind = "SwitchCompleted"
	SwitchReverted       Kind = "SwitchReverted"
	SwitchHeld           Kind = "SwitchHeld"
	RollbackTriggered    Kind = "RollbackTriggered"
	RollbackCompleted    Kind = "RollbackCompleted" // everything is back
	RollbackPartial      Kind = "RollbackPartial"
	RollbackFailed       Kind = "RollbackFailed"
	DriftFound           Kind = "DriftFound"    // something of it is critical
	DriftMeasured        Kind = "DriftMeasured" // nothing of it is
)

// Metric is one CloudWatch datum.
type Metric struct {
	Name  string
	Value float64
	Unit  string // a CloudWatch unit: "Milliseconds", "Seconds", "Count", "None"
}

// Event is one thing that happened, without secrets.
type Event struct {
	Kind    Kind
	At      time.Time
	Subject string            // one line, at most 100 characters (the limit of an SNS subject)
	Detail  map[string]any    // becomes the JSON body
	Labels  map[string]string // become dimensions and message attributes
	// Attributes become message attributes only: what a subscription filters by and no metric is split by.
	Attributes map[string]string
	Metrics    []Metric
}

// Sink delivers events. Send returns within ctx and retries on its own.
type Sink interface {
	Send(ctx context.Context, event Event) error
}

// Sinks delivers to each of its members in order, whatever the others do, and joins their errors.
type Sinks []Sink

// Send delivers event to every member.
func (s Sinks) Send(ctx context.Context, event Event) error {
	var errs []error
	for _, sink := range s {
		errs = append(errs, sink.Send(ctx, event))
	}
	return errors.Join(errs...)
}

// Notable tells whether people are told of it: everything but the routine.
func (k Kind) Notable() bool {
	return k != HealthCheckCompleted && k != SwitchStepped && k != DriftMeasured
}

// JSON is the body of a message about the event.
func (e Event) JSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind    Kind              `json:"kind"`
		At      string            `json:"at"`
		Subject string            `json:"subject"`
		Labels  map[string]string `json:"labels,omitempty"`
		Detail  map[string]any    `json:"detail,omitempty"`
	}{e.Kind, e.At.UTC().Format(time.RFC3339), e.Subject, e.Labels, e.Detail})
}
