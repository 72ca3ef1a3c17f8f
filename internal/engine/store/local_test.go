package store_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store/storetest"
)

func open(t *testing.T, folder string) store.Store {
	t.Helper()
	s, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLocalConformance(t *testing.T) {
	t.Parallel()
	folders := map[string]string{}
	storetest.Run(t, func(t *testing.T) store.Store {
		if folders[t.Name()] == "" {
			folders[t.Name()] = filepath.Join(t.TempDir(), "not", "there", "yet")
		}
		return open(t, folders[t.Name()])
	})
}

func TestLocalModes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "store")
	s := open(t, folder)
	if _, err := s.Put(t.Context(), "a/b/c", []byte("x"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(folder, "~tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
	if uri := s.URI("a/b/c"); !strings.HasPrefix(uri, "file:///") || !strings.HasSuffix(uri, "/store/a/b/c") {
		t.Errorf("URI %q", uri)
	}
}

func TestLocalOpeningCreatesNothing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "store")
	s := open(t, folder)
	if err := s.(store.WriteChecker).CheckWritable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("opening, checking or listing created the folder: %v", err)
	}
}

func TestLocalUnusableFolders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var unusable *store.PathError
	if _, err := store.OpenLocal(file); !errors.As(err, &unusable) || unusable.Path != file {
		t.Errorf("a file as folder: %v", err)
	}
	if _, err := store.OpenLocal(""); !errors.As(err, &unusable) {
		t.Errorf("no path: %v", err)
	}
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	s := open(t, filepath.Join(locked, "store"))
	if err := s.(store.WriteChecker).CheckWritable(t.Context()); !errors.As(err, &unusable) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder without write permission: %v", err)
	}
	if _, err := s.Put(t.Context(), "k", nil, store.Condition{}); !errors.As(err, &unusable) {
		t.Errorf("Put without write permission: %v", err)
	}
}

func TestLocalDoesNotFollowLinksOut(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Skip(err)
	}
	s := open(t, folder)
	if got, err := s.Get(t.Context(), "link/secret"); err == nil {
		t.Errorf("read %q through a link out of the store", got.Data)
	}
	if _, err := s.Put(t.Context(), "link/new", []byte("x"), store.Condition{}); err == nil {
		t.Error("wrote through a link out of the store")
	}
	if _, err := os.Stat(filepath.Join(outside, "new")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file appeared outside of the store")
	}
}

// TestLocalManyProcesses counts up in one object from several processes: no update may be lost.
func TestLocalManyProcesses(t *testing.T) {
	t.Parallel()
	if folder := os.Getenv("STORE_TEST_FOLDER"); folder != "" {
		countUp(t, open(t, folder), 20)
		return
	}
	folder := t.TempDir()
	if _, err := open(t, folder).Put(t.Context(), "n", []byte("0"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	const processes = 3
	var children []*exec.Cmd
	for range processes {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLocalManyProcesses$")
		child.Env = append(os.Environ(), "STORE_TEST_FOLDER="+folder)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	for _, child := range children {
		if err := child.Wait(); err != nil {
			t.Errorf("a child: %v", err)
		}
	}
	got, err := open(t, folder).Get(t.Context(), "n")
	if err != nil || string(got.Data) != strconv.Itoa(processes*20) {
		t.Fatalf("counted %q, %v, want %d", got.Data, err, processes*20)
	}
}

func countUp(t *testing.T, s store.Store, times int) {
	for done := 0; done < times; {
		kept, err := s.Get(t.Context(), "n")
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(string(kept.Data))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Put(t.Context(), "n", []byte(strconv.Itoa(n+1)), store.Condition{IfMatch: kept.ETag})
		switch {
		case err == nil:
			done++
		case !errors.Is(err, store.ErrPrecondition):
			t.Fatal(err)
		}
	}
}
