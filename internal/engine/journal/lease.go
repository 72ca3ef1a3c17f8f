package journal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Lease keeps others off a target until it is released or expires. Holders compare clocks, so a lease should outlast its
// renewal by more than the clocks of two machines may differ: renew at a third of the ttl.
type Lease struct {
	journal *Journal
	target  string

	mu       sync.Mutex
	kept     leaseRecord
	etag     string
	presence *presence // nil where the machine has none
}

type leaseRecord struct {
	Target  string    `json:"target"`
	Holder  string    `json:"holder"`
	Token   string    `json:"token"`          // tells two leases of one holder apart
	Boot    string    `json:"boot,omitempty"` // of the holder's machine, where the token's file is
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
}

// acquireTries is how often Acquire looks again after losing a race for a free lease. Each loss means that somebody else
// won, so more than a few say that the target is busy.
const acquireTries = 5

// Acquire takes the lease on target for ttl, or returns a *HeldError. An expired lease is taken over, and at once one whose
// holder is known to be dead: a process of this very machine, which did not restart since (Linux only).
func (j *Journal) Acquire(ctx context.Context, target string, ttl time.Duration) (*Lease, error) {
	var held *HeldError
	for range acquireTries {
		current, etag, err := j.readLease(ctx, target)
		cond := store.Condition{IfNoneMatch: true}
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("lease on %s: %w", target, err)
		default:
			held = &HeldError{Target: target, Holder: current.Holder, Expires: current.Expires}
			if j.clock.Now().Before(current.Expires) && !current.dead() {
				return nil, held
			}
			cond = store.Condition{IfMatch: etag}
		}
		lease := j.newLease(target)
		err = lease.write(ctx, ttl, cond)
		if err == nil {
			current.forget()
			return lease, nil
		}
		if !errors.Is(err, store.ErrPrecondition) {
			lease.disown(ctx)
			return nil, fmt.Errorf("lease on %s: %w", target, err)
		}
		lease.presence.leave()
	}
	if held == nil {
		held = &HeldError{Target: target, Holder: "others, who keep taking and giving it up", Expires: j.clock.Now()}
	}
	return nil, held
}

// disownTimeout bounds what is done about a lease that may have been taken, when the caller is already told that it was not.
const disownTimeout = 5 * time.Second

// disown gives up a lease of which nobody knows whether it was taken: its caller was interrupted, or the answer never came. Where it
// cannot be found now it may still come, and then the next comer of this machine sees that nobody holds it.
func (l *Lease) disown(ctx context.Context) {
	ctx, cancel := l.journal.clock.WithTimeout(context.WithoutCancel(ctx), disownTimeout)
	defer cancel()
	if etag, ours := l.stored(ctx); ours && l.journal.store.Delete(ctx, key("lease", l.target), store.Condition{IfMatch: etag}) == nil {
		l.presence.leave()
		return
	}
	l.presence.forsake()
}

// stored tells whether the store has this lease, in whatever version.
func (l *Lease) stored(ctx context.Context) (etag string, ours bool) {
	current, etag, err := l.journal.readLease(ctx, l.target)
	return etag, err == nil && current.Token == l.kept.Token
}

func (j *Journal) newLease(target string) *Lease {
	lease := &Lease{journal: j, target: target, kept: leaseRecord{Target: target, Holder: j.holder, Token: rand.Text(), Since: j.clock.Now().UTC()}}
	lease.presence = appear(lease.kept.Token)
	if lease.presence != nil {
		lease.kept.Boot = bootID()
	}
	return lease
}

func (j *Journal) readLease(ctx context.Context, target string) (leaseRecord, string, error) {
	kept, err := j.store.Get(ctx, key("lease", target))
	if err != nil {
		return leaseRecord{}, "", err
	}
	var record leaseRecord
	if err := json.Unmarshal(kept.Data, &record); err != nil {
		return leaseRecord{}, "", &CorruptError{URI: j.store.URI(kept.Key), Err: err}
	}
	return record, kept.ETag, nil
}

// write must be called with the lock held, or before anybody else knows the lease.
func (l *Lease) write(ctx context.Context, ttl time.Duration, cond store.Condition) error {
	next := l.kept
	next.Expires = l.journal.clock.Now().Add(ttl).UTC()
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	etag, err := put(ctx, l.journal.store, key("lease", l.target), data, cond)
	if err != nil {
		return err
	}
	l.kept, l.etag = next, etag
	return nil
}

// Renew extends the lease by ttl from now; a *HeldError says that it was lost. Any other error says that the store could
// not be asked: until Expires the lease still holds.
func (l *Lease) Renew(ctx context.Context, ttl time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.write(ctx, ttl, store.Condition{IfMatch: l.etag})
	if !errors.Is(err, store.ErrPrecondition) {
		return err
	}
	current, etag, err := l.journal.readLease(ctx, l.target)
	if err == nil && current.Token == l.kept.Token { // an earlier renewal, whose answer never came, was taken after all
		l.etag = etag
		if err = l.write(ctx, ttl, store.Condition{IfMatch: etag}); !errors.Is(err, store.ErrPrecondition) {
			return err
		}
		current, _, err = l.journal.readLease(ctx, l.target)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &HeldError{Target: l.target, Holder: "nobody: it was given up in its place", Expires: l.kept.Expires}
	case err != nil:
		return fmt.Errorf("lease on %s: %w", l.target, err)
	}
	return &HeldError{Target: l.target, Holder: current.Holder, Expires: current.Expires}
}

// Expires is when the lease ends unless it is renewed.
func (l *Lease) Expires() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.Expires
}

// Release gives the lease up. Releasing a lease that was lost is no error. Pass a context that outlives a cancelled
// operation. Where the store does not take it, the next comer of this machine sees that nobody holds it any more (Linux
// only), and any other waits for it to expire.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.journal.store.Delete(ctx, key("lease", l.target), store.Condition{IfMatch: l.etag})
	if errors.Is(err, store.ErrPrecondition) { // lost, or renewed without an answer
		if etag, ours := l.stored(ctx); ours {
			err = l.journal.store.Delete(ctx, key("lease", l.target), store.Condition{IfMatch: etag})
		}
	}
	held := l.presence
	l.presence = nil
	if err != nil && !errors.Is(err, store.ErrPrecondition) {
		held.forsake()
		return fmt.Errorf("lease on %s: %w", l.target, err)
	}
	held.leave()
	return nil
}
