package restore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

const (
	// leaseTTL is how long a rollback that died keeps the next one off.
	leaseTTL = 30 * time.Second
	// lastWords is how long an ended context leaves to journal, lease and notices.
	lastWords = 20 * time.Second
)

// Run puts the targets back and reads them back. Targets of one phase go side by side, and one that fails does not keep
// the others from being put back. It is safe to repeat: it looks at what is live and does what is left, whoever died
// half-way before.
//
// The error is an *IncompleteError when some targets were not put back; the Result then says which were. Any other error
// means that nothing was changed: no such snapshot (store.ErrNotFound), a *snapshot.CorruptError, an *ElsewhereError, an
// *UnknownTargetError, a *journal.HeldError while another rollback of the same name runs, a store that does not take the
// journal.
func Run(ctx context.Context, request Request) (Result, error) {
	r := request.defaults()
	start := r.Clock.Now()
	ctx, cancel := r.Clock.WithTimeout(ctx, r.Timeout)
	defer cancel()
	m, names, err := r.load(ctx)
	if err != nil {
		return Result{}, err
	}
	book := journal.New(r.Store, r.Clock, r.Holder)
	target := "rollback " + m.Name
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

	plan, ready := r.plan(ctx, m, names)
	result := Result{Snapshot: m, Targets: plan.Targets}
	told := r.tellAside(ctx, r.triggered(m, plan))
	err = r.execute(ctx, book, target, plan, ready, &result)
	result.Recovery = r.Clock.Now().Sub(start)
	result.Warnings = append(result.Warnings, <-told...)
	if err != nil {
		return result, err
	}
	err = conclude(&result)
	result.Warnings = append(result.Warnings, r.tell(ctx, r.completed(result))...)
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
	Changes  map[string]int `json:"changes"` // how many, by target
}

// execute does the phases one after another. An error means that the journal could not be written; nothing is changed
// without it.
func (r Request) execute(ctx context.Context, book *journal.Journal, target string, plan Plan, ready map[string]bound, result *Result) error {
	phases := plan.phases()
	if len(phases) == 0 {
		r.judge(ctx, ready, result)
		return nil
	}
	if before, ok, err := book.Last(ctx, target); err == nil && ok && before.EndedAt == nil {
		r.Log.WarnContext(ctx, "an earlier rollback ended half-way; this one does what is left", "holder", before.Holder, "started", before.StartedAt)
	}
	meant := intent{Snapshot: plan.Snapshot.ID(), Digest: plan.Snapshot.Digest, Reason: r.Reason, Changes: map[string]int{}}
	for name, t := range plan.Targets {
		meant.Changes[name] = len(t.Changes)
	}
	entry, err := book.Begin(ctx, target, "rollback", meant)
	if err != nil {
		return err
	}
	for i, group := range phases {
		if err := entry.Intend(ctx, group.names); err != nil {
			if i == 0 {
				return err
			}
			r.blame(result, phases[i:], err)
			break
		}
		r.restorePhase(ctx, group, ready, result)
		if err := entry.Done(ctx, statuses(result, group.names)); err != nil {
			r.Log.WarnContext(ctx, "the journal did not take the result of a step", "error", err)
		}
	}
	r.judge(ctx, ready, result)
	final, cancel := r.final(ctx)
	defer cancel()
	if err := entry.Close(final, string(overall(result.Targets))); err != nil {
		r.Log.WarnContext(ctx, "the journal did not take the end of the rollback", "error", err)
	}
	return nil
}

// blame marks the targets of phases that were not begun.
func (r Request) blame(result *Result, phases []phase, err error) {
	for _, group := range phases {
		for _, name := range group.names {
			t := result.Targets[name]
			t.Err = errors.Join(t.Err, err)
			result.Targets[name] = t
		}
	}
}

func (r Request) restorePhase(ctx context.Context, group phase, ready map[string]bound, result *Result) {
	var mu sync.Mutex
	var workers errgroup.Group
	workers.SetLimit(parallel)
	for _, name := range group.names {
		workers.Go(func() error {
			r.Log.InfoContext(ctx, "putting back", "target", name, "changes", len(group.changes[name]))
			err := context.Cause(ctx)
			if err == nil {
				err = ready[name].service.Restore(ctx, group.changes[name])
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t := result.Targets[name]
				t.Err = errors.Join(t.Err, err)
				result.Targets[name] = t
			}
			return nil
		})
	}
	_ = workers.Wait() // every error is its target's
	for _, name := range group.names {
		result.Changes = append(result.Changes, group.changes[name]...)
	}
}

// judge reads back every target that was changed and gives each its status.
func (r Request) judge(ctx context.Context, ready map[string]bound, result *Result) {
	var mu sync.Mutex
	var workers errgroup.Group
	workers.SetLimit(parallel)
	for name, target := range maps.Clone(result.Targets) {
		workers.Go(func() error {
			if target.Err == nil && len(target.Changes) > 0 {
				target.Err = ready[name].service.Verify(ctx, ready[name].item)
			}
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
			mu.Lock()
			defer mu.Unlock()
			result.Targets[name] = target
			return nil
		})
	}
	_ = workers.Wait() // every error is its target's
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
