package fuzz

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// forged is a store whose every object is what an attacker wrote.
type forged struct{ content []byte }

func (f forged) Get(_ context.Context, key string) (store.Object, error) {
	return store.Object{Key: key, Data: f.content, ETag: "1"}, nil
}

func (forged) Put(context.Context, string, []byte, store.Condition) (string, error) { return "2", nil }

func (forged) List(_ context.Context, prefix string) ([]string, error) {
	return []string{prefix + "000001/manifest.json", prefix + "x"}, nil
}

func (forged) Delete(context.Context, string, store.Condition) error { return nil }

func (forged) URI(key string) string { return "forged://" + key }

// FuzzManifest: a forged snapshot with a right digest is refused or read, part by part, without a crash or a flood.
func FuzzManifest(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `[]`, `{"schema":1,"name":"shop","version":1}`,
		`{"schema":1,"name":"shop","version":1,"capture":"../../..","items":{"a":{"service":"s3_bucket","parts":["../../../etc/passwd","x"]}}}`,
		`{"schema":1,"name":"shop","version":1,"items":{"a":null,"b":{"parts":[""]}}}`, `{"schema":1,"name":"../x","version":-1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		bounded(t, func() {
			for _, content := range [][]byte{body, sealed(body)} {
				kept := forged{content}
				manifest, err := snapshot.Load(t.Context(), kept, "shop", 1)
				var corrupt *snapshot.CorruptError
				if err != nil {
					if !errors.As(err, &corrupt) {
						t.Errorf("the error is a %T, not a CorruptError: %v", err, err)
					}
					continue
				}
				if manifest.Name != "shop" || manifest.Version != 1 {
					t.Errorf("asked for shop/000001, got %s", manifest.ID())
				}
				for name := range manifest.Items {
					item, err := manifest.Item(t.Context(), kept, name)
					if err != nil || item.Parts == nil {
						continue
					}
					for i := range min(item.Parts.Len(), 10) {
						part, err := item.Parts.Part(t.Context(), i)
						if sum := sha256.Sum256(part); err == nil && !strings.Contains(string(body), hex.EncodeToString(sum[:])) {
							t.Errorf("a part was read that no digest of the manifest names: %q", part)
						}
					}
				}
			}
		})
	})
}

// FuzzLedger: a ledger that somebody wrote by hand is history, or a *ledger.CorruptError; it is never written over.
func FuzzLedger(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `null`, `{"schema":1,"name":"shop","deployments":[{"id":"shop/000001","version":1,"status":"committed"}]}`,
		`{"schema":1,"deployments":[{"version":-5},{"version":2,"status":"no"},null]}`, `{"schema":1,"quarantine":[{"release":""}]}`, `{"schema":99}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		bounded(t, func() {
			history, err := ledger.New(forged{content}, clock.System{}).History(t.Context(), "shop")
			var corrupt *ledger.CorruptError
			if err != nil {
				if !errors.As(err, &corrupt) {
					t.Errorf("the error is a %T, not a CorruptError: %v", err, err)
				}
				return
			}
			history.Latest()
			history.LastGood()
			history.Uncommitted()
			history.Quarantined("v1")
			history.Rates()
			_, _ = history.RestorePoint()
		})
	})
}

// FuzzJournal: an entry or a lease that somebody wrote by hand is read, or refused.
func FuzzJournal(f *testing.F) {
	for _, text := range []string{``, `{}`, `null`, `{"schema":1,"target":"a","operation":"switch","intent":{"to":"green"},"steps":[]}`, `{"holder":"x","expires":"9999-12-31T23:59:59Z","token":"../../x"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		bounded(t, func() {
			kept := journal.New(forged{content}, clock.System{}, "fuzz")
			_, _, err := kept.Last(t.Context(), "route53,1,Z,www")
			var corrupt *journal.CorruptError
			if err != nil && !errors.As(err, &corrupt) {
				t.Errorf("the error is a %T, not a CorruptError: %v", err, err)
			}
			_, _ = kept.Holder(t.Context(), "route53,1,Z,www")
		})
	})
}

// FuzzStoreKey: whatever a key says, nothing is written, read or removed outside the store's folder.
func FuzzStoreKey(f *testing.F) {
	for _, key := range []string{"a", "a/b", "../a", "/etc/x", "a/../../b", "a//b", ".", "..", "", "a\x00b", `..\a`, "C:\\x", strings.Repeat("a/", 200), "a/.lock", "~/.ssh/x"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		outside := t.TempDir()
		folder := filepath.Join(outside, "store")
		kept, err := store.OpenLocal(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(outside, "sentinel"), []byte("here"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, put := kept.Put(t.Context(), key, []byte("hostile"), store.Condition{})
		_, _ = kept.Get(t.Context(), key)
		if put == nil {
			if back, err := kept.Get(t.Context(), key); err != nil || string(back.Data) != "hostile" {
				t.Errorf("%q was written and is read as %q, %v", key, back.Data, err)
			}
		}
		_ = kept.Delete(t.Context(), key, store.Condition{})
		var found []string
		err = filepath.WalkDir(outside, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !strings.HasPrefix(path, folder+string(filepath.Separator)) {
				found = append(found, path)
			}
			return err
		})
		if want := []string{filepath.Join(outside, "sentinel")}; err != nil || !slices.Equal(found, want) {
			t.Errorf("the key %q left %v outside the store, want %v (%v)", key, found, want, err)
		}
	})
}
