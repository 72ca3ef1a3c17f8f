package awsapi

import (
	"context"
	"encoding/json"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

const (
	largestAnswer = 4 << 20
	mostKept      = 32 << 20
)

// looks are the looks at AWS of one configured provider that are under way at the same time. They share answers: what one of them asked
// for is given to the others that ask the same of the same service, Region and endpoint with the same credentials.
//
// An answer is given only to looks that began before it was asked for, so each look sees what it would have seen by asking at that
// moment: a look that begins after something was changed, by an apply or by anybody, never gets an answer from before. Each look gets
// it once: who asks again means to ask AWS again. Only answers are shared, no errors. When fewer than two looks are left, nothing
// can be shared any more, and nothing is kept.
type looks struct {
	mu      sync.Mutex
	count   int64 // of what happened so far, in place of a time
	active  int
	answers map[string]*answer
	kept    int // bytes
	// largest is the most bytes of an answer that is kept for others, most those of all; what is larger, everybody asks for.
	largest, most int
}

func newLooks() *looks {
	return &looks{answers: map[string]*answer{}, largest: largestAnswer, most: mostKept}
}

// Look is one look at AWS while it lasts.
type Look struct {
	looks *looks
	began int64
	once  sync.Once
}

// answer is one, or will be.
type answer struct {
	asked int64
	given map[*Look]bool
	done  chan struct{} // closed when recorded tells
	recorded
}

// BeginLook begins a look, from now on: everything that it is given was asked for later. End must be called.
func (c *Clients) BeginLook() *Look {
	l := c.looks
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.active++
	return &Look{looks: l, began: l.count}
}

// End ends a look.
func (l *Look) End() {
	l.once.Do(func() {
		l.looks.mu.Lock()
		defer l.looks.mu.Unlock()
		if l.looks.active--; l.looks.active < 2 {
			l.looks.answers, l.looks.kept = map[string]*answer{}, 0
		}
	})
}

type lookKey struct{}

// Context carries a look: the reads that are made under it, and nothing but reads, are shared.
func (l *Look) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookKey{}, l)
}

// claim finds an answer for a look; mine tells that the look must ask, and settle it. nil is an answer that nobody else could be
// given.
func (l *looks) claim(look *Look, key string) (found *answer, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active < 2 {
		return nil, true
	}
	if found = l.answers[key]; found != nil && look.began < found.asked && !found.given[look] {
		found.given[look] = true
		return found, false
	}
	l.drop(key)
	l.count++
	found = &answer{asked: l.count, given: map[*Look]bool{look: true}, done: make(chan struct{})}
	l.answers[key] = found
	return found, true
}

func (l *looks) drop(key string) {
	if old := l.answers[key]; old != nil {
		l.kept -= len(old.body)
		delete(l.answers, key)
	}
}

// settle keeps what was recorded, if it is whole, for who waits, and for who will ask.
func (l *looks) settle(key string, mine *answer, got recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine.recorded = got
	close(mine.done)
	switch {
	case l.answers[key] != mine:
	case !got.whole || l.kept+len(got.body) > l.most:
		delete(l.answers, key)
	default:
		l.kept += len(got.body)
	}
}

// sharing is the outermost step of a call: it knows the call's input, and nothing is asked for yet.
type sharing struct{ identity string }

// ID names the step.
func (sharing) ID() string { return "ReliabilityLook" }

// HandleInitialize gives the call an answer that is there or on its way, or has it made.
func (s sharing) HandleInitialize(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	look, ok := ctx.Value(lookKey{}).(*Look)
	if !ok {
		return next.HandleInitialize(ctx, in)
	}
	input, err := json.Marshal(in.Parameters)
	if err != nil { // it is not among what can be compared
		return next.HandleInitialize(ctx, in)
	}
	key := s.identity + "\n" + awsmiddleware.GetServiceID(ctx) + "\n" + awsmiddleware.GetOperationName(ctx) + "\n" + awsmiddleware.GetRegion(ctx) + "\n" + string(input)
	for {
		found, mine := look.looks.claim(look, key)
		switch {
		case found == nil:
			return next.HandleInitialize(ctx, in)
		case mine:
			return s.ask(ctx, in, next, look.looks, key, found)
		}
		select {
		case <-found.done:
		case <-ctx.Done():
			return out, metadata, context.Cause(ctx)
		}
		if found.whole {
			return next.HandleInitialize(context.WithValue(ctx, replayKey{}, &found.recorded), in)
		} // else it failed, or who asked gave up: one of those who waited asks
	}
}

func (sharing) ask(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler, l *looks, key string, mine *answer,
) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	got := recorded{largest: l.largest}
	defer func() {
		got.whole = got.whole && err == nil
		l.settle(key, mine, got)
	}()
	return next.HandleInitialize(context.WithValue(ctx, recordKey{}, &got), in)
}
