//go:build !windows

package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
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
	provider  int // its process
	out       *output
}

func (s *signalled) kill(t *testing.T, pid int, what syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, what); err != nil {
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
	{"kill -9 of the provider", func(t *testing.T, s *signalled) { t.Helper(); s.kill(t, s.provider, syscall.SIGKILL) }},
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

// signalled applies and sends the signal at the moment.
func (s *stack) signalled(active string, m *moment, what signal) string {
	s.t.Helper()
	got := &signalled{out: &output{}, terraform: s.Command(s.t.Context(), "apply", "-auto-approve", "-input=false", "-no-color", "-var=active="+active)}
	got.terraform.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	got.terraform.Stdout, got.terraform.Stderr = got.out, got.out
	if err := got.terraform.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- got.terraform.Wait() }() // ends with the apply
	select {
	case <-m.come:
	case err := <-ended:
		close(m.sent)
		s.t.Fatalf("it ended before the moment came: %v\n%s", err, got.out)
	}
	got.provider = childOf(s.t, got.terraform.Process.Pid)
	what.send(s.t, got)
	close(m.sent)
	if err := <-ended; err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
	}
	until(s.t, "the provider exits", func() bool { return gone(got.provider) })
	if err := os.Remove(filepath.Join(s.Dir, ".terraform.tfstate.lock.info")); err != nil && !errors.Is(err, os.ErrNotExist) { // what a killed Terraform leaves
		s.t.Fatal(err)
	}
	// An empty file is the lock of a Terraform that was killed before it wrote its first state.
	if raw, err := os.ReadFile(filepath.Join(s.Dir, "terraform.tfstate")); err == nil && len(raw) > 0 && !json.Valid(raw) {
		s.t.Fatalf("the state is not sound:\n%s", raw)
	}
	return got.out.String()
}

// gone is ended, for a process that is not our child.
func gone(pid int) bool { return ended(pid) }

// childOf is the provider that a Terraform has started.
func childOf(t *testing.T, parent int) int {
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
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("Terraform has no provider")
	return 0
}

// signalledFeature is a feature that is in the middle of its work when the signal comes.
type signalledFeature struct {
	name string
	// prepare writes the configuration, and returns what has to hold once the next apply has ended. exits are those that it
	// may end with: a rollback that was done ends red.
	prepare func(t *testing.T, s *stack, m *moment) (holds func())
	exits   []int
}

// held lets a call wait for the moment.
func held(t *testing.T, m *moment, fault emulator.Fault) {
	t.Helper()
	fault.Times, fault.Hook = 1, func(emulator.Call) { m.hold() }
	t.Cleanup(acctest.Emulator(t).Inject(fault))
}

var signalledFeatures = []signalledFeature{
	{name: "gate", prepare: prepareGate, exits: []int{0}},
	{name: "snapshot", prepare: prepareSnapshot, exits: []int{0}},
	{name: "rollback", prepare: prepareRollback, exits: []int{0, 1}},
	{name: "switch", prepare: prepareSwitch, exits: []int{0}},
	{name: "switch of a staging distribution", prepare: prepareStagingSwitch, exits: []int{0}},
}

func prepareGate(t *testing.T, s *stack, m *moment) (holds func()) {
	t.Helper()
	var well atomic.Bool
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		m.hold()
		if !well.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(app.Close)
	s.rollsBack(filepath.Join(t.TempDir(), "store"), fmt.Sprintf("resource \"reliability_health_gate\" \"web\" {\n  checks      = { app = { http = { url = %q } } }\n  max_retries = 100\n  retry_delay = \"2s\"\n}\n", app.URL))
	go func() { <-m.sent; well.Store(true) }() // what died, died; the next one finds it well
	return func() {}
}

func prepareSnapshot(t *testing.T, s *stack, m *moment) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	s.rollsBack(filepath.Join(t.TempDir(), "store"), fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v2\"\n  %s\n}\n", world.Name, world.Targets()))
	held(t, m, emulator.Fault{Service: "s3", Operation: "ListObjectVersions", Resource: world.Name})
	return func() {}
}

