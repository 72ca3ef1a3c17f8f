package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

const childStore = "RELIABILITY_TEST_LEASE_STORE"

// TestHolderProcess is no test: it is the process that holds a lease until it is killed.
func TestHolderProcess(t *testing.T) {
	folder := os.Getenv(childStore)
	if folder == "" {
		t.Skip("runs as a child of the others")
	}
	s, err := store.OpenLocal(folder)
	must(t, err)
	_, err = journal.New(s, clock.NewFake(start), "child").Acquire(t.Context(), "web", time.Hour)
	must(t, err)
	fmt.Println("held") //nolint:forbidigo // what the parent waits for
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// hold starts a process that holds the lease on "web"; kill ends it without a word.
func hold(t *testing.T, folder, temp string) (kill func()) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHolderProcess$", "-test.v")
	child.Env = append(os.Environ(), childStore+"="+folder, "TMPDIR="+temp)
	_, err := child.StdinPipe()
	must(t, err)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	said := []byte{}
	for chunk := make([]byte, 256); !bytes.Contains(said, []byte("held")); {
		n, err := out.Read(chunk)
		said = append(said, chunk[:n]...)
		if err != nil {
			t.Fatalf("the child ended: %s", said)
		}
	}
	return func() {
		must(t, child.Process.Kill())
		_ = child.Wait() // it was killed
	}
}

func TestAKilledHolderOfThisMachineIsFollowedAtOnce(t *testing.T) {
	temp, folder := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	s, err := store.OpenLocal(folder)
	must(t, err)
	j := journal.New(s, clock.NewFake(start), "heir")
	kill := hold(t, folder, temp)
	var held *journal.HeldError
	if _, err := j.Acquire(t.Context(), "web", time.Minute); !errors.As(err, &held) || held.Holder != "child" {
		t.Fatalf("while the child lives: %v", err)
	}
	if holder, err := j.Holder(t.Context(), "web"); err != nil || holder == nil {
		t.Fatalf("Holder while the child lives: %v, %v", holder, err)
	}
	kill()
	if holder, err := j.Holder(t.Context(), "web"); err != nil || holder != nil {
		t.Fatalf("Holder after its death: %v, %v", holder, err)
	}
	lease, err := j.Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	must(t, lease.Release(t.Context()))
	left, err := os.ReadDir(temp)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("files stay: %v", left)
	}
}

func TestADeadHolderOfElsewhereHasToExpire(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for name, disguise := range map[string]func(record []byte) []byte{
		"another boot of the machine": func(record []byte) []byte {
			boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
			must(t, err)
			return bytes.Replace(record, bytes.TrimSpace(boot), []byte("00000000-0000-0000-0000-000000000000"), 1)
		},
		"a machine that says nothing": func(record []byte) []byte { return bytes.Replace(record, []byte(`"boot"`), []byte(`"x"`), 1) },
		"a token that leaves its room": func(record []byte) []byte {
			return bytes.Replace(record, []byte(`"token":"`), []byte(`"token":"/../`), 1)
		},
		"a token of another machine": func(record []byte) []byte { return bytes.Replace(record, []byte(`"token":"`), []byte(`"token":"A`), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s, err := store.OpenLocal(folder)
			must(t, err)
			hold(t, folder, temp)()
			keys, err := s.List(t.Context(), "")
			must(t, err)
			kept, err := s.Get(t.Context(), keys[0])
			must(t, err)
			other := disguise(kept.Data)
			if bytes.Equal(other, kept.Data) {
				t.Fatalf("nothing was changed in %s", kept.Data)
			}
			_, err = s.Put(t.Context(), keys[0], other, store.Condition{})
			must(t, err)
			fake := clock.NewFake(start)
			j := journal.New(s, fake, "heir")
			var held *journal.HeldError
			if _, err := j.Acquire(t.Context(), "web", time.Minute); !errors.As(err, &held) {
				t.Fatalf("before it expires: %v", err)
			}
			fake.Advance(2 * time.Hour)
			_, err = j.Acquire(t.Context(), "web", time.Minute)
			must(t, err)
		})
	}
}

func TestALivingHolderWithoutItsFileHasToExpire(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := local(t)
	_, err := journal.New(s, clock.NewFake(start), "a").Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	left, err := os.ReadDir(temp)
	must(t, err)
	for _, file := range left {
		must(t, os.Remove(temp+"/"+file.Name()))
	}
	var held *journal.HeldError
	if _, err := journal.New(s, clock.NewFake(start), "b").Acquire(t.Context(), "web", time.Minute); len(left) != 1 || !errors.As(err, &held) {
		t.Fatalf("%d file(s), %v", len(left), err)
	}
}

// A holder whose store is away when it gives the lease up is followed at once on its machine: a rollback that lost its store
// kept the next one waiting.
func TestALeaseThatCouldNotBeGivenUpIsFollowedAtOnce(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := local(t)
	lease, err := journal.New(away{s}, clock.NewFake(start), "a").Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	heir := journal.New(s, clock.NewFake(start), "b")
	var held *journal.HeldError
	if _, err := heir.Acquire(t.Context(), "web", time.Minute); !errors.As(err, &held) {
		t.Fatalf("while it is held: %v", err)
	}
	if err := lease.Release(t.Context()); !errors.Is(err, errAway) {
		t.Fatalf("the release: %v", err)
	}
	next, err := heir.Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	must(t, next.Release(t.Context()))
	left, err := os.ReadDir(temp)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("files stay: %v", left)
	}
}

var errAway = errors.New("the store is away")

// away is a store that takes no deletion.
type away struct{ store.Store }

func (away) Delete(context.Context, string, store.Condition) error { return errAway }

// An acquisition without an answer, in a store that then says nothing at all: the next comer of this machine sees that nobody holds it.
func TestALeaseInASilentStoreIsFollowedAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := &mute{Store: local(t)}
	j := journal.New(afterPut{s, func() { s.deaf = true }}, clock.NewFake(start), "ci")
	s.mute = true
	if _, err := j.Acquire(t.Context(), "web", time.Minute); !errors.Is(err, errNoAnswer) {
		t.Fatalf("without an answer: %v", err)
	}
	s.mute, s.deaf = false, false
	lease, err := journal.New(s, clock.NewFake(start), "heir").Acquire(t.Context(), "web", time.Minute)
	must(t, err)
	must(t, lease.Release(t.Context()))
}

// afterPut does something after each write.
type afterPut struct {
	store.Store
	do func()
}

func (a afterPut) Put(ctx context.Context, key string, data []byte, cond store.Condition) (string, error) {
	defer a.do()
	return a.Store.Put(ctx, key, data, cond)
}
