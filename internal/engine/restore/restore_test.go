package restore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world holds a value per target, and what was done to them in order.
type world struct {
	mu     sync.Mutex
	live   map[string]string
	extra  map[string]bool // something newer than the capture
	fail   map[string]error
	sticky map[string]bool // a restore that has no effect
	hook   func(target string)
	after  func(target string) // once it is put back
	done   []string
}

// thing is the service of one target in a world.
type thing struct {
	w          *world
	kind, name string
}

func (s thing) Name() string   { return s.kind }
func (s thing) Target() string { return s.name }
func (s thing) Capture(context.Context) (service.Item, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	state, err := json.Marshal(s.w.live[s.name])
	return service.Item{Service: s.kind, Target: s.name, Summary: s.w.live[s.name], Objects: 1, State: state}, err
}

func (s thing) Diff(_ context.Context, item service.Item) ([]service.Change, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	var want string
	if err := json.Unmarshal(item.State, &want); err != nil {
		return nil, err
	}
	if errors.Is(s.w.fail[s.name], service.ErrUnrestorable) {
		return nil, s.w.fail[s.name]
	}
	if s.w.live[s.name] == want {
		return nil, nil
	}
	return []service.Change{{Service: s.kind, Action: service.Update, Detail: s.name + " -> " + want, Estimate: 10 * time.Second, Apply: item.State}}, nil
}

func (s thing) Cleanup(context.Context, service.Item) ([]service.Change, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if !s.w.extra[s.name] {
		return nil, nil
	}
	return []service.Change{{Service: s.kind, Action: service.Delete, Detail: "clean " + s.name}}, nil
}

