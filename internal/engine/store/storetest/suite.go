// Package storetest is the conformance suite of store.Store: every implementation passes it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Run runs the suite. open returns a store that is empty at its first call of a test and the same one, through another
// handle, at each further call with the same t.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Run("round trip", func(t *testing.T) { roundTrip(t, open(t)) })
	t.Run("conditions", func(t *testing.T) { conditions(t, open(t)) })
	t.Run("listing", func(t *testing.T) { listing(t, open(t)) })
	t.Run("deleting", func(t *testing.T) { deleting(t, open(t)) })
	t.Run("hostile keys", func(t *testing.T) { hostile(t, open(t)) })
	t.Run("one of many creators wins", func(t *testing.T) { creators(t, open(t), open(t)) })
	t.Run("no update is lost", func(t *testing.T) { updates(t, open(t), open(t)) })
	t.Run("an ended context", func(t *testing.T) { ended(t, open(t)) })
}

func roundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	if _, err := s.Get(ctx, "a/b.json"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get of nothing: %v, want ErrNotFound", err)
	}
	for _, data := range [][]byte{{}, []byte("one"), []byte("two\x00\xff"), make([]byte, 1<<20)} {
		written, err := s.Put(ctx, "a/b.json", data, store.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(ctx, "a/b.json")
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Data) != string(data) || got.ETag != written || got.Key != "a/b.json" || written == "" {
			t.Fatalf("got key %q etag %q of %d bytes, want etag %q of %d bytes", got.Key, got.ETag, len(got.Data), written, len(data))
		}
	}
}

func conditions(t *testing.T, s store.Store) {
	ctx := t.Context()
	put := func(data string, cond store.Condition) (string, error) { return s.Put(ctx, "k", []byte(data), cond) }
	if _, err := put("x", store.Condition{IfMatch: "\"0123456789abcdef0123456789abcdef\""}); !errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("IfMatch on nothing: %v", err)
	}
	first, err := put("1", store.Condition{IfNoneMatch: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put("2", store.Condition{IfNoneMatch: true}); !errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("second create: %v", err)
	}
	second, err := put("3", store.Condition{IfMatch: first})
	if err != nil || second == first {
		t.Fatalf("IfMatch: etag %q after %q, %v", second, first, err)
	}
	if _, err := put("4", store.Condition{IfMatch: first}); !errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("stale IfMatch: %v", err)
	}
	kept, err := s.Get(ctx, "k")
	if err != nil || string(kept.Data) != "3" {
		t.Fatalf("kept %q, %v; a refused write must not write", kept.Data, err)
	}
}

func listing(t *testing.T, s store.Store) {
	ctx := t.Context()
	if keys, err := s.List(ctx, ""); err != nil || len(keys) != 0 {
		t.Fatalf("List of nothing: %v, %v", keys, err)
	}
	for _, key := range []string{"web/000002", "web/000001", "web2/x", "other/deep/er/x", "top"} {
		if _, err := s.Put(ctx, key, []byte(key), store.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"":          {"other/deep/er/x", "top", "web/000001", "web/000002", "web2/x"},
		"web":       {"web/000001", "web/000002", "web2/x"},
		"web/":      {"web/000001", "web/000002"},
		"web/00000": {"web/000001", "web/000002"},
		"other/":    {"other/deep/er/x"},
		"none/":     nil,
		"to":        {"top"},
	} {
		got, err := s.List(ctx, prefix)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
		}
	}
}

func deleting(t *testing.T, s store.Store) {
	ctx := t.Context()
	if err := s.Delete(ctx, "gone", store.Condition{}); err != nil {
		t.Fatalf("delete of nothing: %v", err)
	}
	tag, err := s.Put(ctx, "k", []byte("1"), store.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, "k", []byte("2"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "k", store.Condition{IfMatch: tag}); !errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("stale delete: %v", err)
	}
	kept, err := s.Get(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "k", store.Condition{IfMatch: kept.ETag}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "k"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("after delete: %v", err)
	}
	if err := s.Delete(ctx, "k", store.Condition{IfMatch: kept.ETag}); err != nil {
		t.Fatalf("deleting twice: %v", err)
	}
}

func hostile(t *testing.T, s store.Store) {
	ctx := t.Context()
	keys := []string{
		"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/./b", "a//b", "a/", "a\\b", "a\x00b", "a b", "ä", "~lock", "a/~tmp", "C:x", "a\n",
		string(make([]byte, 2000)),
	}
	for _, key := range keys {
		var refused *store.KeyError
		if _, err := s.Put(ctx, key, []byte("x"), store.Condition{}); !errors.As(err, &refused) {
			t.Errorf("Put(%.20q): %v, want a KeyError", key, err)
		}
		if _, err := s.Get(ctx, key); !errors.As(err, &refused) {
			t.Errorf("Get(%.20q): %v, want a KeyError", key, err)
		}
		if err := s.Delete(ctx, key, store.Condition{}); !errors.As(err, &refused) {
			t.Errorf("Delete(%.20q): %v, want a KeyError", key, err)
		}
	}
	for _, prefix := range []string{"/", "../", "a/../", "a//", "~"} {
		var refused *store.KeyError
		if _, err := s.List(ctx, prefix); !errors.As(err, &refused) {
			t.Errorf("List(%q): %v, want a KeyError", prefix, err)
		}
	}
	if left, err := s.List(ctx, ""); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func creators(t *testing.T, handles ...store.Store) {
	var wins atomic.Int64
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			_, err := handles[i%len(handles)].Put(t.Context(), "race/k", fmt.Appendf(nil, "writer %d", i), store.Condition{IfNoneMatch: true})
			switch {
			case err == nil:
				wins.Add(1)
			case !errors.Is(err, store.ErrPrecondition):
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if wins.Load() != 1 {
		t.Fatalf("%d creators won, want 1", wins.Load())
	}
}

func updates(t *testing.T, handles ...store.Store) {
	ctx := t.Context()
	const writers, each = 4, 5
	if _, err := handles[0].Put(ctx, "race/n", nil, store.Condition{}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range writers {
		s := handles[i%len(handles)]
		group.Go(func() {
			for done := 0; done < each; {
				kept, err := s.Get(ctx, "race/n")
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				_, err = s.Put(ctx, "race/n", append(kept.Data, 'x'), store.Condition{IfMatch: kept.ETag})
				switch {
				case err == nil:
					done++
				case !errors.Is(err, store.ErrPrecondition):
					t.Errorf("put: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	kept, err := handles[0].Get(ctx, "race/n")
	if err != nil || len(kept.Data) != writers*each {
		t.Fatalf("%d updates of %d are there, %v", len(kept.Data), writers*each, err)
	}
}

func ended(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, "k", []byte("x"), store.Condition{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put after the end: %v", err)
	}
	if _, err := s.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get after the end: %v", err)
	}
	if _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused Put left something: %v", err)
	}
}
