package restore_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// life is how many writes a process makes before it is killed; nothing that it does afterwards has an effect.
type life struct{ left atomic.Int64 }

var errDead = errors.New("the process is dead")

func (l *life) spend() error {
	if l.left.Add(-1) < 0 {
		return errDead
	}
	return nil
}

type mortalStore struct {
	store.Store
	*life
}

func (m mortalStore) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if err := m.spend(); err != nil {
		return "", err
	}
	return m.Store.Put(ctx, key, data, cond)
}

func (m mortalStore) Delete(ctx context.Context, key string, cond store.Condition) error {
	if err := m.spend(); err != nil {
		return err
	}
	return m.Store.Delete(ctx, key, cond)
}

type mortal struct {
	thing
	*life
}

func (m mortal) Restore(ctx context.Context, changes []service.Change) error {
	if err := m.spend(); err != nil {
		return err
	}
	return m.thing.Restore(ctx, changes)
}

// TestADeathAfterAnyWrite: wherever the first run dies, the next one, once the lease has expired, ends clean, and then
// nothing is left to do.
func TestADeathAfterAnyWrite(t *testing.T) {
	t.Parallel()
	for n := range int64(100) {
		w, request := prepareKinds(t, stack)
		w.extra["site"] = true
		request.Cleanup = []string{"s3_bucket"}
		dying := request
		l := &life{}
		l.left.Store(n)
		dying.Store = mortalStore{request.Store, l}
		dying.Services = func(ctx context.Context, spec service.Spec) (service.Service, error) {
			s, err := request.Services(ctx, spec)
			return mortal{s.(thing), l}, err
		}
		_, err := restore.Run(t.Context(), dying)
		if l.left.Load() >= 0 { // it outlived its work
			must(t, err)
			if n < 14 { // lease, journal, eight targets, clean-up, and the end of each
				t.Fatalf("a whole run made only %d writes", n)
			}
			return
		}
		request.Clock.(*clock.Fake).Advance(2 * time.Minute)
		_, err = restore.Run(t.Context(), request)
		must(t, err)
		for target, state := range w.live {
			if state != "good" || w.extra[target] {
				t.Fatalf("after a death at write %d: %v, extra %v", n, w.live, w.extra)
			}
		}
		again, err := restore.Run(t.Context(), request)
		must(t, err)
		holder, err := journal.New(request.Store, request.Clock, "").Holder(t.Context(), restore.LeaseOf("web"))
		must(t, err)
		if again.Status != restore.NotNeeded || holder != nil {
			t.Fatalf("after a death at write %d: again %s, lease %v", n, again.Status, holder)
		}
	}
	t.Fatal("a run that never ends")
}
