// Package journal writes down what is meant before anything is changed, and what came of it afterwards, so that whoever
// comes next after a death half-way knows. A lease keeps two writers off one target.
package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Journal is kept in a store. One record exists per target: the last operation on it.
type Journal struct {
	store  store.Store
	clock  clock.Clock
	holder string
}

// New returns a journal that signs with holder, which names this process for people ("ci@build-7 pid 4711").
func New(s store.Store, c clock.Clock, holder string) *Journal {
	return &Journal{store: s, clock: c, holder: holder}
}

// Record is what was meant for one target, and how far it came. An open record (EndedAt nil) without a live lease is
// an operation that died.
type Record struct {
	Target    string          `json:"target"`
	Operation string          `json:"operation"` // "switch", "rollback"
	Holder    string          `json:"holder"`
	Intent    json.RawMessage `json:"intent"` // the operation's own: what it started from and where it goes
	Steps     []Step          `json:"steps"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
}

// Step is one mutation: written before it, and completed after it.
type Step struct {
	Intent json.RawMessage `json:"intent"`
	At     time.Time       `json:"at"`
	Result json.RawMessage `json:"result,omitempty"`
	DoneAt *time.Time      `json:"done_at,omitempty"`
}

// HeldError says who holds the lease on a target.
type HeldError struct {
	Target  string
	Holder  string
	Expires time.Time
}

// Error names holder and expiry.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is held by %s until %s", e.Target, e.Holder, e.Expires.UTC().Format(time.RFC3339))
}

// Entry is an operation in progress. Its methods return an error when the store does not take the write; the caller
// then must not mutate.
type Entry struct{}

// Begin opens a record for target. The caller holds the target's lease.
func (j *Journal) Begin(ctx context.Context, target, operation string, intent any) (*Entry, error) {
	panic("not written yet")
}

// Intend writes down the step that is about to be done.
func (e *Entry) Intend(ctx context.Context, step any) error { panic("not written yet") }

// Done completes the last step.
func (e *Entry) Done(ctx context.Context, result any) error { panic("not written yet") }

// Close ends the record.
func (e *Entry) Close(ctx context.Context, outcome string) error { panic("not written yet") }

// Last returns the last record of target; ok is false when there is none.
func (j *Journal) Last(ctx context.Context, target string) (record Record, ok bool, err error) {
	panic("not written yet")
}

// Lease keeps others off a target until it is released or expires.
type Lease struct{}

// Acquire takes the lease on target for ttl, or returns a *HeldError. An expired lease is taken over.
func (j *Journal) Acquire(ctx context.Context, target string, ttl time.Duration) (*Lease, error) {
	panic("not written yet")
}

// Renew extends the lease by ttl from now; a *HeldError says that it was lost.
func (l *Lease) Renew(ctx context.Context, ttl time.Duration) error { panic("not written yet") }

// Release gives the lease up. Releasing a lease that was lost is no error.
func (l *Lease) Release(ctx context.Context) error { panic("not written yet") }
