package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
)

const (
	// leaseTTL is how long a rollback that died keeps the next one off.
	leaseTTL = 30 * time.Second
	// lastWords is how long an ended context leaves to journal, lease and notices.
	lastWords = 20 * time.Second
)

// LeaseOf returns the journal's name of the rollbacks of a deployment name: whoever holds the lease on it is at one.
func LeaseOf(name string) string { return "rollback " + name }

// Run puts the targets back and reads them back. Targets that do not wait for each other go side by side, and one that fails
// does not keep the others from being put back. It is safe to repeat: it looks at what is live and does what is left, whoever died
// half-way before.
//
// The error is an *IncompleteError when some targets were not put back; the Result then says which were. Any other error
// means that nothing was changed: no such snapshot (store.ErrNotFound), a *snapshot.CorruptError, an *ElsewhereError, an
// *UnknownTargetError, a *journal.HeldError while another rollback of the same name runs, a store that does not take the
// journal.
func Run(ctx context.Context, request Request) (Result, error) {
	r := request.defaults()
	r.began = r.Clock.Now()
	ctx, cancel := r.Clock.WithTimeout(ctx, r.Timeout)
	defer cancel()
	m, names, err := r.load(ctx)
	if err != nil {
		return Result{}, err
	}
	book := journal.New(r.Store, r.Clock, r.Holder)
	target := LeaseOf(m.Name)
	lease, err := book.Acquire(ctx, target, leaseTTL)
	if err != nil {
		return Result{}, err
	}
	ctx, lost := context.WithCancelCause(ctx)
	beat := r.keep(ctx, lease, lost)
	defer func() {
		lost(nil)
		<-beat
		final, cancel := r.final(ctx)
		defer cancel()
		if err := lease.Release(final); err != nil {
			r.Log.WarnContext(ctx, "the lease was not given up and expires by itself", "target", target, "error", err)
		}
	}()

	result := Result{Snapshot: m, Earlier: r.earlier(ctx, book, target, m)}
	plan, ready := r.plan(ctx, m, names)
	if err := plan.foreign(); err != nil {
		return Result{}, err
	}
	result.Targets = maps.Clone(plan.Targets)
	changes := plan.Changes()
	told := make(chan []string, 1)
	if len(changes) == 0 {
		told <- nil // nothing is rolled back, unless something could not be looked at: the end tells that
	} else {
		go func() { told <- r.tell(ctx, r.triggered(m, plan)) }() // nobody waits for a notice before traffic is back
	}
	err = r.execute(ctx, book, target, plan, ready, &result)
	result.Warnings = append(result.Warnings, <-told...)
	if err != nil {
		return result, err
	}
	err = conclude(&result)
	if len(changes) > 0 || err != nil {
		result.Warnings = append(result.Warnings, r.tell(ctx, r.completed(result))...)
	}
	return result, err
}

// keep renews the lease until ctx ends; a lease that was lost ends ctx. The returned channel closes when it has stopped.
// The heartbeat runs on the machine's time, for it is other machines that read it.
func (r Request) keep(ctx context.Context, lease *journal.Lease, lost context.CancelCauseFunc) <-chan struct{} {
	stopped := make(chan struct{})
	go func() { // owner: Run waits for stopped
		defer close(stopped)
		ticker := time.NewTicker(leaseTTL / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			err := lease.Renew(ctx, leaseTTL)
			var held *journal.HeldError
			if errors.As(err, &held) {
				lost(fmt.Errorf("another rollback took over: %w", err))
				return
			}
			if err != nil {
				r.Log.WarnContext(ctx, "the lease was not renewed", "error", err)
			}
		}
	}()
	return stopped
}

// final returns a context for what has to be said after ctx ended.
func (r Request) final(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lastWords)
}

// intent is what the journal keeps of a rollback.
type intent struct {
	Snapshot string         `json:"snapshot"`
	Digest   string         `json:"digest"`
	Reason   string         `json:"reason"`
	Changes  map[string]int `json:"changes"` // how many things, by target
}

// earlier returns when the last Run of that name began, if it was to the same snapshot and had something to put back.
func (r Request) earlier(ctx context.Context, book *journal.Journal, target string, m snapshot.Manifest) *time.Time {
	record, ok, err := book.Last(ctx, target)
	var meant intent
	if err != nil || !ok || json.Unmarshal(record.Intent, &meant) != nil || meant.Digest != m.Digest || len(meant.Changes) == 0 {
		return nil
	}
	if record.EndedAt == nil {
		r.Log.WarnContext(ctx, "an earlier rollback ended half-way; this one does what is left", "holder", record.Holder, "started", record.StartedAt)
	}
	return &record.StartedAt
}

// execute does what the plan holds: first what puts back, then the clean-up. An error means that the journal could not be
// written; nothing is changed without it.
func (r Request) execute(ctx context.Context, book *journal.Journal, target string, plan Plan, ready map[string]bound, result *Result) error {
	names, last := plan.names(restoring), plan.names(cleaning)
	if len(names)+len(last) == 0 {
		r.judge(ctx, plan, ready, result)
		result.Recovery = r.Clock.Now().Sub(r.began)
		return nil
	}
	meant := intent{Snapshot: plan.Snapshot.ID(), Digest: plan.Snapshot.Digest, Reason: r.Reason, Changes: map[string]int{}}
	for _, name := range names {
		meant.Changes[name] = things(plan.Targets[name].Changes)
	}
	entry, err := book.Begin(ctx, target, "rollback", meant)
	if err != nil {
		return err
	}
	all := &tally{result: result}
	if len(names) > 0 {
		if err := entry.Intend(ctx, names); err != nil {
			return err
		}
		r.putBack(ctx, plan, names, ready, all)
		r.done(ctx, entry, result, names)
	}
	r.judge(ctx, plan, ready, result)
	result.Recovery = r.Clock.Now().Sub(r.began)
	r.cleanUp(ctx, entry, plan, last, ready, all)
	final, cancel := r.final(ctx)
	defer cancel()
	if err := entry.Close(final, string(overall(result.Targets))); err != nil {
		r.Log.WarnContext(ctx, "the journal did not take the end of the rollback", "error", err)
	}
	return nil
}

