package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// errKilled is what the goroutines of a dead process get from the outside, until they have all come to their end.
var errKilled = errors.New("the process was killed")

// death is when a process is killed: at which of its calls to the outside, and whether before the call gets there or after
// it took effect, when its answer is on the way. The zero value lets it live.
type death struct {
	at   int
	late bool
}

func (d death) String() string {
	switch {
	case d.at == 0:
		return "never killed"
	case d.late:
		return fmt.Sprintf("killed at call %d, before its answer", d.at)
	}
	return fmt.Sprintf("killed at call %d, before it got there", d.at)
}

// stage is a lever, the store, and what was seen of both, for the length of one run.
type stage struct {
	*world
	kept *memory

	mu       sync.Mutex
	problems []string
	seen     []shares // after each change
	// onChange is told of each change, when it has taken effect and before whoever made it knows.
	onChange func(before, after shares)
}

// open puts all traffic on blue and empties the store.
func (w *world) open(ctx context.Context) (*stage, error) {
	s := &stage{world: w, kept: &memory{objects: map[string]store.Object{}}}
	if err := w.target.give(ctx, traffic.On(traffic.Blue, 100)); err != nil {
		return nil, err
	}
	if w.lever.propagates { // what was given is everywhere
		if err := (clock.System{}).Sleep(ctx, propagation); err != nil {
			return nil, err
		}
	}
	served, err := w.target.serves(ctx)
	s.seen = []shares{served}
	return s, err
}

// complain notes what does not hold.
func (s *stage) complain(format string, values ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, values...))
}

// look looks at what AWS serves after a change. Nobody may ever get nothing, nor a share that is none of the steps'.
func (s *stage) look(ctx context.Context, call string) {
	served, err := s.target.serves(ctx)
	if err != nil {
		s.complain("look after %s: %v", call, err)
		return
	}
	if served.total() <= 0 {
		s.complain("after %s nobody has any traffic: %s", call, served)
	}
	s.mu.Lock()
	before := s.seen[len(s.seen)-1]
	s.seen = append(s.seen, served)
	changed := s.onChange
	s.mu.Unlock()
	if changed != nil {
		changed(before, served)
	}
}

// call is one call of a process to the outside.
type call struct {
	name    string
	changes bool // something in AWS
	store   bool
}

// process is one process of the provider, with a wire to AWS and one to the store. Both are cut when it dies.
type process struct {
	*stage
	name    string
	death   death
	latency time.Duration // of each call to AWS
	before  func(n int)   // runs before each call, by its number

	mu    sync.Mutex
	calls []call
	dead  bool
	end   context.CancelCauseFunc
}

func (s *stage) process(name string) *process { return &process{stage: s, name: name} }

// call is one call to the outside. It counts it, and kills the process where that is meant to be.
func (p *process) call(what call, effect func() error) error {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return errKilled
	}
	p.calls = append(p.calls, what)
	n := len(p.calls)
	p.mu.Unlock()
	if p.before != nil {
		p.before(n)
	}
	if n == p.death.at && !p.death.late {
		p.die()
		return errKilled
	}
	err := effect()
	if n == p.death.at {
		p.die()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errKilled
	}
	return err
}

func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	p.end(errKilled)
}

