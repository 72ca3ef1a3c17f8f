package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// memory is a store in memory that can be made to fail.
type memory struct {
	mu   sync.Mutex
	kept map[string]store.Object
	seq  int
	fail func(call, key string) error
}

func newMemory() *memory { return &memory{kept: map[string]store.Object{}} }

func (m *memory) check(call, key string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(call, key)
}

func (m *memory) failWith(fail func(call, key string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) Get(_ context.Context, key string) (store.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("get", key); err != nil {
		return store.Object{}, err
	}
	object, ok := m.kept[key]
	if !ok {
		return store.Object{}, store.ErrNotFound
	}
	return object, nil
}

func (m *memory) Put(_ context.Context, key string, data []byte, cond store.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("put", key); err != nil {
		return "", err
	}
	old, ok := m.kept[key]
	if (cond.IfNoneMatch && ok) || (cond.IfMatch != "" && (!ok || old.ETag != cond.IfMatch)) {
		return "", store.ErrPrecondition
	}
	m.seq++
	etag := fmt.Sprint(m.seq)
	m.kept[key] = store.Object{Key: key, Data: slices.Clone(data), ETag: etag}
	return etag, nil
}

func (m *memory) List(context.Context, string) ([]string, error) { return nil, nil }

func (m *memory) Delete(_ context.Context, key string, cond store.Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("delete", key); err != nil {
		return err
	}
	old, ok := m.kept[key]
	if cond.IfMatch != "" && (!ok || old.ETag != cond.IfMatch) {
		return store.ErrPrecondition
	}
	delete(m.kept, key)
	return nil
}

func (m *memory) URI(key string) string { return "memory:" + key }

// lever is a router in memory. Every call of it is logged; before, when set, may fail it, or apply it and fail.
type lever struct {
	name        string
	tier        traffic.Tier
	weights     traffic.Weights
	version     int
	propagation time.Duration
	settle      time.Duration
	unfit       []*traffic.UnfitError
	missing     bool
	unsettled   bool // what Read says

	calls  []string
	before func(call string, n int) (late bool, err error) // late: after the call took effect
	// history is every weight that was ever live, with when it came.
	history []moment
	log     *[]string // shared between levers, for their order
}

type moment struct {
	at      time.Time
	weights traffic.Weights
}

func (l *lever) Name() string       { return "lever " + l.name }
func (l *lever) Target() string     { return "lever," + l.name }
func (l *lever) Tier() traffic.Tier { return l.tier }

func (l *lever) call(ctx context.Context, what string) (late bool, err error) {
	if ctx.Err() != nil {
		return false, fmt.Errorf("request cancelled: %w", ctx.Err())
	}
	l.calls = append(l.calls, what)
	if l.log != nil {
		*l.log = append(*l.log, l.name+" "+what)
	}
	if l.before == nil {
		return false, nil
	}
	return l.before(what, len(l.calls))
}

func (l *lever) state() traffic.State {
	return traffic.State{
		Weights: l.weights, Settled: !l.unsettled, Settling: l.settle, Propagation: l.propagation, Unfit: l.unfit,
		Precondition: traffic.Precondition{Token: l.version},
	}
}

func (l *lever) Read(ctx context.Context) (traffic.State, error) {
	if _, err := l.call(ctx, "read"); err != nil {
		return traffic.State{}, err
	}
	if l.missing {
		return traffic.State{}, fmt.Errorf("%s: %w", l.name, traffic.ErrMissing)
	}
	return l.state(), nil
}

func (l *lever) Set(ctx context.Context, weights traffic.Weights, precondition traffic.Precondition) (traffic.Change, error) {
	late, err := l.call(ctx, "set "+weights.String())
	if err != nil && !late {
		return traffic.Change{}, err
	}
	if l.missing {
		return traffic.Change{}, fmt.Errorf("%s: %w", l.name, traffic.ErrMissing)
	}
	if precondition.Token != l.version {
		return traffic.Change{}, fmt.Errorf("%s: %w", l.name, traffic.ErrConcurrentChange)
	}
	l.put(weights)
	return traffic.Change{ID: fmt.Sprint(l.version), Label: "change", State: l.state()}, err
}

// put changes the weights, be it from outside.
func (l *lever) put(weights traffic.Weights) {
	l.weights, l.version = weights, l.version+1
	l.history = append(l.history, moment{time.Now(), weights})
}

func (l *lever) Wait(ctx context.Context, _ traffic.Change) error {
	if _, err := l.call(ctx, "wait"); err != nil {
		return err
	}
	return clock.System{}.Sleep(ctx, l.settle)
}

func (l *lever) sets() []string {
	return slices.DeleteFunc(slices.Clone(l.calls), func(call string) bool { return !strings.HasPrefix(call, "set") })
}

// sink remembers events.
type sink struct {
	events []notify.Event
	err    error
}

func (s *sink) Send(_ context.Context, event notify.Event) error {
	s.events = append(s.events, event)
	return s.err
}

func (s *sink) kinds() []notify.Kind {
	var kinds []notify.Kind
	for _, event := range s.events {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

// bench is everything a switch needs, to be run inside a synctest bubble.
type bench struct {
	store *memory
	sink  *sink
}

func newBench() *bench { return &bench{store: newMemory(), sink: &sink{}} }

func (b *bench) journal(holder string) *journal.Journal {
	return journal.New(b.store, clock.System{}, holder)
}

func (b *bench) options() traffic.Options {
	return traffic.Options{
		Journal: b.journal("me"), Sink: b.sink, Clock: clock.System{}, Subject: "web",
		Log: slog.New(slog.DiscardHandler),
	}
}

func blueLever(name string) *lever {
	return &lever{name: name, tier: traffic.TierDNS, weights: traffic.On(traffic.Blue, 100), propagation: 60 * time.Second, settle: 25 * time.Second}
}

func toGreen(levers ...*lever) traffic.Request {
	request := traffic.Request{
		To: traffic.Green, Home: traffic.Blue, OnFailure: traffic.OnFailureRevert, MaxRecovery: 5 * time.Minute,
		Strategy: traffic.Strategy{Type: traffic.AllAtOnce},
	}
	for _, l := range levers {
		request.Routes = append(request.Routes, traffic.Route{Key: l.name, Router: l})
	}
	return request
}

func passed() gate.Result { return gate.Result{Verdict: gate.Passed} }

func failed() gate.Result {
	return gate.Result{Verdict: gate.Failed, Checks: map[string]gate.CheckResult{
		"app": {Name: "app", Status: gate.CheckFailed, Reason: "503"}, "note": {Name: "note", Status: gate.CheckFailed, Advisory: true},
		"ok": {Name: "ok", Status: gate.CheckPassed},
	}}
}

// healthyUntil passes until the target has at least percent. It takes a second to find out.
func healthyUntil(percent int) func(context.Context, traffic.Stage) gate.Result {
	return func(ctx context.Context, stage traffic.Stage) gate.Result {
		if (clock.System{}).Sleep(ctx, time.Second) != nil {
			return gate.Result{Verdict: gate.Inconclusive}
		}
		if stage.Percent >= percent {
			return failed()
		}
		return passed()
	}
}

func always(result gate.Result) func(context.Context, traffic.Stage) gate.Result {
	return func(context.Context, traffic.Stage) gate.Result { return result }
}

var errBoom = errors.New("boom")

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprintf("%v", got), fmt.Sprintf("%v", want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}
