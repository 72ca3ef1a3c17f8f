package journal_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func local(t *testing.T) store.Store {
	t.Helper()
	s, err := store.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARecordTellsHowFarItCame(t *testing.T) {
	t.Parallel()
	ctx, fake := t.Context(), clock.NewFake(start)
	j := journal.New(local(t), fake, "ci")
	if _, ok, err := j.Last(ctx, "web"); ok || err != nil {
		t.Fatalf("Last of nothing: %v, %v", ok, err)
	}
	entry, err := j.Begin(ctx, "web", "switch", map[string]int{"from": 1})
	must(t, err)
	must(t, entry.Intend(ctx, "one"))
	fake.Advance(time.Second)
	must(t, entry.Done(ctx, "ok"))
	must(t, entry.Intend(ctx, "two"))

	died, ok, err := j.Last(ctx, "web")
	must(t, err)
	if !ok || died.EndedAt != nil || died.Holder != "ci" || died.Operation != "switch" || string(died.Intent) != `{"from":1}` || len(died.Steps) != 2 {
		t.Fatalf("open record: %+v", died)
	}
	if died.Steps[0].DoneAt == nil || !died.Steps[0].DoneAt.Equal(start.Add(time.Second)) || string(died.Steps[0].Result) != `"ok"` || died.Steps[1].DoneAt != nil {
		t.Fatalf("steps: %+v", died.Steps)
	}
	must(t, entry.Close(ctx, "reverted"))
	ended, _, err := j.Last(ctx, "web")
	must(t, err)
	if ended.EndedAt == nil || ended.Outcome != "reverted" {
		t.Fatalf("closed record: %+v", ended)
	}
	if entry.Intend(ctx, "three") == nil || entry.Close(ctx, "again") == nil {
		t.Fatal("a closed entry took a write")
	}
}

func TestDoneNeedsAnIntent(t *testing.T) {
	t.Parallel()
	entry, err := journal.New(local(t), clock.NewFake(start), "ci").Begin(t.Context(), "web", "switch", nil)
	must(t, err)
	if entry.Done(t.Context(), nil) == nil {
		t.Fatal("Done before Intend")
	}
	must(t, entry.Intend(t.Context(), 1))
	must(t, entry.Done(t.Context(), nil))
	if entry.Done(t.Context(), nil) == nil {
		t.Fatal("Done twice")
	}
}

func TestASecondOperationStopsTheFirst(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	first, err := journal.New(s, clock.NewFake(start), "a").Begin(ctx, "web", "switch", nil)
	must(t, err)
	second, err := journal.New(s, clock.NewFake(start), "b").Begin(ctx, "web", "switch", nil)
	must(t, err)
	if err := first.Intend(ctx, "x"); !errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("the first went on: %v", err)
	}
	must(t, second.Intend(ctx, "y"))
}

// flaky takes a write and loses the answer, or does not take it, once.
type flaky struct {
	store.Store
	lose, refuse atomic.Bool
}

var errDown = errors.New("the store is down")

func (f *flaky) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if f.refuse.CompareAndSwap(true, false) {
		return "", errDown
	}
	etag, err := f.Store.Put(ctx, key, data, cond)
	if err == nil && f.lose.CompareAndSwap(true, false) { // what a client below us does: it sends the same again
		return f.Store.Put(ctx, key, data, cond)
	}
	return etag, err
}

func TestALostAnswerIsNoConflict(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := &flaky{Store: local(t)}
	j := journal.New(s, clock.NewFake(start), "ci")
	s.lose.Store(true)
	lease, err := j.Acquire(ctx, "web", time.Minute)
	must(t, err)
	s.lose.Store(true)
	must(t, lease.Renew(ctx, 2*time.Minute))
	s.lose.Store(true)
	entry, err := j.Begin(ctx, "web", "switch", nil)
	must(t, err)
	s.lose.Store(true)
	must(t, entry.Intend(ctx, 1))
	must(t, entry.Done(ctx, 1))
}

