package snapshot_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// dying takes a number of writes and then none: a store that vanishes, a disk that is full, a process that dies.
type dying struct {
	store.Store
	puts int
}

var errDead = errors.New("no space left")

func (d *dying) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	if d.puts == 0 {
		return "", errDead
	}
	d.puts--
	return d.Store.Put(ctx, key, data, cond)
}

func (d *dying) Delete(ctx context.Context, key string, cond store.Condition) error {
	if d.puts == 0 {
		return errDead
	}
	return d.Store.Delete(ctx, key, cond)
}

func TestAStoreThatVanishesMidWriteLeavesNoSnapshot(t *testing.T) {
	t.Parallel()
	for puts := range 3 { // two parts and the manifest
		ctx, s := t.Context(), local(t)
		fake := clock.NewFake(start)
		r := request(&dying{s, puts})
		r.Clock = fake
		if _, err := snapshot.Capture(ctx, r); !errors.Is(err, errDead) {
			t.Fatalf("after %d writes: %v", puts, err)
		}
		if versions, err := snapshot.Versions(ctx, s, "web"); err != nil || len(versions) != 0 {
			t.Errorf("after %d writes there are versions %v, %v", puts, versions, err)
		}
		good := request(s)
		good.Clock = fake
		_, err := snapshot.Capture(ctx, good)
		must(t, err)
		if removed, err := snapshot.Collect(ctx, s, "web", fake.Now().Add(snapshot.SafeAge)); err != nil || removed != 0 {
			t.Errorf("a young capture lost %d parts, %v", removed, err)
		}
		fake.Advance(snapshot.SafeAge + time.Minute)
		removed, err := snapshot.Collect(ctx, s, "web", fake.Now())
		must(t, err)
		if removed != puts {
			t.Errorf("%d orphans were collected, want %d", removed, puts)
		}
		m, err := snapshot.Load(ctx, s, "web", 1)
		must(t, err)
		if _, err := whole(ctx, m, s, "two"); err != nil {
			t.Errorf("the good snapshot lost a part: %v", err)
		}
		if again, err := snapshot.Collect(ctx, s, "web", fake.Now()); err != nil || again != 0 {
			t.Errorf("collected %d again, %v", again, err)
		}
	}
}

func TestCollectTouchesNothingThatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	_, err := snapshot.Capture(ctx, request(&dying{s, 2}))
	if !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	kept, err := snapshot.Capture(ctx, request(s))
	must(t, err)
	for _, key := range []string{
		"deployments/web/parts/SOMEBODYELSES/x.gz",                  // no time in its name
		"deployments/web/parts/20990101T000000Z-AHEAD/x.gz",         // of a machine whose clock is ahead
		"deployments/web2/parts/20200101T000000Z-OTHER/x.gz",        // another deployment's
		"deployments/web/000007/20200101T000000Z-NOPART/attachment", // no part
	} {
		_, err := s.Put(ctx, key, []byte("x"), store.Condition{})
		must(t, err)
	}
	before, err := s.List(ctx, "")
	must(t, err)
	later := start.Add(10 * snapshot.SafeAge)
	manifest := "deployments/" + kept.ID() + "/manifest.json"
	good, err := s.Get(ctx, manifest)
	must(t, err)
	_, err = s.Put(ctx, manifest, []byte("damaged"), store.Condition{})
	must(t, err)
	var corrupt *snapshot.CorruptError
	if removed, err := snapshot.Collect(ctx, s, "web", later); removed != 0 || !errors.As(err, &corrupt) {
		t.Fatalf("a manifest cannot be read: removed %d, %v", removed, err)
	}
	_, err = s.Put(ctx, manifest, good.Data, store.Condition{})
	must(t, err)
	removed, err := snapshot.Collect(ctx, s, "web", later)
	must(t, err)
	after, err := s.List(ctx, "")
	must(t, err)
	if removed != 2 || len(before)-len(after) != 2 {
		t.Errorf("removed %d; before %v, after %v", removed, before, after)
	}
	for _, key := range after {
		if strings.Contains(key, "/parts/") && !strings.Contains(key, kept.Capture) && !slices.ContainsFunc([]string{"SOMEBODY", "AHEAD", "OTHER"}, func(s string) bool { return strings.Contains(key, s) }) {
			t.Errorf("%s is left", key)
		}
	}
}

func TestAClockThatWentBackRemovesNothing(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	for range 3 {
		_, err := snapshot.Capture(ctx, request(s))
		must(t, err)
	}
	removed, err := snapshot.Prune(ctx, s, "web", snapshot.Retention{KeepLast: 1, KeepFor: time.Hour}, start.Add(-240*time.Hour))
	must(t, err)
	if len(removed) != 0 {
		t.Errorf("removed %v although all are of the future", removed)
	}
}

// bulky hands its parts over one by one, and fails after them when it is told to.
type bulky struct {
	fixed
	parts int
	fail  error
}

func (b bulky) CaptureBulk(ctx context.Context, keep func(context.Context, []byte) error) (service.Item, error) {
	for i := range b.parts {
		if err := keep(ctx, []byte{byte(i)}); err != nil {
			return service.Item{}, err
		}
	}
	return b.item, b.fail
}

func TestAFailedBulkCaptureTakesItsPartsAway(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), local(t)
	r := request(s)
	one := r.Targets["one"]
	item := one.Service.(fixed).item
	item.Lasts = 24 * time.Hour
	one.Service = bulky{fixed: fixed{item: item}, parts: 3, fail: service.ErrMissing}
	r.Targets["one"] = one
	if _, err := snapshot.Capture(ctx, r); !errors.Is(err, service.ErrMissing) {
		t.Fatal(err)
	}
	if keys, err := s.List(ctx, ""); err != nil || len(keys) != 0 {
		t.Errorf("left behind %v, %v", keys, err)
	}
	one.Service = bulky{fixed: fixed{item: item}, parts: 3}
	r.Targets["one"], r.KeepFor = one, 72*time.Hour
	m, err := snapshot.Capture(ctx, r)
	must(t, err)
	got, err := whole(ctx, m, s, "one")
	must(t, err)
	if parts := got.Parts.(service.InMemory); len(parts) != 3 || parts[2][0] != 2 {
		t.Errorf("parts %v", got.Parts)
	}
	if warnings := m.Items["one"].Warnings; len(warnings) != 1 || !strings.Contains(warnings[0], "1 day(s) only") || !strings.Contains(warnings[0], "3 day(s)") {
		t.Errorf("warnings %q", warnings)
	}
}
