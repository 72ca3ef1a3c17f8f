//go:build !windows

package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// wholeProof asks for all signals over all features, which takes minutes: it is for make proof.
var wholeProof = os.Getenv("RELIABILITY_PROOF") == "full"

// signal is a way in which an apply is ended from outside.
type signal struct {
	name string
	send func(t *testing.T, s *signalled)
}

// signalled is an apply that is under way, at the decisive moment.
type signalled struct {
	terraform *exec.Cmd
	providers []int // its processes: the one of the plan may not be gone yet when that of the apply is there
	out       *output
}

func (s *signalled) kill(t *testing.T, pid int, what syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, what); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("%s to %d: %v", what, pid, err)
	}
}

// interrupt sends one and waits until Terraform has said that it has it.
func (s *signalled) interrupt(t *testing.T, what syscall.Signal) {
	t.Helper()
	s.kill(t, s.terraform.Process.Pid, what)
	until(t, "Terraform notices "+what.String(), func() bool { return strings.Contains(s.out.String(), "Interrupt received") })
}

var signals = []signal{
	{"kill -9 of the provider", func(t *testing.T, s *signalled) {
		t.Helper()
		for _, provider := range s.providers {
			s.kill(t, provider, syscall.SIGKILL)
		}
	}},
	{"kill -9 of Terraform", func(t *testing.T, s *signalled) { t.Helper(); s.kill(t, s.terraform.Process.Pid, syscall.SIGKILL) }},
	{"SIGINT", func(t *testing.T, s *signalled) { t.Helper(); s.interrupt(t, syscall.SIGINT) }},
	{"SIGTERM", func(t *testing.T, s *signalled) { t.Helper(); s.interrupt(t, syscall.SIGTERM) }},
	{"a second SIGINT", func(t *testing.T, s *signalled) {
		t.Helper()
		s.interrupt(t, syscall.SIGINT)
		s.kill(t, s.terraform.Process.Pid, syscall.SIGINT)
	}},
}

// output is what a process says, readable meanwhile.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// moment is when the signal comes: what is under way then waits until it was sent.
type moment struct {
	come chan struct{}
	sent chan struct{}
	once sync.Once
}

func newMoment() *moment { return &moment{come: make(chan struct{}), sent: make(chan struct{})} }

// hold is called by what is under way.
func (m *moment) hold() {
	m.once.Do(func() {
		close(m.come)
		<-m.sent
	})
}

// signalled applies and sends the signal at the moment. It is not done when the apply came to its end before that.
func (s *stack) signalled(active string, m *moment, what signal) (out string, done bool) {
	s.t.Helper()
	got := &signalled{out: &output{}, terraform: s.Command(s.t.Context(), "apply", "-auto-approve", "-input=false", "-no-color", "-var=active="+active)}
	got.terraform.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	got.terraform.Stdout, got.terraform.Stderr = got.out, got.out
	if err := got.terraform.Start(); err != nil {
		s.t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- got.terraform.Wait() }() // ends with the apply
	select {
	case <-m.come:
	case err := <-over:
		close(m.sent)
		if err != nil {
			s.t.Fatalf("it ended before the moment came: %v\n%s", err, got.out)
		}
		return got.out.String(), false
	}
	got.providers = childrenOf(s.t, got.terraform.Process.Pid)
	what.send(s.t, got)
	close(m.sent)
	err := <-over
	s.Printed(got.out.String(), "apply, ended by a signal")
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
	}
	until(s.t, "the provider exits", func() bool { return !slices.ContainsFunc(got.providers, func(pid int) bool { return !ended(pid) }) })
	if err := os.Remove(filepath.Join(s.Dir, ".terraform.tfstate.lock.info")); err != nil && !errors.Is(err, os.ErrNotExist) { // what a killed Terraform leaves
		s.t.Fatal(err)
	}
	s.soundState()
	return got.out.String(), true
}

// childrenOf are the providers that a Terraform has started and that live.
func childrenOf(t *testing.T, parent int) (children []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(raw), ") ") // the name of a process may hold anything
		fields := strings.Fields(after)
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, pid)
	}
	if len(children) == 0 {
		t.Fatal("Terraform has no provider")
	}
	return children
}