func prepareRollback(t *testing.T, s *stack, m *moment) (holds func()) {
	t.Helper()
	world, folder := targettest.New(t, acctest.Unique(t)), filepath.Join(t.TempDir(), "store")
	s.rollsBack(folder, fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v2\"\n  %s\n}\n", world.Name, world.Targets()))
	s.apply("green", 0)
	world.Release(2)
	s.rollsBack(folder, fmt.Sprintf("resource \"reliability_rollback\" \"web\" {\n  snapshot_id = \"%s/open\"\n  reason      = \"signalled\"\n}\n"+
		"removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n", world.Name))
	held(t, m, emulator.Fault{Service: "lambda", Operation: "UpdateAlias", Resource: world.Name})
	return func() {
		if live := world.Live(); live != "alias 1, index one, blue 100 green 0, new true" {
			t.Errorf("live: %s", live)
		}
	}
}

func prepareSwitch(t *testing.T, s *stack, m *moment) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	s.switches(t.TempDir(), fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record()), "")
	s.apply("blue", 0)
	held(t, m, emulator.Fault{Service: "route53", Operation: "ChangeResourceRecordSets", Resource: world.ZoneID})
	return func() { s.wantGreen() }
}

func prepareStagingSwitch(t *testing.T, s *stack, m *moment) (holds func()) {
	t.Helper()
	primary, name := distribution(t, acctest.Unique(t)), acctest.Unique(t)
	ctx, client := t.Context(), cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig())
	got, err := client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &primary})
	if err != nil {
		t.Fatal(err)
	}
	staging, err := client.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{PrimaryDistributionId: &primary, CallerReference: aws.String(name + "-staging"), Staging: aws.Bool(true), IfMatch: got.ETag})
	if err != nil {
		t.Fatal(err)
	}
	config := staging.Distribution.DistributionConfig
	config.DefaultCacheBehavior.TargetOriginId = aws.String("green")
	if _, err := client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: staging.Distribution.Id, IfMatch: staging.ETag, DistributionConfig: config}); err != nil {
		t.Fatal(err)
	}
	s.switches(t.TempDir(), fmt.Sprintf("cloudfront_staging = { distribution_id = %q, staging_distribution_id = %q }", primary, *staging.Distribution.Id), "")
	s.apply("blue", 0)
	held(t, m, emulator.Fault{Service: "cloudfront", Mutating: true})
	return func() { s.wantGreen() }
}

func (s *stack) wantGreen() {
	s.t.Helper()
	if live := s.live(); live.Green != 100 || live.Blue != 0 {
		s.t.Errorf("live is %+v", live)
	}
}

// TestAccSignals: each feature is ended from outside in the middle of its work, in each way. The state is sound, the next plan
// can be made, the next apply brings about what was meant, and then nothing is left to do. Two of them run in the ordinary
// tests, all in make proof.
func TestAccSignals(t *testing.T) {
	acctest.Emulator(t)
	provider := newStack(t, "").Provider // built once
	for i, feature := range signalledFeatures {
		ordinary := map[int]int{0: 2, 1: 0}
		if _, some := ordinary[i]; !some && !wholeProof {
			continue
		}
		t.Run(feature.name, func(t *testing.T) {
			s := newStack(t, provider)
			initialised := false
			for j, what := range signals {
				if j != ordinary[i] && !wholeProof {
					continue
				}
				t.Run(what.name, func(t *testing.T) {
					s.t = t
					for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
						_ = os.Remove(filepath.Join(s.Dir, file)) // of the signal before
					}
					if !initialised { // the configuration is not there yet, but what it needs is known
						s.rollsBack(t.TempDir(), "")
						if err := s.Init(t.Context()); err != nil {
							t.Fatal(err)
						}
						initialised = true
					}
					m := newMoment()
					holds := feature.prepare(t, s, m)
					out := s.signalled("green", m, what)
					if plan := s.plan("green"); strings.Contains(plan, "Error:") {
						t.Errorf("the plan after %s:\n%s", what.name, plan)
					}
					s.converges(feature, out)
					holds()
				})
			}
		})
	}
}

