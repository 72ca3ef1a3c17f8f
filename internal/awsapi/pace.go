package awsapi

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// How a service's pace is found: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html describes the token buckets that
// most services keep for an account and Region, and whose size and refill they do not tell.
const (
	// inFlight is how many calls of one service in one Region run at once, at most.
	inFlight = 256
	// paceWindow is over how long the calls that went through are counted.
	paceWindow = 2 * time.Second
	// paceBack is the share of what went through with which we go on once AWS asks to slow down.
	paceBack = 0.9
	// paceShortest is what counts as the time in which something went through, at least.
	paceShortest = 100 * time.Millisecond
	// paceGrowth is the share by which the pace is raised in the first second near where AWS complained last; it doubles each second.
	paceGrowth = 0.02
	// paceFastest is the most by which the pace is raised in a second, as it is below that.
	paceFastest = 0.25
	// slowest is the pace that is never undercut, in calls a second.
	slowest = 0.5
)

// pace is how fast one service is called in one Region. It starts without a limit, or with the one that AWS documents; when
// AWS asks to slow down it falls to just below what went through, and from there rises slowly. It is safe for many goroutines.
type pace struct {
	slots chan struct{}
	row   chan struct{} // who stands first in the row
	known float64       // calls a second that AWS documents; 0 where it does not

	mu      sync.Mutex
	rate    float64 // calls a second; 0 for no limit
	next    time.Time
	first   time.Time   // when the first call was made
	slowed  time.Time   // when the rate was last lowered
	heeded  time.Time   // calls that began earlier met what the faster ones before left
	refused float64     // the rate at which that was
	near    time.Time   // since when the rate is near that again
	raised  time.Time   // up to when the rate was raised
	through []time.Time // when calls went through, within paceWindow
}

func newPace(known float64) *pace {
	return &pace{slots: make(chan struct{}, inFlight), row: make(chan struct{}, 1), known: known, rate: known}
}

// enter waits until a call may be made. Every enter without an error must be followed by a leave with what it returned.
func (p *pace) enter(ctx context.Context) (turn turn, err error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return turn, context.Cause(ctx)
	}
	if turn.waited, err = p.queue(ctx); err != nil {
		<-p.slots
		return turn, err
	}
	turn.began = time.Now()
	return turn, nil
}

// queue waits in a row for the next place, one at a time, so that a change of the pace holds for all but the first.
func (p *pace) queue(ctx context.Context) (waited bool, err error) {
	if !p.limited() {
		return false, nil
	}
	select {
	case p.row <- struct{}{}:
		defer func() { <-p.row }()
	case <-ctx.Done():
		return true, context.Cause(ctx)
	}
	wait := p.untilNext()
	if wait <= 0 {
		return false, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.untilNext()
		return true, nil
	case <-ctx.Done():
		return true, context.Cause(ctx)
	}
}

// limited tells that there is a pace, and notes when the first call was made.
func (p *pace) limited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.IsZero() {
		p.first = time.Now()
	}
	return p.rate > 0
}

// untilNext tells how far the next place is, and takes it when it is here.
func (p *pace) untilNext() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if wait := p.next.Sub(now); wait > 0 {
		return wait
	}
	p.next = now.Add(time.Duration(float64(time.Second) / p.rate))
	return 0
}

// turn is one call's: when it began, and whether the pace held it back.
type turn struct {
	began  time.Time
	waited bool
}

// leave learns from how a call went. Only a pace that holds calls back can be too low.
func (p *pace) leave(turn turn, throttled bool) {
	<-p.slots
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if throttled {
		p.slow(now, turn.began)
		return
	}
	p.through = append(p.through, now)
	if turn.waited {
		p.raise(now)
	}
}

// flows tells that calls went through within paceWindow.
func (p *pace) flows() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(time.Now())
	return len(p.through) > 0
}

func (p *pace) forget(now time.Time) {
	first := 0
	for first < len(p.through) && now.Sub(p.through[first]) >= paceWindow {
		first++
	}
	p.through = append(p.through[:0], p.through[first:]...)
}

// slow goes back to just below what went through since the pace was last lowered, but not below half. Calls that were on their
// way when that was done already, and the first one after them, say nothing new.
func (p *pace) slow(now, began time.Time) {
	if began.Before(p.heeded) {
		return
	}
	since := p.slowed
	if since.IsZero() {
		since = p.first
	}
	seconds := max(min(now.Sub(since), paceWindow), paceShortest).Seconds()
	count := 0
	for _, at := range p.through {
		if at.After(since) {
			count++
		}
	}
	rate := paceBack * float64(max(count, 1)) / seconds
	if p.rate > 0 {
		rate = min(max(rate, p.rate/2), paceBack*p.rate)
	}
	p.refused, p.near = p.rate, time.Time{}
	p.rate = max(rate, slowest)
	interval := time.Duration(float64(time.Second) / p.rate)
	p.slowed, p.raised, p.next, p.heeded = now, now, now.Add(interval), now.Add(interval+interval/2)
}

// raise goes back to nearly where AWS complained last, from there a little higher, with each second without complaints by more,
// but never above what is documented.
func (p *pace) raise(now time.Time) {
	if p.slowed.IsZero() {
		return
	}
	growth := paceFastest
	if p.rate >= paceBack*p.refused {
		if p.near.IsZero() {
			p.near = now
		}
		growth = min(paceGrowth*math.Pow(2, now.Sub(p.near).Seconds()), paceFastest)
	}
	p.rate *= 1 + growth*min(now.Sub(p.raised).Seconds(), 1)
	if p.known > 0 {
		p.rate = min(p.rate, p.known)
	}
	p.raised = now
}

// paced is a retryer whose attempts keep a pace.
type paced struct {
	aws.RetryerV2
	pace *pace
}

// withPace makes retryers that keep a pace, each one of its own: a client of a service has one.
func withPace(plain func() aws.Retryer) func() aws.Retryer {
	return func() aws.Retryer { return keepPace(plain(), 0) }
}

// keepPace gives a retryer a pace, that of known calls a second where AWS documents one. A retryer that cannot tell of its
// attempts stays as it is.
func keepPace(retryer aws.Retryer, known float64) aws.Retryer {
	if already, ok := retryer.(*paced); ok {
		retryer = already.RetryerV2
	}
	inner, ok := retryer.(aws.RetryerV2)
	if !ok {
		return retryer
	}
	return &paced{inner, newPace(known)}
}

// GetAttemptToken waits for the attempt's turn; what it returns learns from its outcome.
func (r *paced) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	release, err := r.RetryerV2.GetAttemptToken(ctx)
	if err != nil || replayed(ctx) {
		return release, err
	}
	turn, err := r.pace.enter(ctx)
	if err != nil {
		return nil, err
	}
	return func(outcome error) error {
		r.pace.leave(turn, outcome != nil && IsThrottled(outcome))
		return release(outcome)
	}, nil
}

// RetryDelay is none for a call that was refused while others go through: its turn comes when the pace has a place for it. Where
// nothing goes through, it is the SDK's, which grows.
func (r *paced) RetryDelay(attempt int, outcome error) (time.Duration, error) {
	delay, err := r.RetryerV2.RetryDelay(attempt, outcome)
	if err == nil && IsThrottled(outcome) && r.pace.flows() {
		return 0, nil
	}
	return delay, err
}
