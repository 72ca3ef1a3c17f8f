// Package service captures one kind of AWS thing as it is, tells what changed since, puts it back and proves it.
// Each file holds one service; capture, diff, restore and verify stand together because they are one decision.
package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"
)

// The errors of a Service, to be tested with errors.Is.
var (
	// ErrMissing: the target does not exist (any more).
	ErrMissing = errors.New("the target does not exist")
	// ErrUnrestorable: the target cannot be captured so that it could be put back (an unversioned bucket).
	ErrUnrestorable = errors.New("the target cannot be put back")
	// ErrConcurrentChange: somebody else changed the target since Diff. A new Diff shows what is left to do.
	ErrConcurrentChange = errors.New("somebody else changed the target meanwhile")
)

// Item is the captured state of one target: enough to put it back, and never a secret.
type Item struct {
	Service string          // "lambda_alias"
	Target  string          // stable identity: "function:alias", "bucket/prefix", "zone/name/type"
	Summary string          // one line for people
	Objects int             // how many things are captured (objects, records, one)
	Bytes   int64           // of the things captured, where that means something
	State   json.RawMessage // canonical JSON, the service's own
	// Parts are the bulk of a state that is too large for one JSON value; nil where there is none. They are kept beside the
	// manifest.
	Parts Parts
	// Warnings are about what the capture could not hold.
	Warnings []string
	// Lasts is how long after the capture all of it can be put back, where something of AWS's own takes it away (a lifecycle
	// rule that expires old versions); zero: for as long as nobody removes it.
	Lasts time.Duration
}

// Parts are read one at a time, so that a state of any size can be worked through in little memory. Each is a few
// megabytes at most and in a format of the service's own.
type Parts interface {
	Len() int
	// Part returns the part at i, which begins at 0, after verifying that it is what was captured.
	Part(ctx context.Context, i int) ([]byte, error)
}

// InMemory is Parts that are at hand.
type InMemory [][]byte

// Len is how many there are.
func (p InMemory) Len() int { return len(p) }

// Part returns the part at i.
func (p InMemory) Part(_ context.Context, i int) ([]byte, error) { return p[i], nil }

// Action is what a change does to the live target.
type Action string

// The actions.
const (
	Update Action = "update"
	Create Action = "create" // brings something back
	Delete Action = "delete" // removes something newer than the capture
)

// Change is one step that puts a target back. What a preview shows and what a restore does are the same values.
type Change struct {
	Target     string // the user's name of the target
	Service    string
	Action     Action
	Detail     string // for people: "alias live: version 3 -> 2"
	Reversible bool   // whether the step itself can be undone afterwards
	Estimate   time.Duration
	// Count is how many things the change is about; zero means one. A service with very many of them puts thousands into one
	// change.
	Count int
	// Apply is the service's own instruction, as canonical JSON.
	Apply json.RawMessage
}

// Things is how many things are changed.
func (c Change) Things() int { return max(1, c.Count) }

// Service is one kind of AWS thing bound to one target.
type Service interface {
	// Name is the kind: "lambda_alias".
	Name() string
	// Target is the stable identity of the target.
	Target() string
	// Capture reads the live state.
	Capture(ctx context.Context) (Item, error)
	// Diff returns the changes that would put the live state back to item, in the order to do them; none when it
	// is already so. Together with changes it may return an error that is ErrUnrestorable: the changes are what can be
	// put back, the error says what cannot.
	Diff(ctx context.Context, item Item) ([]Change, error)
	// Restore does the changes of one Diff, all of them or all that are left. Doing them twice is harmless; after a failure half-way, a new Diff shows what is left.
	Restore(ctx context.Context, changes []Change) error
	// Verify reads back and returns an error that says what differs, or nil.
	Verify(ctx context.Context, item Item) error
}

// Bulky is a Service whose captures may be too large for memory.
type Bulky interface {
	// CaptureBulk is Capture, but hands each part to keep, in order, as soon as it is complete; the Item then has none. A
	// failing keep ends it with that error.
	CaptureBulk(ctx context.Context, keep func(ctx context.Context, part []byte) error) (Item, error)
}

// Notes are what a service writes down about its own work on one target, for its later runs. Losing some is harmless:
// they spare work, and nothing is wrong without them.
type Notes interface {
	// Read returns the notes that are kept, in no order.
	Read(ctx context.Context) ([][]byte, error)
	// Add keeps one more.
	Add(ctx context.Context, note []byte) error
}

// Cleaner is a Service that can also take away what is newer than a capture and does no harm where it is.
type Cleaner interface {
	// Cleanup returns the changes that would take it away, in the order to do them, for Restore.
	Cleanup(ctx context.Context, item Item) ([]Change, error)
}

// canonical returns v as JSON without insignificant space, map keys sorted and HTML left alone: equal values give equal
// bytes.
func canonical(v any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// Checker is a Service that can tell, without the whole of a Capture, that one would be ErrMissing or ErrUnrestorable.
type Checker interface {
	Check(ctx context.Context) error
}