func TestAWriteThatIsNotTakenIsNotRemembered(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := &flaky{Store: local(t)}
	j := journal.New(s, clock.NewFake(start), "ci")
	entry, err := j.Begin(ctx, "web", "switch", nil)
	must(t, err)
	s.refuse.Store(true)
	if err := entry.Intend(ctx, "x"); !errors.Is(err, errDown) {
		t.Fatalf("Intend: %v", err)
	}
	must(t, entry.Intend(ctx, "y"))
	record, _, err := j.Last(ctx, "web")
	must(t, err)
	if len(record.Steps) != 1 || string(record.Steps[0].Intent) != `"y"` {
		t.Fatalf("steps: %+v", record.Steps)
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	ctx, fake, s := t.Context(), clock.NewFake(start), local(t)
	a, b := journal.New(s, fake, "a"), journal.New(s, fake, "b")
	mine, err := a.Acquire(ctx, "web", time.Minute)
	must(t, err)
	var held *journal.HeldError
	if _, err := b.Acquire(ctx, "web", time.Minute); !errors.As(err, &held) || held.Holder != "a" || !held.Expires.Equal(start.Add(time.Minute)) {
		t.Fatalf("held: %v", err)
	}
	if _, err := a.Acquire(ctx, "web", time.Minute); !errors.As(err, &held) {
		t.Fatalf("the same holder again: %v", err)
	}
	if _, err := b.Acquire(ctx, "other", time.Minute); err != nil {
		t.Fatalf("another target: %v", err)
	}
	fake.Advance(50 * time.Second)
	must(t, mine.Renew(ctx, time.Minute))
	fake.Advance(50 * time.Second)
	if _, err := b.Acquire(ctx, "web", time.Minute); !errors.As(err, &held) {
		t.Fatalf("renewed: %v", err)
	}
	fake.Advance(10 * time.Second)
	theirs, err := b.Acquire(ctx, "web", time.Minute) // expired: taken over
	must(t, err)
	if err := mine.Renew(ctx, time.Minute); !errors.As(err, &held) || held.Holder != "b" {
		t.Fatalf("renewing a lost lease: %v", err)
	}
	must(t, mine.Release(ctx))
	if _, err := a.Acquire(ctx, "web", time.Minute); !errors.As(err, &held) {
		t.Fatalf("releasing a lost lease gave up the other's: %v", err)
	}
	must(t, theirs.Release(ctx))
	if err := theirs.Renew(ctx, time.Minute); !errors.As(err, &held) {
		t.Fatalf("renewing a released lease: %v", err)
	}
	_, err = a.Acquire(ctx, "web", time.Minute)
	must(t, err)
}

func TestOneOfManyTakesOverAnExpiredLease(t *testing.T) {
	t.Parallel()
	ctx, fake, s := t.Context(), clock.NewFake(start), local(t)
	_, err := journal.New(s, fake, "dead").Acquire(ctx, "web", time.Minute)
	must(t, err)
	fake.Advance(2 * time.Minute)
	var wins atomic.Int64
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			var held *journal.HeldError
			_, err := journal.New(s, fake, "heir").Acquire(ctx, "web", time.Minute)
			switch {
			case err == nil:
				wins.Add(1)
			case !errors.As(err, &held):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if wins.Load() != 1 {
		t.Fatalf("%d heirs", wins.Load())
	}
}

func TestHostileTargets(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	j := journal.New(s, clock.NewFake(start), "ci")
	targets := []string{"", "/", "../../etc/passwd", "a/b", "a_b", "ä", "a\x00b", strings.Repeat("x", 5000), strings.Repeat("x", 5001), "*.example.com A"}
	for _, target := range targets {
		_, err := j.Acquire(ctx, target, time.Minute)
		must(t, err)
		_, err = j.Begin(ctx, target, "switch", nil)
		must(t, err)
	}
	keys, err := s.List(ctx, "")
	must(t, err)
	if len(keys) != 2*len(targets) {
		t.Fatalf("%d keys for %d targets: %q", len(keys), len(targets), keys)
	}
}

func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	j := journal.New(s, clock.NewFake(start), "ci")
	_, err := j.Acquire(ctx, "web", time.Minute)
	must(t, err)
	_, err = j.Begin(ctx, "web", "switch", nil)
	must(t, err)
	keys, err := s.List(ctx, "")
	must(t, err)
	for _, key := range keys {
		_, err = s.Put(ctx, key, []byte("{"), store.Condition{})
		must(t, err)
	}
	var corrupt *journal.CorruptError
	if _, _, err := j.Last(ctx, "web"); !errors.As(err, &corrupt) || !strings.HasPrefix(corrupt.URI, "file://") {
		t.Errorf("Last: %v", err)
	}
	if _, err := j.Acquire(ctx, "web", time.Minute); !errors.As(err, &corrupt) {
		t.Errorf("Acquire: %v", err)
	}
}
