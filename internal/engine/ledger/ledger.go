// Package ledger knows what became of each deployment: which release, when, and whether it held. It is the authority on
// the last good deployment and on releases that were rolled back and must not come again unasked.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Status is what became of a deployment.
type Status string

// The statuses. RolledBack and Abandoned are final.
const (
	Open       Status = "open"        // nobody has judged it yet
	Succeeded  Status = "succeeded"   // its health gate passed
	Failed     Status = "failed"      // its health gate or switch failed
	RolledBack Status = "rolled_back" // it was undone
	Abandoned  Status = "abandoned"   // nobody will judge it any more: the next one opened, or nothing of it was there to undo
)

// Deployment is one line of the ledger.
type Deployment struct {
	ID        string     `json:"id"` // "web/000012"
	Version   int        `json:"version"`
	Release   string     `json:"release"`
	Status    Status     `json:"status"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	// OnlySwitch says of a failed one that a switch failed, and no gate.
	OnlySwitch bool `json:"only_switch,omitempty"`
	// TimeoutSeconds is how long it may stay open; zero is for ever.
	TimeoutSeconds float64 `json:"timeout_seconds,omitempty"`
	// Held says that it had succeeded before it was rolled back along with a later one that did not.
	Held bool `json:"held,omitempty"`
	// RestoredFrom is the snapshot that undid it, and RecoverySeconds how long that took from when it was found to have
	// failed; from the start of the rollback where nobody had judged it.
	RestoredFrom    string  `json:"restored_from,omitempty"`
	RecoverySeconds float64 `json:"recovery_seconds,omitempty"`
	// RecoveryBudgetSeconds is how long the rollback was allowed to take; zero where nobody said.
	RecoveryBudgetSeconds float64 `json:"recovery_budget_seconds,omitempty"`
	// Traffic is where the traffic was while it was switched; nil where no switch said so, and of older deployments.
	Traffic *Traffic `json:"traffic,omitempty"`
}

// Deadline returns when an open deployment has to be judged; ok is false when it is judged, or may take for ever.
func (d Deployment) Deadline() (at time.Time, ok bool) {
	if d.Status != Open || d.TimeoutSeconds <= 0 {
		return time.Time{}, false
	}
	return d.StartedAt.Add(time.Duration(d.TimeoutSeconds * float64(time.Second))), true
}

// Overdue tells that it is open past its deadline.
func (d Deployment) Overdue(now time.Time) bool {
	deadline, ok := d.Deadline()
	return ok && now.After(deadline)
}

// Quarantine is a release that was rolled back.
type Quarantine struct {
	Release    string    `json:"release"`
	Deployment string    `json:"deployment"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"`
}

// History is everything that is known of one name, oldest deployment first.
type History struct {
	Name        string       `json:"name"`
	Deployments []Deployment `json:"deployments"`
	Quarantine  []Quarantine `json:"quarantine,omitempty"`
}

// The errors of a ledger, to be tested with errors.Is.
var (
	// ErrUnknown: the ledger has no such deployment.
	ErrUnknown = errors.New("the ledger has no such deployment")
	// ErrNothingGood: there is no state of that name to go back to.
	ErrNothingGood = errors.New("no captured state is known to be good")
)

// maxKept is how many deployments a history holds; older ones fall off.
const maxKept = 1000

// Ledger is kept in a store, one object a name. It is safe for many processes.
type Ledger struct {
	store store.Store
	clock clock.Clock
}

// New returns the ledger in s.
func New(s store.Store, c clock.Clock) *Ledger { return &Ledger{store: s, clock: c} }

// History returns what is known of name; nothing at all is an empty history.
func (l *Ledger) History(ctx context.Context, name string) (History, error) {
	history, _, err := l.read(ctx, name)
	return history, err
}

// Open enters a new deployment. A deployment of the same name that is still open becomes abandoned. Opening the same
// id again changes nothing.
func (l *Ledger) Open(ctx context.Context, id, release string) (Deployment, error) {
	return l.OpenFor(ctx, id, release, 0)
}

// OpenFor is Open of a deployment that may stay open for timeout; zero is for ever.
func (l *Ledger) OpenFor(ctx context.Context, id, release string, timeout time.Duration) (Deployment, error) {
	name, version, err := split(id)
	if err != nil {
		return Deployment{}, err
	}
	var opened Deployment
	err = l.change(ctx, name, func(h *History) bool {
		if known := h.find(version); known != nil {
			opened = *known
			return false
		}
		now := l.clock.Now().UTC()
		for i := range h.Deployments {
			if d := &h.Deployments[i]; d.Status == Open && d.Version < version {
				d.Status, d.EndedAt, d.Reason = Abandoned, &now, "superseded by "+id+" before anybody judged it"
			}
		}
		opened = Deployment{ID: id, Version: version, Release: release, Status: Open, StartedAt: now, TimeoutSeconds: timeout.Seconds()}
		h.insert(opened)
		return true
	})
	return opened, err
}