func (s thing) Restore(ctx context.Context, changes []service.Change) error {
	if s.w.hook != nil {
		s.w.hook(s.name)
	}
	if s.w.after != nil {
		defer s.w.after(s.name) // after the lock
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if err := errors.Join(context.Cause(ctx), s.w.fail[s.name]); err != nil {
		return err
	}
	for _, change := range changes {
		s.w.done = append(s.w.done, string(change.Action)+" "+s.name)
		if change.Action == service.Delete {
			delete(s.w.extra, s.name)
			continue
		}
		var want string
		if err := json.Unmarshal(change.Apply, &want); err != nil {
			return err
		}
		if !s.w.sticky[s.name] {
			s.w.live[s.name] = want
		}
	}
	return nil
}

func (s thing) Verify(ctx context.Context, item service.Item) error {
	changes, err := s.Diff(ctx, item)
	if err == nil && len(changes) > 0 {
		return &service.DiffersError{Target: s.name, Total: len(changes)}
	}
	return err
}

// inbox keeps what it is sent.
type inbox struct {
	mu     sync.Mutex
	events []notify.Event
	err    error
}

func (i *inbox) Send(_ context.Context, event notify.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.events = append(i.events, event)
	return i.err
}

var kinds = map[string]string{"bucket": "s3_bucket", "code": "lambda_alias", "dns": "route53_record"}

// prepare captures three targets at "good" and breaks them all.
func prepare(t *testing.T) (*world, restore.Request) {
	t.Helper()
	return prepareKinds(t, kinds)
}

// prepareKinds does so with targets of other kinds, by their names.
func prepareKinds(t *testing.T, kinds map[string]string) (*world, restore.Request) {
	t.Helper()
	s, err := store.OpenLocal(t.TempDir())
	must(t, err)
	w := &world{live: map[string]string{}, extra: map[string]bool{}, fail: map[string]error{}, sticky: map[string]bool{}}
	targets := map[string]snapshot.Target{}
	for name, kind := range kinds {
		w.live[name] = "good"
		spec, err := service.NewSpec(kind, "eu-west-1", name)
		must(t, err)
		targets[name] = snapshot.Target{Spec: spec, Service: thing{w, kind, name}}
	}
	fake := clock.NewFake(start)
	_, err = snapshot.Capture(t.Context(), snapshot.Request{Store: s, Clock: fake, Name: "web", AccountID: "123456789012", Region: "eu-west-1", Targets: targets})
	must(t, err)
	for name := range kinds {
		w.live[name] = "bad"
	}
	return w, restore.Request{
		Store: s, SnapshotID: "web/000001", Clock: fake, Reason: "unhealthy", Holder: "test", Sink: &inbox{},
		Services: func(_ context.Context, spec service.Spec) (service.Service, error) {
			var name string
			err := json.Unmarshal(spec.Config, &name)
			return thing{w, spec.Kind, name}, err
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheOuterLeverFirstAndDeletionsLast(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	w.extra["dns"], w.extra["bucket"] = false, true
	request.Cleanup = []string{"s3_bucket"}
	plan, err := restore.Preview(t.Context(), request)
	must(t, err)
	if len(w.done) != 0 {
		t.Fatalf("a preview did %v", w.done)
	}
	if !plan.Valid() || plan.Estimate != 10*time.Second {
		t.Errorf("valid %v, estimate %s", plan.Valid(), plan.Estimate)
	}
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if len(w.done) != 4 || w.done[3] != "delete bucket" {
		t.Errorf("done %v", w.done)
	}
	var order []string
	for _, change := range result.Changes {
		order = append(order, string(change.Action)+" "+change.Target)
	}
	if want := []string{"update dns", "update code", "update bucket", "delete bucket"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if fmt.Sprint(plan.Changes()) != fmt.Sprint(result.Changes) {
		t.Errorf("the preview was %v, the run did %v", plan.Changes(), result.Changes)
	}
	if result.Status != restore.Restored || result.Targets["dns"].Status != restore.Restored {
		t.Errorf("result %+v", result)
	}
	record, ok, err := journal.New(request.Store, request.Clock, "").Last(t.Context(), "rollback web")
	must(t, err)
	if !ok || record.Outcome != "restored" || len(record.Steps) != 2 || record.Holder != "test" {
		t.Errorf("journal %+v", record)
	}
	events := request.Sink.(*inbox).events
	if len(events) != 2 || events[0].Kind != notify.RollbackTriggered || events[1].Kind != notify.RollbackCompleted {
		t.Errorf("events %+v", events)
	}
	again, err := restore.Run(t.Context(), request)
	must(t, err)
	if again.Status != restore.NotNeeded || len(w.done) != 4 {
		t.Errorf("again: %s, done %v", again.Status, w.done)
	}
}

func TestASubset(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	request.Targets = []string{"code", "code"}
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if !slices.Equal(w.done, []string{"update code"}) || len(result.Targets) != 1 {
		t.Errorf("done %v, targets %v", w.done, result.Targets)
	}
	request.Targets = []string{"cod"}
	var unknown *restore.UnknownTargetError
	if _, err := restore.Run(t.Context(), request); !errors.As(err, &unknown) || len(unknown.Known) != 3 {
		t.Errorf("an unknown target: %v", err)
	}
}

func TestOneFailureDoesNotKeepTheOthers(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		spoil  func(w *world)
		status restore.Status
		want   map[string]restore.Status
	}{
		"a refusal":          {func(w *world) { w.fail["dns"] = refused }, restore.Partial, map[string]restore.Status{"dns": restore.Failed, "code": restore.Restored, "bucket": restore.Restored}},
		"no effect":          {func(w *world) { w.sticky["code"] = true }, restore.Partial, map[string]restore.Status{"dns": restore.Restored, "code": restore.Partial, "bucket": restore.Restored}},
		"not to be put back": {func(w *world) { w.fail["bucket"] = service.ErrUnrestorable }, restore.Partial, map[string]restore.Status{"dns": restore.Restored, "bucket": restore.Failed}},
		"everything refused": {func(w *world) { w.fail["dns"], w.fail["code"], w.fail["bucket"] = refused, refused, refused }, restore.Failed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, request := prepare(t)
			test.spoil(w)
			result, err := restore.Run(t.Context(), request)
			var incomplete *restore.IncompleteError
			if !errors.As(err, &incomplete) || incomplete.Status != test.status || result.Status != test.status {
				t.Fatalf("status %s, error %v", result.Status, err)
			}
			for target, status := range test.want {
				if result.Targets[target].Status != status {
					t.Errorf("%s is %s, want %s", target, result.Targets[target].Status, status)
				}
			}
			w.fail, w.sticky = map[string]error{}, map[string]bool{}
			again, err := restore.Run(t.Context(), request)
			must(t, err)
			if again.Status != restore.Restored || w.live["dns"]+w.live["code"]+w.live["bucket"] != "goodgoodgood" {
				t.Errorf("again: %s, live %v", again.Status, w.live)
			}
		})
	}
}

func TestElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	var elsewhere *restore.ElsewhereError
	request.AccountID = "999999999999"
	if _, err := restore.Run(t.Context(), request); !errors.As(err, &elsewhere) || elsewhere.Snapshot != "123456789012" {
		t.Errorf("another account: %v", err)
	}
	request.AccountID, request.Region = "123456789012", "us-east-1"
	if _, err := restore.Preview(t.Context(), request); !errors.As(err, &elsewhere) || elsewhere.What != "Region" {
		t.Errorf("another Region: %v", err)
	}
	request.Region, request.SnapshotID = "eu-west-1", "web/000009"
	if _, err := restore.Run(t.Context(), request); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such snapshot: %v", err)
	}
	if len(w.done) != 0 {
		t.Errorf("done %v", w.done)
	}
}

func TestTwoRollbacksAtOnce(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	other := request
	other.Holder = "other"
	var once sync.Once
	var inner error
	w.hook = func(string) { once.Do(func() { _, inner = restore.Run(t.Context(), other) }) }
	_, err := restore.Run(t.Context(), request)
	must(t, err)
	var held *journal.HeldError
	if !errors.As(inner, &held) || held.Holder != "test" {
		t.Errorf("the second got %v", inner)
	}
	if _, err := restore.Run(t.Context(), other); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

func TestCancelledHalfWay(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	ctx, cancel := context.WithCancel(t.Context())
	back := make(chan struct{})
	w.after = func(target string) {
		if target == "dns" {
			close(back)
		}
	}
	w.hook = func(target string) {
		if target == "code" {
			<-back
			cancel()
		}
	}
	result, err := restore.Run(ctx, request)
	if !errors.Is(err, context.Canceled) || result.Status != restore.Partial || result.Targets["dns"].Err == nil && w.live["dns"] != "good" {
		t.Fatalf("status %s, error %v, live %v", result.Status, err, w.live)
	}
	record, _, err := journal.New(request.Store, request.Clock, "").Last(t.Context(), "rollback web")
	must(t, err)
	if record.EndedAt == nil || record.Outcome == "restored" {
		t.Errorf("journal %+v", record)
	}
	w.hook, w.after = nil, nil
	again, err := restore.Run(t.Context(), request) // the lease was given up
	must(t, err)
	if again.Status != restore.Restored {
		t.Errorf("again: %s", again.Status)
	}
}

func TestADeadlineEndsIt(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	request.Timeout = time.Minute
	w.hook = func(target string) {
		if target == "dns" {
			request.Clock.(*clock.Fake).Advance(2 * time.Minute)
		}
	}
	if _, err := restore.Run(t.Context(), request); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// stubborn does not take the journal.
type stubborn struct {
	store.Store
	err error
}

func (s stubborn) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if strings.HasPrefix(key, "journal/") {
		return "", s.err
	}
	return s.Store.Put(ctx, key, data, cond)
}

func TestNothingWithoutAJournal(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	full := errors.New("no space")
	request.Store = stubborn{request.Store, full}
	if _, err := restore.Run(t.Context(), request); !errors.Is(err, full) || len(w.done) != 0 {
		t.Errorf("error %v, done %v", err, w.done)
	}
}

func TestASinkThatFailsIsAWarning(t *testing.T) {
	t.Parallel()
	_, request := prepare(t)
	request.Sink = &inbox{err: errors.New("no topic")}
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if len(result.Warnings) != 2 || !strings.Contains(result.Warnings[0], "no topic") {
		t.Errorf("warnings %v", result.Warnings)
	}
}

func TestAfterADeathHalfWay(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	ctx, fake := t.Context(), request.Clock.(*clock.Fake)
	dead := journal.New(request.Store, fake, "dead")
	_, err := dead.Acquire(ctx, "rollback web", time.Minute)
	must(t, err)
	entry, err := dead.Begin(ctx, "rollback web", "rollback", nil)
	must(t, err)
	must(t, entry.Intend(ctx, []string{"dns"}))
	w.live["dns"] = "good" // it came that far
	var held *journal.HeldError
	if _, err := restore.Run(ctx, request); !errors.As(err, &held) || held.Holder != "dead" {
		t.Fatalf("while the lease lasts: %v", err)
	}
	fake.Advance(2 * time.Minute)
	result, err := restore.Run(ctx, request)
	must(t, err)
	slices.Sort(w.done)
	if result.Status != restore.Restored || !slices.Equal(w.done, []string{"update bucket", "update code"}) {
		t.Errorf("status %s, done %v", result.Status, w.done)
	}
	record, _, err := dead.Last(ctx, "rollback web")
	must(t, err)
	if record.Holder != "test" || record.EndedAt == nil {
		t.Errorf("journal %+v", record)
	}
}
