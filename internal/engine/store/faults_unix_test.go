//go:build unix

package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// TestLocalFullDisk: a file system that takes no more bytes fails a Put whole. The limit holds for a process, so that one of
// its own does it.
func TestLocalFullDisk(t *testing.T) {
	t.Parallel()
	if folder := os.Getenv("STORE_TEST_FULL"); folder != "" {
		writeUnderALimit(t, open(t, folder))
		return
	}
	folder := t.TempDir()
	s := open(t, folder)
	etag, err := s.Put(t.Context(), "deployments/web", []byte("old"), store.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLocalFullDisk$", "-test.v")
	child.Env = append(os.Environ(), "STORE_TEST_FULL="+folder)
	if out, err := child.CombinedOutput(); err != nil || strings.Contains(string(out), "SKIP") {
		t.Fatalf("%v:\n%s", err, out)
	}
	kept, err := s.Get(t.Context(), "deployments/web")
	if err != nil || string(kept.Data) != "old" || kept.ETag != etag {
		t.Errorf("kept %q, %v", kept.Data, err)
	}
	if keys, err := s.List(t.Context(), ""); err != nil || len(keys) != 1 {
		t.Errorf("keys %v, %v", keys, err)
	}
	left, err := os.ReadDir(filepath.Join(folder, "~tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
	if _, err := s.Put(t.Context(), "deployments/web", make([]byte, 1<<20), store.Condition{IfMatch: etag}); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

func writeUnderALimit(t *testing.T, s store.Store) {
	t.Helper()
	limit := syscall.Rlimit{Cur: 4096, Max: 4096}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"deployments/web", "deployments/new"} {
		var unusable *store.PathError
		if _, err := s.Put(t.Context(), key, make([]byte, 1<<20), store.Condition{}); !errors.As(err, &unusable) || !errors.Is(err, syscall.EFBIG) {
			t.Errorf("Put of %s on a full disk: %v", key, err)
		}
	}
}

// TestLocalVanishes: the folder goes away between two calls, as a share that is unmounted does.
func TestLocalVanishes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "store")
	s := open(t, folder)
	if _, err := s.Put(t.Context(), "a/b", []byte("x"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Get(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "a/b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Put(t.Context(), "a/b", []byte("y"), store.Condition{IfMatch: kept.ETag}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("a conditional Put into what is gone: %v", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var unusable *store.PathError
	if _, err := s.Put(t.Context(), "a/b", []byte("y"), store.Condition{}); !errors.As(err, &unusable) {
		t.Errorf("a file where the folder was: %v", err)
	}
}
