package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// The names that the local store keeps for itself hold a byte that no key has.
const (
	lockName = "~lock"
	tempName = "~tmp"
)

// lockWait is how long one process tries for the lock of a folder before it gives up. A writer holds it for the time
// of a rename.
const lockWait = 30 * time.Second

// lockPoll is the pause between two tries.
const lockPoll = 2 * time.Millisecond

// Local is a store in a folder. Its folders are 0700 and its files 0600: manifests tell what an account looks like. It
// is safe for many processes on one machine; network file systems need working flock and rename.
type Local struct{ root string }

// PathError says that the folder of a local store cannot be used.
type PathError struct {
	Path string
	Err  error
}

// Error names the folder.
func (e *PathError) Error() string { return fmt.Sprintf("the store folder %s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *PathError) Unwrap() error { return e.Err }

// OpenLocal returns a store in the folder path. Nothing is created before the first Put; a *PathError says that path is
// there and is no folder.
func OpenLocal(folder string) (Store, error) {
	if folder == "" {
		return nil, &PathError{folder, errors.New("the path is empty")}
	}
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, &PathError{folder, err}
	}
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, &PathError{root, err}
	case !info.IsDir():
		return nil, &PathError{root, errors.New("it is not a folder")}
	}
	return &Local{root: root}, nil
}

// CheckWritable returns a *PathError when a Put would fail for want of permission. It leaves nothing behind.
func (l *Local) CheckWritable(context.Context) error {
	folder := l.root
	for {
		_, err := os.Stat(folder)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
			return &PathError{l.root, err}
		}
		folder = filepath.Dir(folder)
	}
	probe, err := os.CreateTemp(folder, tempName)
	if err != nil {
		return &PathError{l.root, err}
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return &PathError{l.root, err}
	}
	return nil
}

// URI returns a file URL.
func (l *Local) URI(key string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(l.root, filepath.FromSlash(key)))}).String()
}

// Get reads the object under key.
func (l *Local) Get(ctx context.Context, key string) (Object, error) {
	if err := errors.Join(CheckKey(key), context.Cause(ctx)); err != nil {
		return Object{}, err
	}
	root, err := os.OpenRoot(l.root)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("%s: %w", l.URI(key), ErrNotFound)
	}
	if err != nil {
		return Object{}, &PathError{l.root, err}
	}
	defer root.Close() //nolint:errcheck // opened for reading
	return l.read(root, key)
}

func (l *Local) read(root *os.Root, key string) (Object, error) {
	data, err := root.ReadFile(key)
	switch {
	case err == nil:
		return Object{Key: key, Data: data, ETag: etag(data)}, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), l.isFolder(root, key):
		return Object{}, fmt.Errorf("%s: %w", l.URI(key), ErrNotFound)
	default:
		return Object{}, &PathError{l.root, err}
	}
}

func (l *Local) isFolder(root *os.Root, key string) bool {
	info, err := root.Stat(key)
	return err == nil && info.IsDir()
}

// Put writes a temporary file, flushes it, and renames it over the object while it holds the folder's lock.
func (l *Local) Put(ctx context.Context, key string, data []byte, cond Condition) (string, error) {
	if err := errors.Join(CheckKey(key), context.Cause(ctx)); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(l.root, tempName), 0o700); err != nil {
		return "", &PathError{l.root, err}
	}
	root, err := os.OpenRoot(l.root)
	if err != nil {
		return "", &PathError{l.root, err}
	}
	defer root.Close() //nolint:errcheck // what matters was flushed
	temp, err := writeTemp(root, data)
	if err != nil {
		return "", &PathError{l.root, err}
	}
	defer root.Remove(temp) //nolint:errcheck // renamed when all went well
	err = l.locked(ctx, root, func() error {
		if err := l.check(root, key, cond); err != nil {
			return err
		}
		if err := root.MkdirAll(path.Dir(key), 0o700); err != nil {
			return &PathError{l.root, err}
		}
		if err := root.Rename(temp, key); err != nil {
			return &PathError{l.root, err}
		}
		return l.syncFolders(root, key)
	})
	if err != nil {
		return "", err
	}
	return etag(data), nil
}

