package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// subject is a service with what the suite needs to know of it.
type subject struct {
	service service.Service
	change  func(t *testing.T)     // makes the target differ, in each way that it can
	missing func() service.Service // the same kind, bound to nothing
	// service and operation of the mutating call that the suite makes fail.
	awsService, operation string
	after                 int // calls let through before the failure
}

// endsItsOwn fails the test when, at its end, a goroutine is left that it began: but for those of connections, which are kept for the
// next call.
func endsItsOwn(t *testing.T) (check func()) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	return func() {
		t.Helper()
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*conn).serve"))
	}
}

// conform is the suite that every service passes.
func conform(t *testing.T, s subject) {
	t.Helper()
	ctx, e := t.Context(), acctest.Emulator(t)
	defer endsItsOwn(t)()
	item, err := s.service.Capture(ctx)
	must(t, err)
	if item.Service != s.service.Name() || item.Target != s.service.Target() || item.Summary == "" || item.Objects == 0 || len(item.State) == 0 {
		t.Fatalf("capture: %+v", item)
	}
	again, err := s.service.Capture(ctx)
	must(t, err)
	if diff := cmp.Diff(item, again); diff != "" {
		t.Fatalf("two captures of one state differ:\n%s", diff)
	}
	expectSame(t, s.service, item)

	s.change(t)
	expectDifferent(t, s.service, item)
	restore(t, s.service, item)
	expectSame(t, s.service, item)

	before := len(mutating(e))
	changes, err := s.service.Diff(ctx, item)
	must(t, err)
	must(t, s.service.Restore(ctx, changes))
	if after := len(mutating(e)); after != before {
		t.Errorf("restoring again made %d mutating call(s)", after-before)
	}

	s.change(t)
	changes = expectDifferent(t, s.service, item)
	remove := e.Inject(emulator.Fault{Service: s.awsService, Operation: s.operation, Status: 403, Code: "AccessDenied", After: s.after})
	if err := s.service.Restore(ctx, changes); err == nil {
		t.Error("a restore went well although AWS refused")
	}
	remove()
	expectDifferent(t, s.service, item)
	restore(t, s.service, item)
	must(t, s.service.Restore(ctx, changes)) // the old instructions once more do no harm
	expectSame(t, s.service, item)

	s.change(t)
	changes = expectDifferent(t, s.service, item)
	remove = e.Inject(emulator.Fault{Service: s.awsService, Operation: s.operation, DropLate: true, Times: 1}) // done, and the answer is lost
	if err := s.service.Restore(ctx, changes); err != nil {
		t.Errorf("an answer was lost, and the restore failed: %v", err)
	}
	remove()
	expectSame(t, s.service, item)

	if _, err := s.missing().Capture(ctx); !errors.Is(err, service.ErrMissing) {
		t.Errorf("capture of nothing: %v, want ErrMissing", err)
	}
	damaged := item
	damaged.State = []byte(`{"x":`)
	if _, err := s.service.Diff(ctx, damaged); !errors.Is(err, service.ErrUnrestorable) {
		t.Errorf("a damaged state: %v, want ErrUnrestorable", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.service.Capture(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("capture after the end: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expectSame(t *testing.T, s service.Service, item service.Item) {
	t.Helper()
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	if len(changes) > 0 {
		t.Fatalf("unexpected changes: %+v", changes)
	}
	must(t, s.Verify(t.Context(), item))
}

func expectDifferent(t *testing.T, s service.Service, item service.Item) []service.Change {
	t.Helper()
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	if len(changes) == 0 {
		t.Fatal("the target was changed and Diff is empty")
	}
	for _, change := range changes {
		if change.Service != s.Name() || change.Detail == "" || change.Action == "" || len(change.Apply) == 0 {
			t.Errorf("change: %+v", change)
		}
	}
	var differs *service.DiffersError
	if err := s.Verify(t.Context(), item); !errors.As(err, &differs) || differs.Total != len(changes) {
		t.Errorf("Verify of a changed target: %v", err)
	}
	return changes
}

func restore(t *testing.T, s service.Service, item service.Item) {
	t.Helper()
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	must(t, s.Restore(t.Context(), changes))
}

func mutating(e *emulator.Emulator) []emulator.Call {
	var calls []emulator.Call
	for _, call := range e.Calls() {
		if call.Mutating {
			calls = append(calls, call)
		}
	}
	return calls
}
