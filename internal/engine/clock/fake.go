package clock

import (
	"context"
	"sync"
	"time"
)

// Fake is a clock for tests that moves only when something sleeps on it or Advance is called: a Sleep returns at
// once and puts the clock forward by what it would have waited. With several goroutines sleeping side by side the
// clock therefore runs ahead; such tests use testing/synctest instead, with System.
type Fake struct {
	mu       sync.Mutex
	now      time.Time
	slept    []time.Duration
	deadline map[*fakeDeadline]struct{}
}

type fakeDeadline struct {
	at     time.Time
	cancel context.CancelCauseFunc
}

// NewFake returns a clock that stands at now.
func NewFake(now time.Time) *Fake {
	return &Fake{now: now, deadline: map[*fakeDeadline]struct{}{}}
}

// Now returns where the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Sleep puts the clock forward by d, ending every WithTimeout context on the way. When ctx's own deadline lies on
// the way, the clock stops there and Sleep returns ctx's cause, as a real one would.
func (f *Fake) Sleep(ctx context.Context, d time.Duration) error {
	if err := context.Cause(ctx); err != nil || d <= 0 {
		return err
	}
	f.mu.Lock()
	f.slept = append(f.slept, d)
	target := f.now.Add(d)
	if until, ok := f.until(ctx); ok && until.Before(target) {
		target = until
	}
	f.moveTo(target)
	f.mu.Unlock()
	return context.Cause(ctx)
}

// Advance puts the clock forward by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moveTo(f.now.Add(d))
}

// Slept returns what each Sleep was asked to wait, in order.
func (f *Fake) Slept() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Duration(nil), f.slept...)
}

type fakeKey struct{ f *Fake }

// WithTimeout returns a context that ends with context.DeadlineExceeded once this clock has passed d.
func (f *Fake) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.now.Add(d)
	if until, ok := f.until(ctx); ok && until.Before(at) {
		at = until
	}
	child, cancel := context.WithCancelCause(context.WithValue(ctx, fakeKey{f}, at))
	if !at.After(f.now) {
		cancel(context.DeadlineExceeded)
		return child, func() { cancel(context.Canceled) }
	}
	entry := &fakeDeadline{at: at, cancel: cancel}
	f.deadline[entry] = struct{}{}
	return child, func() {
		f.mu.Lock()
		delete(f.deadline, entry)
		f.mu.Unlock()
		cancel(context.Canceled)
	}
}

// until returns the deadline on this clock that ctx has. A context that was detached (context.WithoutCancel) still
// carries the value of the one that it came from, but not its deadline: it cannot end, or has outlived it. It must be
// called with the lock held.
func (f *Fake) until(ctx context.Context) (time.Time, bool) {
	until, ok := ctx.Value(fakeKey{f}).(time.Time)
	return until, ok && ctx.Done() != nil && (until.After(f.now) || ctx.Err() != nil)
}

// moveTo must be called with the lock held.
func (f *Fake) moveTo(target time.Time) {
	if target.After(f.now) {
		f.now = target
	}
	for entry := range f.deadline {
		if !entry.at.After(f.now) {
			delete(f.deadline, entry)
			entry.cancel(context.DeadlineExceeded)
		}
	}
}
