package restore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var errVanished = errors.New("the store is gone")

// vanishing is a store that is gone for good, for readers too, after some writes.
type vanishing struct {
	store.Store
	writes *life
}

func (v vanishing) spent() error {
	if v.writes.spend() != nil {
		return errVanished
	}
	return nil
}

func (v vanishing) left() error {
	if v.writes.left.Load() < 0 {
		return errVanished
	}
	return nil
}

func (v vanishing) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if err := v.spent(); err != nil {
		return "", err
	}
	return v.Store.Put(ctx, key, data, cond)
}

func (v vanishing) Delete(ctx context.Context, key string, cond store.Condition) error {
	if err := v.spent(); err != nil {
		return err
	}
	return v.Store.Delete(ctx, key, cond)
}

func (v vanishing) Get(ctx context.Context, key string) (store.Object, error) {
	if err := v.left(); err != nil {
		return store.Object{}, err
	}
	return v.Store.Get(ctx, key)
}

func (v vanishing) List(ctx context.Context, prefix string) ([]string, error) {
	if err := v.left(); err != nil {
		return nil, err
	}
	return v.Store.List(ctx, prefix)
}

// TestTheStoreVanishes: a store that is gone before the journal has it stops the rollback with nothing changed and the store's error;
// gone later, it stops nothing: what is being put back is put back. Once it is there again, the next run ends clean.
func TestTheStoreVanishes(t *testing.T) {
	t.Parallel()
	refused := 0
	for n := range int64(100) {
		w, request := prepareKinds(t, stack)
		before := fmt.Sprint(w.live)
		writes := &life{}
		writes.left.Store(n)
		meanwhile := request
		meanwhile.Store = vanishing{request.Store, writes}
		result, err := restore.Run(t.Context(), meanwhile)
		switch {
		case err != nil && (!errors.Is(err, errVanished) || fmt.Sprint(w.live) != before || len(result.Changes) != 0):
			t.Fatalf("gone after %d write(s): %v, and %s", n, err, fmt.Sprint(w.live))
		case err != nil:
			refused++
		case result.Status != restore.Restored || fmt.Sprint(w.live) == before:
			t.Fatalf("gone after %d write(s): %s, and %s", n, result.Status, fmt.Sprint(w.live))
		}
		request.Clock.(*clock.Fake).Advance(2 * time.Minute)
		_, again := restore.Run(t.Context(), request)
		must(t, again)
		for target, state := range w.live {
			if state != "good" {
				t.Fatalf("gone after %d write(s), and there again: %s is %s", n, target, state)
			}
		}
		if writes.left.Load() >= 0 { // it was there to the end
			if refused < 2 { // lease, journal
				t.Errorf("refused %d time(s)", refused)
			}
			return
		}
	}
	t.Fatal("a run that never ends")
}

// TestALeaseOfTheFuture: whoever holds the lease has a clock that is a day ahead. The rollback is told until when, and changes
// nothing; it neither waits nor takes the lease away.
func TestALeaseOfTheFuture(t *testing.T) {
	t.Parallel()
	w, request := prepareKinds(t, stack)
	before, here := fmt.Sprint(w.live), request.Clock.(*clock.Fake)
	ahead := clock.NewFake(here.Now().Add(24 * time.Hour))
	lease, err := journal.New(request.Store, ahead, "a machine that is ahead").Acquire(t.Context(), restore.LeaseOf("web"), time.Minute)
	must(t, err)
	_, err = restore.Run(t.Context(), request)
	var held *journal.HeldError
	if !errors.As(err, &held) || held.Holder != "a machine that is ahead" || !held.Expires.Equal(ahead.Now().Add(time.Minute)) || fmt.Sprint(w.live) != before {
		t.Fatalf("%v, and %s", err, fmt.Sprint(w.live))
	}
	must(t, lease.Release(t.Context()))
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if result.Status != restore.Restored {
		t.Errorf("%s", result.Status)
	}
}

// TestAnEarlierRunOfTheFuture: a run whose clock was a day ahead died. What it wrote down misleads nobody.
func TestAnEarlierRunOfTheFuture(t *testing.T) {
	t.Parallel()
	w, request := prepareKinds(t, stack)
	here := request.Clock.(*clock.Fake)
	dying := request
	dying.Clock = clock.NewFake(here.Now().Add(24 * time.Hour))
	l := &life{}
	l.left.Store(4) // lease, journal and what is intended
	dying.Store = vanishing{request.Store, l}
	_, err := restore.Run(t.Context(), dying)
	must(t, err)
	w.mu.Lock()
	w.live["site"] = "bad"
	w.mu.Unlock()
	here.Advance(25 * time.Hour) // its lease is over
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if result.Status != restore.Restored || len(result.Changes) != 1 || w.live["site"] != "good" {
		t.Errorf("%+v", result)
	}
}