// Close writes down what became of a deployment: Succeeded, Failed or Abandoned, and why. A later verdict replaces an
// earlier one. A deployment that was rolled back or abandoned stays so, without an error: what a gate finds afterwards
// says nothing of it. ErrUnknown when nothing opened id.
func (l *Ledger) Close(ctx context.Context, id string, status Status, reason string) error {
	name, version, err := split(id)
	if err != nil {
		return err
	}
	if status != Succeeded && status != Failed && status != Abandoned {
		return fmt.Errorf("close deployment %s: a deployment is not closed as %q", id, status)
	}
	unknown := false
	err = l.change(ctx, name, func(h *History) bool {
		d := h.find(version)
		unknown = d == nil
		if unknown || d.Status == RolledBack || d.Status == Abandoned || d.Status == status && d.Reason == reason {
			return false
		}
		now := l.clock.Now().UTC()
		d.Status, d.EndedAt, d.Reason, d.OnlySwitch = status, &now, reason, false
		if status == Succeeded {
			h.release(d.Release)
		}
		return true
	})
	if err == nil && unknown {
		err = fmt.Errorf("close deployment %s: %w", id, ErrUnknown)
	}
	return err
}

// RollBack writes down that the snapshot of deployment id was restored: it and every later one are undone. The release
// that was live, and every one that did not hold, is quarantined; one that had succeeded before is not to blame.
func (l *Ledger) RollBack(ctx context.Context, id, reason string, recovery time.Duration) error {
	return l.RollBackWithin(ctx, id, reason, recovery, 0)
}

// RollBackWithin is RollBack of a rollback that was allowed to take budget; zero where nobody said.
func (l *Ledger) RollBackWithin(ctx context.Context, id, reason string, recovery, budget time.Duration) error {
	name, version, err := split(id)
	if err != nil {
		return err
	}
	return l.change(ctx, name, func(h *History) bool {
		now, changed := l.clock.Now().UTC(), false
		for i := range h.Deployments {
			d := &h.Deployments[i]
			if d.Version < version || d.Status == RolledBack {
				continue
			}
			if i == len(h.Deployments)-1 || d.Status == Open || d.Status == Failed {
				h.quarantine(Quarantine{Release: d.Release, Deployment: d.ID, Reason: reason, At: now})
			}
			if d.Status != Abandoned || i == len(h.Deployments)-1 {
				took := recovery
				if d.Status == Failed && d.EndedAt != nil {
					took = max(took, now.Sub(*d.EndedAt))
				}
				d.Held = d.Status == Succeeded && i < len(h.Deployments)-1
				d.Status, d.EndedAt, d.Reason, d.RestoredFrom, d.RecoverySeconds, d.RecoveryBudgetSeconds = RolledBack, &now, reason, id, took.Seconds(), budget.Seconds()
			}
			changed = true
		}
		return changed
	})
}

// casTries bounds the races that one change may lose.
const casTries = 50

// change edits the history of name; edit returns whether it changed anything and may be called several times.
func (l *Ledger) change(ctx context.Context, name string, edit func(*History) bool) error {
	for range casTries {
		history, etag, err := l.read(ctx, name)
		if err != nil {
			return err
		}
		if !edit(&history) {
			return nil
		}
		data, err := json.Marshal(history)
		if err != nil {
			return err
		}
		_, err = l.store.Put(ctx, ledgerKey(name), data, store.Condition{IfNoneMatch: etag == "", IfMatch: etag})
		if !errors.Is(err, store.ErrPrecondition) {
			return wrap(name, err)
		}
	}
	return fmt.Errorf("ledger of %s: lost %d races against other writers: %w", name, casTries, store.ErrPrecondition)
}

func (l *Ledger) read(ctx context.Context, name string) (History, string, error) {
	history := History{Name: name}
	kept, err := l.store.Get(ctx, ledgerKey(name))
	if errors.Is(err, store.ErrNotFound) {
		return history, "", nil
	}
	if err != nil {
		return history, "", wrap(name, err)
	}
	if err := json.Unmarshal(kept.Data, &history); err != nil {
		return History{Name: name}, "", &CorruptError{URI: l.store.URI(kept.Key), Err: err}
	}
	return history, kept.ETag, nil
}

// CorruptError says that a ledger cannot be read: it was edited or damaged, for every write is whole.
type CorruptError struct {
	URI string
	Err error
}

// Error names the object.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("the ledger %s cannot be read: %v", e.URI, e.Err)
}

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

func ledgerKey(name string) string { return "ledger/" + name + ".json" }

func wrap(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger of %s: %w", name, err)
}

// split takes "web/000012" apart.
func split(id string) (name string, version int, err error) {
	name, digits, ok := strings.Cut(id, "/")
	if _, scanErr := fmt.Sscanf(digits, "%d", &version); !ok || name == "" || scanErr != nil || version < 1 || fmt.Sprintf("%s/%06d", name, version) != id {
		return "", 0, fmt.Errorf("%q is no deployment id, which is NAME/VERSION such as web/000012: %w", id, ErrUnknown)
	}
	return name, version, nil
}