// converges applies once more, and then nothing is left to do. A rollback that was done ends red once.
func (s *stack) converges(feature signalledFeature, before string) {
	s.t.Helper()
	next, err := s.Apply(s.t.Context(), "-var=active=green")
	allowed := false
	for _, exit := range feature.exits {
		allowed = allowed || next.Exit == exit
	}
	if err != nil || !allowed {
		s.t.Fatalf("the next apply: exit %d, %v\n%s\nafter\n%s", next.Exit, err, next.Output, before)
	}
	if next.Exit != 0 {
		if !strings.Contains(next.Output, "The release was rolled back") {
			s.t.Errorf("the next apply:\n%s", next.Output)
		}
		s.apply("green", 0)
	}
	if plan := s.plan("green"); !strings.Contains(plan, "No changes.") {
		s.t.Errorf("the second plan is not empty:\n%s", plan)
	}
}

// TestAccTenAppliesAtOnce: ten processes, over one target and over ten. Over one, nine are told who holds it, and move
// nothing; over ten, all come to their end. It is a part of make proof.
func TestAccTenAppliesAtOnce(t *testing.T) {
	acctest.Emulator(t)
	if !wholeProof {
		t.Skip("ten times Terraform; RELIABILITY_PROOF=full runs it")
	}
	provider := newStack(t, "").Provider
	world, store := targettest.New(t, "ten-at-once"), t.TempDir()
	record := func(world *targettest.World) string {
		return fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record())
	}
	var stacks []*stack
	for range 10 {
		s := newStack(t, provider)
		s.switches(store, record(world), "")
		if err := s.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.apply("blue", 0)
		stacks = append(stacks, s)
	}
	t.Run("over one target", func(t *testing.T) {
		moving, goOn := make(chan struct{}), make(chan struct{})
		remove := acctest.Emulator(t).Inject(emulator.Fault{
			Service: "route53", Operation: "ChangeResourceRecordSets", Resource: world.ZoneID, Times: 1, Hook: func(emulator.Call) { close(moving); <-goOn },
		})
		defer remove()
		exits := applyAll(t, stacks[:1], func() {
			until(t, "the first moves something", func() bool {
				select {
				case <-moving:
					return true
				default:
					return false
				}
			})
			for _, told := range applyAll(t, stacks[1:], nil) {
				if told.Exit != 1 || !strings.Contains(strings.Join(strings.Fields(told.Output), " "), "held by") {
					t.Errorf("another apply: exit %d\n%s", told.Exit, told.Output)
				}
			}
			close(goOn)
		})
		if exits[0].Exit != 0 {
			t.Errorf("the first: exit %d\n%s", exits[0].Exit, exits[0].Output)
		}
		stacks[0].t = t
		stacks[0].wantGreen()
	})
	t.Run("over ten targets", func(t *testing.T) {
		for i, s := range stacks {
			s.t = t
			_ = os.Remove(filepath.Join(s.Dir, "terraform.tfstate")) // of the one target
			s.switches(store, record(targettest.New(t, fmt.Sprintf("ten-at-once-%d", i))), "")
		}
		for i, ended := range applyAll(t, stacks, nil) {
			if ended.Exit != 0 {
				t.Errorf("apply %d: exit %d\n%s", i, ended.Exit, ended.Output)
			}
			stacks[i].wantGreen()
		}
	})
}

// applyAll applies green in all stacks at once, and meanwhile does something else.
func applyAll(t *testing.T, stacks []*stack, meanwhile func()) []workspace.Result {
	t.Helper()
	results := make([]workspace.Result, len(stacks))
	var all sync.WaitGroup
	for i, s := range stacks {
		all.Go(func() {
			ended, err := s.Apply(t.Context(), "-var=active=green")
			if err != nil {
				t.Error(err)
			}
			results[i] = ended
		})
	}
	if meanwhile != nil {
		meanwhile()
	}
	all.Wait()
	return results
}