func (r Request) done(ctx context.Context, entry *journal.Entry, result *Result, names []string) {
	if err := entry.Done(ctx, statuses(result, names)); err != nil {
		r.Log.WarnContext(ctx, "the journal did not take the result of a step", "error", err)
	}
}

// tally gathers what many goroutines do.
type tally struct {
	mu     sync.Mutex
	result *Result
}

func (t *tally) note(name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	target := t.result.Targets[name]
	target.Err = errors.Join(target.Err, err)
	t.result.Targets[name] = target
}

// putBack makes the changes of names side by side, each after those that it waits for. They are begun in order, and what
// one waits for was begun before it, so that nobody waits for somebody who waits for a free worker.
func (r Request) putBack(ctx context.Context, plan Plan, names []string, ready map[string]bound, all *tally) {
	ended := make(map[string]chan struct{}, len(names))
	for _, name := range names {
		ended[name] = make(chan struct{})
	}
	side(names, func(name string) {
		defer close(ended[name])
		for _, first := range plan.waitsFor(name, names) {
			<-ended[first] // whatever came of it: a captured state is worth having even beside one that failed
		}
		all.note(name, r.change(ctx, name, plan.Targets[name].Changes, ready[name].service, Done))
	})
	for _, name := range names {
		all.result.Changes = append(all.result.Changes, plan.Targets[name].Changes...)
	}
}

func (r Request) change(ctx context.Context, name string, changes []service.Change, s service.Service, then Stage) error {
	r.Log.InfoContext(ctx, "putting back", "target", name, "changes", len(changes))
	if then == Done {
		r.Observer(Moment{Target: name, Stage: Begun, Changes: things(changes)})
	}
	err := context.Cause(ctx)
	if err == nil {
		err = s.Restore(ctx, changes)
	}
	m := Moment{Target: name, Stage: then, Changes: things(changes), Err: err}
	if err != nil {
		m.Stage = Stopped
	}
	r.Observer(m)
	return err
}

// cleanUp takes away what is newer, once everything is back: as long as something is not, what is newer may be in use.
func (r Request) cleanUp(ctx context.Context, entry *journal.Entry, plan Plan, names []string, ready map[string]bound, all *tally) {
	if status := overall(all.result.Targets); len(names) == 0 || status == Partial || status == Failed {
		return
	}
	if err := entry.Intend(ctx, names); err != nil {
		for _, name := range names {
			all.note(name, err)
		}
	} else {
		side(names, func(name string) {
			all.note(name, r.change(ctx, name, plan.Targets[name].Cleanup, ready[name].service, Cleaned))
		})
		for _, name := range names {
			all.result.Changes = append(all.result.Changes, plan.Targets[name].Cleanup...)
		}
		r.done(ctx, entry, all.result, names)
	}
	for _, name := range names {
		target := all.result.Targets[name]
		switch {
		case target.Err != nil:
			target.Status = Partial
		case target.Status == NotNeeded:
			target.Status = Restored
		}
		all.result.Targets[name] = target
	}
}

// judge reads back every target that was changed and gives each its status.
func (r Request) judge(ctx context.Context, plan Plan, ready map[string]bound, result *Result) {
	all := &tally{result: result}
	var changed []string
	for _, name := range plan.names(restoring) {
		if result.Targets[name].Err == nil {
			changed = append(changed, name)
		}
	}
	side(changed, func(name string) {
		err := ready[name].service.Verify(ctx, ready[name].item)
		m := Moment{Target: name, Stage: Checked, Changes: things(plan.Targets[name].Changes), Err: err}
		if err != nil {
			m.Stage = Stopped
		}
		r.Observer(m)
		all.note(name, err)
	})
	for name, target := range result.Targets {
		switch {
		case target.Err != nil && len(target.Changes) > 0 && partly(target.Err):
			target.Status = Partial
		case target.Err != nil:
			target.Status = Failed
		case len(target.Changes) == 0:
			target.Status = NotNeeded
		default:
			target.Status = Restored
		}
		result.Targets[name] = target
	}
}

// partly tells that an error is about a part of a target only: the rest was put back.
func partly(err error) bool {
	var differs *service.DiffersError
	return errors.Is(err, service.ErrUnrestorable) || errors.As(err, &differs)
}

func statuses(result *Result, names []string) map[string]string {
	said := make(map[string]string, len(names))
	for _, name := range names {
		said[name] = "done"
		if err := result.Targets[name].Err; err != nil {
			said[name] = err.Error()
		}
	}
	return said
}

func overall(targets map[string]Target) Status {
	count := map[Status]int{}
	for _, target := range targets {
		count[target.Status]++
	}
	switch bad := count[Failed] + count[Partial]; {
	case bad == 0 && count[Restored] == 0:
		return NotNeeded
	case bad == 0:
		return Restored
	case count[Failed] == len(targets):
		return Failed
	default:
		return Partial
	}
}

func conclude(result *Result) error {
	result.Status = overall(result.Targets)
	if result.Status != Partial && result.Status != Failed {
		return nil
	}
	incomplete := &IncompleteError{Status: result.Status, Targets: map[string]error{}}
	for name, target := range result.Targets {
		if target.Err != nil {
			incomplete.Targets[name] = target.Err
		}
	}
	return incomplete
}