func (p *process) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// Do is the wire to AWS.
func (p *process) Do(request *http.Request) (response *http.Response, err error) {
	ctx := request.Context()
	if err := (clock.System{}).Sleep(ctx, p.latency/2); err != nil {
		return nil, err
	}
	made := call{name: middleware.GetOperationName(ctx)}
	made.changes = !slices.ContainsFunc([]string{"Get", "List", "Describe"}, func(read string) bool { return strings.HasPrefix(made.name, read) })
	err = p.call(made, func() error {
		response, err = p.lines.Do(request) //nolint:bodyclose // whoever asked closes it
		if err == nil && made.changes {
			p.look(context.WithoutCancel(ctx), p.name+": "+made.name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, (clock.System{}).Sleep(ctx, p.latency/2)
}

// Get, List and URI read: a death beside them is one beside the write before.
func (p *process) Get(ctx context.Context, key string) (store.Object, error) {
	if p.died() {
		return store.Object{}, errKilled
	}
	return p.kept.Get(ctx, key)
}

func (p *process) List(context.Context, string) ([]string, error) { return nil, nil }

func (p *process) URI(key string) string { return p.kept.URI(key) }

func (p *process) Put(ctx context.Context, key string, data []byte, cond store.Condition) (etag string, err error) {
	err = p.call(call{name: "put " + key, store: true}, func() error {
		etag, err = p.kept.Put(ctx, key, data, cond)
		return err
	})
	return etag, err
}

func (p *process) Delete(ctx context.Context, key string, cond store.Condition) error {
	return p.call(call{name: "delete " + key, store: true}, func() error { return p.kept.Delete(ctx, key, cond) })
}

// order is what a process is told to do.
type order struct {
	to, home traffic.Colour
	strategy traffic.Strategy
	check    func(ctx context.Context, stage traffic.Stage) gate.Result
	bad      bool // the check fails once the target has traffic
}

// maxRecovery is the default of max_recovery_time.
const maxRecovery = 5 * time.Minute

// apply switches as an apply does, and returns when the process has come to its end.
func (p *process) apply(ctx context.Context, o order) (traffic.Outcome, error) {
	ctx, p.end = context.WithCancelCause(ctx)
	defer p.end(nil)
	return traffic.Switch(ctx, traffic.Request{
		To: o.to, Home: o.home, Strategy: o.strategy, Check: o.check, OnFailure: traffic.OnFailureRevert, MaxRecovery: maxRecovery,
		Routes: []traffic.Route{{Key: "route", Router: p.target.router(p.config(p.providerKey(), p))}},
	}, traffic.Options{
		Journal: journal.New(p, clock.System{}, p.name), Sink: notify.Sinks{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Subject: "proof",
	})
}

// memory is the medium of a store: it outlives its processes.
type memory struct {
	mu      sync.Mutex
	objects map[string]store.Object
	written int
}

func (m *memory) Get(_ context.Context, key string) (store.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	object, ok := m.objects[key]
	if !ok {
		return store.Object{}, store.ErrNotFound
	}
	return object, nil
}

func (m *memory) Put(_ context.Context, key string, data []byte, cond store.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.objects[key]
	if (cond.IfNoneMatch && ok) || (cond.IfMatch != "" && (!ok || old.ETag != cond.IfMatch)) {
		return "", store.ErrPrecondition
	}
	m.written++
	m.objects[key] = store.Object{Key: key, Data: append([]byte(nil), data...), ETag: fmt.Sprint(m.written)}
	return m.objects[key].ETag, nil
}

func (m *memory) List(_ context.Context, prefix string) (keys []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (m *memory) Delete(_ context.Context, key string, cond store.Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.objects[key]
	if ok && cond.IfMatch != "" && old.ETag != cond.IfMatch {
		return store.ErrPrecondition
	}
	delete(m.objects, key)
	return nil
}

func (m *memory) URI(key string) string { return "memory:" + key }

// healthy and broken are what the checks find of a target once it has traffic.
func healthy(context.Context, traffic.Stage) gate.Result { return gate.Result{Verdict: gate.Passed} }

func broken(_ context.Context, stage traffic.Stage) gate.Result {
	if stage.Phase == traffic.Before {
		return gate.Result{Verdict: gate.Passed}
	}
	return gate.Result{Verdict: gate.Failed}
}

// strategies are the ways to switch a lever.
func (l lever) strategies() []traffic.Strategy {
	found := []traffic.Strategy{{Type: traffic.AllAtOnce, Bake: 20 * time.Second}}
	if len(l.steps) > 0 {
		found = append(found, traffic.Strategy{Type: traffic.Canary, Steps: l.steps, Interval: 20 * time.Second})
	}
	return found
}

// begin opens a stage inside a bubble.
func (w *world) begin(t *testing.T) *stage {
	t.Helper()
	s, err := w.open(t.Context())
	if err != nil {
		t.Fatalf("put all traffic on blue: %v", err)
	}
	return s
}