// crashPoints are the features, and after which call, in which way, each is ended in the ordinary tests.
var crashPoints = []struct {
	disturbed
	ordinary map[string]int
}{
	{aGate, map[string]int{"SIGINT": 5}},
	{aSnapshot, map[string]int{"kill -9 of the provider": 4}},
	{aRollback, nil},
	{aSwitch, nil},
	{aStagingSwitch, nil},
}

// TestAccSignals: each feature is ended from outside after each of its calls to AWS, those to its store in S3 among them: the call
// has taken effect, and its answer never comes. Where the call changed something that is done in each way, elsewhere by
// a kill and by an interrupt. The state is sound, the next plan can be made, the next apply brings about what was meant,
// and then nothing is left to do. The ordinary tests try two of these, make proof all.
func TestAccSignals(t *testing.T) {
	acctest.Emulator(t)
	provider := newStack(t, "").Provider // built once
	for _, feature := range crashPoints {
		if len(feature.ordinary) == 0 && !wholeProof {
			continue
		}
		t.Run(feature.name, func(t *testing.T) {
			t.Parallel()
			points := func(int) []int { return nil }
			if wholeProof {
				points = newStack(t, provider).crashPoints(t, feature.disturbed)
			}
			for i, what := range signals {
				calls := points(i)
				if only := feature.ordinary[what.name]; only > 0 && !wholeProof {
					calls = []int{only}
				}
				if len(calls) == 0 {
					continue
				}
				t.Run(what.name, func(t *testing.T) {
					t.Parallel()
					s := newStack(t, provider)
					for _, after := range calls {
						t.Run(fmt.Sprintf("after call %d", after), func(t *testing.T) { s.crashes(t, feature.disturbed, what, after) })
					}
				})
			}
		})
	}
}

// crashPoints applies undisturbed, and returns after which calls each of the signals is sent.
func (s *stack) crashPoints(t *testing.T, feature disturbed) (of func(signal int) []int) {
	t.Helper()
	store, _ := bucketStore(t)
	s.begins(t, store)
	holds := feature.prepare(t, s)
	var calls []emulator.Call
	var mu sync.Mutex
	remove := acctest.Emulator(t).Inject(emulator.Fault{Caller: s.key, Hook: func(call emulator.Call) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call)
	}})
	undisturbed, err := s.Apply(t.Context(), "-var=active=green")
	remove()
	if err != nil || !slices.Contains(feature.exits, undisturbed.Exit) {
		t.Fatalf("undisturbed: exit %d, %v\n%s", undisturbed.Exit, err, undisturbed.Output)
	}
	holds()
	chosen := make([][]int, len(signals))
	for i, call := range calls {
		for j := range signals {
			kill := j < 2
			if call.Mutating || (kill && j == i%2) || (!kill && j == 2+i%3) {
				chosen[j] = append(chosen[j], i+1)
			}
		}
	}
	t.Logf("%d calls", len(calls))
	return func(signal int) []int { return chosen[signal] }
}

// crashes ends an apply after so many of its calls, if it makes as many.
func (s *stack) crashes(t *testing.T, feature disturbed, what signal, after int) {
	t.Helper()
	store, _ := bucketStore(t)
	s.begins(t, store)
	holds, m := feature.prepare(t, s), newMoment()
	var at emulator.Call
	t.Cleanup(acctest.Emulator(t).Inject(emulator.Fault{Caller: s.key, After: after - 1, Times: 1, HookLate: func(call emulator.Call) {
		at = call
		m.hold()
	}}))
	out, done := s.signalled("green", m, what)
	if !done {
		t.Logf("it made fewer than %d calls", after)
		holds()
		return
	}
	t.Logf("%s after %s of %s", what.name, at.Operation, at.Resource)
	if plan := s.plan("green"); strings.Contains(plan, "Error:") {
		t.Errorf("the plan after %s:\n%s", what.name, plan)
	}
	s.converges(feature, out)
	holds()
}