func writeTemp(root *os.Root, data []byte) (string, error) {
	name := tempName + "/" + rand.Text()
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, root.Remove(name))
	}
	return name, nil
}

// check must be called with the lock held.
func (l *Local) check(root *os.Root, key string, cond Condition) error {
	if cond == (Condition{}) {
		return nil
	}
	kept, err := l.read(root, key)
	switch {
	case errors.Is(err, ErrNotFound):
		if cond.IfMatch != "" {
			return fmt.Errorf("%s: it is gone: %w", l.URI(key), ErrPrecondition)
		}
		return nil
	case err != nil:
		return err
	case cond.IfNoneMatch, cond.IfMatch != kept.ETag:
		return fmt.Errorf("%s: %w", l.URI(key), ErrPrecondition)
	}
	return nil
}

// syncFolders makes the rename, and folders that are new, survive a power cut. Windows has no such call.
func (l *Local) syncFolders(root *os.Root, key string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	for folder := path.Dir(key); ; folder = path.Dir(folder) {
		opened, err := root.Open(folder)
		if err != nil {
			return &PathError{l.root, err}
		}
		if err := errors.Join(opened.Sync(), opened.Close()); err != nil {
			return &PathError{l.root, err}
		}
		if folder == "." {
			return nil
		}
	}
}

// locked runs work while no other goroutine or process writes to the folder. The lock dies with its process.
func (l *Local) locked(ctx context.Context, root *os.Root, work func() error) error {
	file, err := root.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return &PathError{l.root, err}
	}
	defer file.Close() //nolint:errcheck // closing is what unlocks; there is nothing to flush
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, &PathError{l.root, fmt.Errorf("another process has held its lock for %s", lockWait)})
	defer cancel()
	for {
		taken, err := tryLock(file)
		if err != nil {
			return &PathError{l.root, err}
		}
		if taken {
			return work()
		}
		if err := (clock.System{}).Sleep(ctx, lockPoll); err != nil {
			return err
		}
	}
}

// List walks the folder that prefix lies in.
func (l *Local) List(ctx context.Context, prefix string) ([]string, error) {
	if err := errors.Join(checkPrefix(prefix), context.Cause(ctx)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(l.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &PathError{l.root, err}
	}
	defer root.Close() //nolint:errcheck // opened for reading
	var keys []string
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i]
	}
	err = fs.WalkDir(root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile, or nothing has that prefix
			return nil
		case err != nil:
			return err
		case strings.HasPrefix(name, "~") && entry.IsDir():
			return fs.SkipDir
		case entry.Type().IsRegular() && CheckKey(name) == nil && strings.HasPrefix(name, prefix):
			keys = append(keys, name)
		}
		return context.Cause(ctx)
	})
	if err != nil {
		return nil, &PathError{l.root, err}
	}
	slices.Sort(keys)
	return keys, nil
}

// Delete removes the file of key. Folders stay.
func (l *Local) Delete(ctx context.Context, key string, cond Condition) error {
	if err := errors.Join(CheckKey(key), context.Cause(ctx)); err != nil {
		return err
	}
	root, err := os.OpenRoot(l.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &PathError{l.root, err}
	}
	defer root.Close() //nolint:errcheck // what matters was flushed
	return l.locked(ctx, root, func() error {
		if _, err := l.read(root, key); errors.Is(err, ErrNotFound) {
			return nil
		}
		if err := l.check(root, key, Condition{IfMatch: cond.IfMatch}); err != nil {
			return err
		}
		if err := root.Remove(key); err != nil {
			return &PathError{l.root, err}
		}
		return l.syncFolders(root, key)
	})
}

func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
