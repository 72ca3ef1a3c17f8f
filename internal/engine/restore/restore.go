// Package restore puts captured targets back: it previews, does the changes in an order that takes the bad release out
// of the traffic first, reads back, and says what came of each target.
package restore

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
)

// Request says what to put back.
type Request struct {
	Store snapshot.Store
	// Services makes the service of a captured target.
	Services func(ctx context.Context, spec service.Spec) (service.Service, error)
	// SnapshotID is NAME/VERSION.
	SnapshotID string
	// Targets are the user's names of those to put back; none means all.
	Targets []string
	Reason  string
	// Cleanup are the kinds of targets of which what is newer than the snapshot, and not in use, is taken away as well once
	// every target is back.
	Cleanup []string
	// AccountID and Region are where the caller works; empty is not compared. A snapshot of elsewhere is refused, and so is
	// one that does not say where it is of.
	AccountID string
	Region    string
	// Timeout bounds a Run; zero means DefaultTimeout.
	Timeout time.Duration

	Clock clock.Clock  // nil: the machine's
	Log   *slog.Logger // nil: none
	Sink  notify.Sink  // nil: nobody is told
	// Observer is told of each moment as it comes, one at a time; nil: nobody is.
	Observer func(Moment)
	// Holder names this process in journal and lease ("ci@build-7 pid 4711").
	Holder string

	began time.Time
}

// DefaultTimeout bounds a Run that sets no Timeout.
const DefaultTimeout = 5 * time.Minute

// Status is what came of a restore, or of one target.
type Status string

// The statuses.
const (
	NotNeeded Status = "not_needed" // everything was as captured already
	Restored  Status = "restored"   // put back, and read back
	Partial   Status = "partial"    // some of it
	Failed    Status = "failed"     // none of it
)

// Target is what a preview found, or what a run did.
type Target struct {
	Status  Status // of a run
	Summary string // what was captured
	Changes []service.Change
	Cleanup []service.Change // after every target is back
	Err     error            // why it could not be put back, or not wholly
}

// Stage is how far a target has come.
type Stage string

// The stages of a target that has something to do.
const (
	Begun   Stage = "begun"
	Done    Stage = "done"     // its changes were made
	Checked Stage = "checked"  // and read back
	Cleaned Stage = "cleaned"  // what is newer was taken away
	Stopped Stage = "not done" // for the reason in Err
)

// Moment is one that an Observer is told of.
type Moment struct {
	Target  string
	Stage   Stage
	Changes int // how many things
	Err     error
}

// Plan is a preview: the changes in the order in which a Run would do them.
type Plan struct {
	Snapshot snapshot.Manifest
	Targets  map[string]Target
	// Recovery is how long it would take until everything is back (see Parts), and Estimate with the clean-up.
	Recovery time.Duration
	Estimate time.Duration
}

// Changes returns the changes of all targets in the order in which a Run begins them, clean-up last.
func (p Plan) Changes() []service.Change {
	var all []service.Change
	for _, of := range []func(Target) []service.Change{restoring, cleaning} {
		for _, name := range p.names(of) {
			all = append(all, of(p.Targets[name])...)
		}
	}
	return all
}

// Valid tells whether every target can be put back wholly.
func (p Plan) Valid() bool { return len(p.Unrestorable()) == 0 }

// Unrestorable returns what cannot be put back, by target.
func (p Plan) Unrestorable() map[string]error {
	errs := map[string]error{}
	for name, target := range p.Targets {
		if target.Err != nil {
			errs[name] = target.Err
		}
	}
	return errs
}

// Result is what a Run did.
type Result struct {
	Status   Status
	Snapshot snapshot.Manifest
	Targets  map[string]Target
	// Changes were done, in their order; those of a target that failed may have been done in part.
	Changes []service.Change
	// Recovery is the time from the start of the Run to the last target's read-back, without the clean-up.
	Recovery time.Duration
	// Earlier is when another Run to the same snapshot, the last one of that name, began to put things back; nil when there
	// was none. It tells a release that was undone by a Run that died from one that needed no undoing.
	Earlier *time.Time
	// Warnings are about what went wrong beside the restore: a notice that was not delivered.
	Warnings []string
}

// ElsewhereError says that the snapshot is of another account or Region, or, with an empty Snapshot, names none.
type ElsewhereError struct {
	What           string // "account" or "Region"
	Snapshot, Here string
}

// Error names both.
func (e *ElsewhereError) Error() string {
	if e.Snapshot == "" {
		return fmt.Sprintf("the snapshot does not say of which %s it is, and this is %s", e.What, e.Here)
	}
	return fmt.Sprintf("the snapshot is of %s %s, and this is %s %s", e.What, e.Snapshot, e.What, e.Here)
}

// UnknownTargetError says that the snapshot does not hold a target that was asked for.
type UnknownTargetError struct {
	Target string
	Known  []string
}

// Error lists what the snapshot holds.
func (e *UnknownTargetError) Error() string {
	return fmt.Sprintf("the snapshot has no target %q; it has %s", e.Target, strings.Join(e.Known, ", "))
}

// IncompleteError says which targets a Run did not put back. Another Run does what is left.
type IncompleteError struct {
	Status  Status // Partial or Failed
	Targets map[string]error
}

// Error lists the targets.
func (e *IncompleteError) Error() string {
	lines := []string{"the rollback is " + string(e.Status)}
	for _, name := range slices.Sorted(maps.Keys(e.Targets)) {
		lines = append(lines, name+": "+e.Targets[name].Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the causes.
func (e *IncompleteError) Unwrap() []error { return slices.Collect(maps.Values(e.Targets)) }

func (r Request) defaults() Request {
	if r.Clock == nil {
		r.Clock = clock.System{}
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if r.Sink == nil {
		r.Sink = notify.Sinks{}
	}
	r.Observer = oneAtATime(r.Observer)
	if r.Timeout <= 0 {
		r.Timeout = DefaultTimeout
	}
	if r.Holder == "" {
		r.Holder = "terraform-provider-reliability"
	}
	return r
}

func oneAtATime(observe func(Moment)) func(Moment) {
	if observe == nil {
		return func(Moment) {}
	}
	var mu sync.Mutex
	return func(m Moment) {
		mu.Lock()
		defer mu.Unlock()
		observe(m)
	}
}

// load returns the snapshot and the names of the targets to put back, after the checks that need nothing of AWS.
func (r Request) load(ctx context.Context) (snapshot.Manifest, []string, error) {
	name, version, err := snapshot.ParseID(r.SnapshotID)
	if err != nil {
		return snapshot.Manifest{}, nil, err
	}
	m, err := snapshot.Load(ctx, r.Store, name, version)
	if err != nil {
		return snapshot.Manifest{}, nil, err
	}
	switch {
	case r.AccountID != "" && r.AccountID != m.AccountID:
		return m, nil, &ElsewhereError{What: "account", Snapshot: m.AccountID, Here: r.AccountID}
	case r.Region != "" && r.Region != m.Region:
		return m, nil, &ElsewhereError{What: "Region", Snapshot: m.Region, Here: r.Region}
	}
	known := slices.Sorted(maps.Keys(m.Items))
	if len(r.Targets) == 0 {
		return m, known, nil
	}
	wanted := slices.Compact(slices.Sorted(slices.Values(r.Targets)))
	for _, target := range wanted {
		if !slices.Contains(known, target) {
			return m, nil, &UnknownTargetError{Target: target, Known: known}
		}
	}
	return m, wanted, nil
}
