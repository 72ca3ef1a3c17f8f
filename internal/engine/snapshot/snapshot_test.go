package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fixed captures what it is told to.
type fixed struct {
	item service.Item
	err  error
}

func (f fixed) Name() string   { return "fixed" }
func (f fixed) Target() string { return f.item.Target }

func (f fixed) Capture(context.Context) (service.Item, error)                { return f.item, f.err }
func (f fixed) Diff(context.Context, service.Item) ([]service.Change, error) { return nil, nil }
func (f fixed) Restore(context.Context, []service.Change) error              { return nil }
func (f fixed) Verify(context.Context, service.Item) error                   { return nil }

func local(t *testing.T) store.Store {
	t.Helper()
	s, err := store.OpenLocal(t.TempDir())
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func request(s store.Store) snapshot.Request {
	spec := service.Spec{Kind: "fixed", Region: "eu-west-1", Config: []byte(`{"a":1}`)}
	return snapshot.Request{
		Store: s, Clock: clock.NewFake(start), Name: "web", Release: "v1", AccountID: "123456789012", Region: "eu-west-1",
		Targets: map[string]snapshot.Target{
			"one": {Spec: spec, Service: fixed{item: service.Item{Service: "fixed", Target: "t1", Summary: "<one>", Objects: 1, State: []byte(`{"v":"<1>"}`)}}},
			"two": {Spec: spec, Service: fixed{item: service.Item{
				Service: "fixed", Target: "t2", Summary: "two", Objects: 2, Bytes: 9, State: []byte(`{}`), Parts: service.InMemory{[]byte("part 1"), []byte("part 2")}, Warnings: []string{"careful"},
			}}},
		},
	}
}

// whole returns a target with all of its parts.
func whole(ctx context.Context, m snapshot.Manifest, s store.Store, name string) (service.Item, error) {
	item, err := m.Item(ctx, s, name)
	if err != nil || item.Parts == nil {
		return item, err
	}
	var parts service.InMemory
	for i := range item.Parts.Len() {
		part, err := item.Parts.Part(ctx, i)
		if err != nil {
			return item, err
		}
		parts = append(parts, part)
	}
	item.Parts = parts
	return item, nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	written, err := snapshot.Capture(ctx, request(s))
	must(t, err)
	if written.ID() != "web/000001" || len(written.Digest) != 64 || !strings.HasSuffix(written.URI, "/deployments/web/000001/manifest.json") {
		t.Fatalf("id %s digest %s uri %s", written.ID(), written.Digest, written.URI)
	}
	read, err := snapshot.Load(ctx, s, "web", 1)
	must(t, err)
	if diff := cmp.Diff(written, read); diff != "" {
		t.Fatal(diff)
	}
	item, err := whole(ctx, read, s, "two")
	must(t, err)
	want := request(s).Targets["two"].Service.(fixed).item
	if diff := cmp.Diff(want, item); diff != "" {
		t.Fatal(diff)
	}
	if _, err := read.Item(ctx, s, "three"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a target that is not there: %v", err)
	}
	if _, err := snapshot.Load(ctx, s, "web", 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
}

func TestVersionsGoUp(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := snapshot.Capture(ctx, request(s)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	after := request(s)
	after.After = 20
	m, err := snapshot.Capture(ctx, after)
	must(t, err)
	if m.ID() != "web/000021" {
		t.Errorf("after 20: %s", m.ID())
	}
	versions, err := snapshot.Versions(ctx, s, "web")
	must(t, err)
	if !slices.Equal(versions, []int{1, 2, 3, 4, 5, 6, 7, 8, 21}) {
		t.Errorf("versions %v", versions)
	}
}

// TestEveryDamageIsFound flips each byte of every kept object, one at a time.
func TestEveryDamageIsFound(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	_, err := snapshot.Capture(ctx, request(s))
	must(t, err)
	keys, err := s.List(ctx, "")
	must(t, err)
	if len(keys) != 3 {
		t.Fatalf("keys %v", keys)
	}
	readAll := func() error {
		m, err := snapshot.Load(ctx, s, "web", 1)
		if err != nil {
			return err
		}
		for name, want := range request(s).Targets {
			item, err := whole(ctx, m, s, name)
			if err != nil {
				return err
			}
			if !cmp.Equal(item, want.Service.(fixed).item) {
				return fmt.Errorf("target %s was changed unnoticed", name)
			}
		}
		return nil
	}
	must(t, readAll())
	for _, key := range keys {
		kept, err := s.Get(ctx, key)
		must(t, err)
		step := max(1, len(kept.Data)/60)
		for i := 0; i < len(kept.Data); i += step {
			damaged := bytes.Clone(kept.Data)
			damaged[i] ^= 0x01
			_, err := s.Put(ctx, key, damaged, store.Condition{})
			must(t, err)
			var corrupt *snapshot.CorruptError
			if err := readAll(); err != nil && !errors.As(err, &corrupt) {
				t.Errorf("%s, byte %d: %v", key, i, err)
			} else if err == nil && strings.HasSuffix(key, ".json") {
				t.Errorf("%s, byte %d: unnoticed", key, i)
			}
		}
		_, err = s.Put(ctx, key, kept.Data, store.Condition{})
		must(t, err)
	}
	for _, key := range keys {
		if strings.HasSuffix(key, ".gz") {
			must(t, s.Delete(ctx, key, store.Condition{}))
		}
	}
	var corrupt *snapshot.CorruptError
	if err := readAll(); !errors.As(err, &corrupt) {
		t.Errorf("parts are gone: %v", err)
	}
}

func TestATamperedManifestNamesBothDigests(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	m, err := snapshot.Capture(ctx, request(s))
	must(t, err)
	const key = "deployments/web/000001/manifest.json"
	kept, err := s.Get(ctx, key)
	must(t, err)
	_, err = s.Put(ctx, key, bytes.Replace(kept.Data, []byte(`"v1"`), []byte(`"v9"`), 1), store.Condition{})
	must(t, err)
	var corrupt *snapshot.CorruptError
	if _, err := snapshot.Load(ctx, s, "web", 1); !errors.As(err, &corrupt) || corrupt.Expected != m.Digest || len(corrupt.Found) != 64 || corrupt.Found == m.Digest {
		t.Fatalf("got %v", err)
	}
	// A manifest in another's place is refused too.
	_, err = s.Put(ctx, "deployments/web/000002/manifest.json", kept.Data, store.Condition{})
	must(t, err)
	if _, err := snapshot.Load(ctx, s, "web", 2); !errors.As(err, &corrupt) {
		t.Errorf("a moved manifest: %v", err)
	}
}

func TestAFailedCaptureKeepsNothing(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	r := request(s)
	broken := r.Targets["one"]
	broken.Service = fixed{err: service.ErrMissing}
	r.Targets["one"] = broken
	var failed snapshot.CaptureError
	if _, err := snapshot.Capture(ctx, r); !errors.As(err, &failed) || !errors.Is(err, service.ErrMissing) || len(failed) != 1 || failed["one"] == nil {
		t.Fatalf("got %v", err)
	}
	if keys, err := s.List(ctx, ""); err != nil || len(keys) != 0 {
		t.Errorf("kept %v, %v", keys, err)
	}
}

// lossy loses the answer of a Put once it was done, as a connection that breaks does: the retry meets its own write.
type lossy struct{ store.Store }

func (l lossy) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if _, err := l.Store.Put(ctx, key, data, cond); err != nil {
		return "", err
	}
	return l.Store.Put(ctx, key, data, cond)
}

func TestALostAnswerTakesOneVersion(t *testing.T) {
	t.Parallel()
	s := local(t)
	m, err := snapshot.Capture(t.Context(), request(lossy{s}))
	must(t, err)
	versions, err := snapshot.Versions(t.Context(), s, "web")
	must(t, err)
	if m.Version != 1 || !slices.Equal(versions, []int{1}) {
		t.Errorf("version %d of %v", m.Version, versions)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retention snapshot.Retention
		removed   []int
	}{
		"the last ones":   {snapshot.Retention{KeepLast: 2}, []int{1, 2, 3}},
		"never all":       {snapshot.Retention{}, []int{1, 2, 3, 4}},
		"protected ones":  {snapshot.Retention{KeepLast: 1, Protected: []int{2, 3}}, []int{1, 4}},
		"the young ones":  {snapshot.Retention{KeepLast: 1, KeepFor: 3*time.Hour + time.Minute}, []int{1, 2}},
		"more than there": {snapshot.Retention{KeepLast: 9}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, s := t.Context(), local(t)
			fake := clock.NewFake(start)
			for range 5 {
				r := request(s)
				r.Clock = fake
				_, err := snapshot.Capture(ctx, r)
				must(t, err)
				fake.Advance(time.Hour)
			}
			removed, err := snapshot.Prune(ctx, s, "web", test.retention, fake.Now())
			must(t, err)
			if !slices.Equal(removed, test.removed) {
				t.Errorf("removed %v, want %v", removed, test.removed)
			}
			keys, err := s.List(ctx, "")
			must(t, err)
			if want := 3 * (5 - len(test.removed)); len(keys) != want {
				t.Errorf("%d objects are left, want %d", len(keys), want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", ".", "..", "a/b", "-a", "a b", "ä", strings.Repeat("a", 65)} {
		if err := snapshot.CheckName(bad); !errors.Is(err, snapshot.ErrName) {
			t.Errorf("name %q: %v", bad, err)
		}
		if _, _, err := snapshot.ParseID(bad + "/000001"); !errors.Is(err, snapshot.ErrName) {
			t.Errorf("id of name %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"web", "web/", "web/0", "web/-1", "web/+1", "web/x", "web/1/2"} {
		if _, _, err := snapshot.ParseID(bad); !errors.Is(err, snapshot.ErrName) {
			t.Errorf("id %q: %v", bad, err)
		}
	}
	if name, version, err := snapshot.ParseID("my.web-1/12"); name != "my.web-1" || version != 12 || err != nil {
		t.Errorf("got %q %d %v", name, version, err)
	}
}
