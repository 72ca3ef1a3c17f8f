package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var errNoAnswer = errors.New("no answer")

// mute takes writes and answers none of them, once told; deaf does not answer anything any more.
type mute struct {
	store.Store
	mute, deaf bool
	taken      func() // after a write that it does not answer
}

func (m *mute) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	etag, err := m.Store.Put(ctx, key, data, cond)
	if m.mute && err == nil {
		if m.taken != nil {
			m.taken()
		}
		return "", errNoAnswer
	}
	return etag, err
}

func (m *mute) Get(ctx context.Context, key string) (store.Object, error) {
	if m.deaf {
		return store.Object{}, errNoAnswer
	}
	return m.Store.Get(ctx, key)
}

// An acquisition that was interrupted may have been taken: whoever comes next must not wait for somebody who was told that
// it was not.
func TestALeaseThatNobodyKnowsOfIsGivenUp(t *testing.T) {
	t.Parallel()
	s := &mute{Store: local(t), mute: true}
	j := journal.New(s, clock.NewFake(start), "ci")
	ctx, cancel := context.WithCancel(t.Context())
	s.taken = cancel // interrupted meanwhile
	if _, err := j.Acquire(ctx, "web", time.Minute); !errors.Is(err, errNoAnswer) {
		t.Fatalf("without an answer: %v", err)
	}
	s.mute = false
	lease, err := j.Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	must(t, lease.Release(t.Context()))
}

// A renewal that was taken and not answered does not lose the lease.
func TestARenewalWithoutAnAnswerIsNoLoss(t *testing.T) {
	t.Parallel()
	fake, s := clock.NewFake(start), &mute{Store: local(t)}
	j := journal.New(s, fake, "ci")
	lease, err := j.Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	unanswered := func() {
		t.Helper()
		fake.Advance(20 * time.Second)
		s.mute = true
		if err := lease.Renew(t.Context(), time.Minute); !errors.Is(err, errNoAnswer) {
			t.Fatalf("without an answer: %v", err)
		}
		s.mute = false
	}
	unanswered()
	fake.Advance(20 * time.Second)
	must(t, lease.Renew(t.Context(), time.Minute))
	if want := start.Add(100 * time.Second); !lease.Expires().Equal(want) {
		t.Errorf("it expires at %s, want %s", lease.Expires(), want)
	}
	unanswered()
	must(t, lease.Release(t.Context()))
	if holder, err := j.Holder(t.Context(), "web"); holder != nil || err != nil {
		t.Errorf("released, and held by %v (%v)", holder, err)
	}
}

// What is somebody else's by now is neither renewed nor taken away.
func TestALeaseOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	fake, s := clock.NewFake(start), local(t)
	lease, err := journal.New(s, fake, "late").Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	fake.Advance(2 * time.Minute)
	heir := journal.New(s, fake, "heir")
	_, err = heir.Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	var held *journal.HeldError
	if err := lease.Renew(t.Context(), time.Minute); !errors.As(err, &held) || held.Holder != "heir" {
		t.Errorf("renewed: %v", err)
	}
	must(t, lease.Release(t.Context()))
	if holder, err := heir.Holder(t.Context(), "web"); err != nil || holder == nil || holder.Holder != "heir" {
		t.Errorf("it is held by %v (%v)", holder, err)
	}
}
