package leastprivilege_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/leastprivilege"
)

func TestMain(m *testing.M) {
	cache, err := os.MkdirTemp("", "prices") // of an earlier run would spare the calls
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("XDG_CACHE_HOME", cache); err != nil {
		panic(err)
	}
	acctest.Main(m)
}

// write says that the documents are to be written from what the scenarios do (make policies), not compared with it.
var write = os.Getenv("RELIABILITY_POLICIES") == "write"

// scenario is a use of one sub-feature that makes every call that the sub-feature can make.
type scenario struct {
	policy string
	// prepare makes, with all rights, what the scenario needs, and returns one run of it, which can be repeated. access are lines of the
	// provider block: the credentials of a caller whom the policy binds.
	prepare func(t *testing.T, name, access string) func() *inprocess.Outcome
	// ends is what a run says although it may do everything, where it ends in an error.
	ends string
	// beside are policies that the caller has as well: the document holds only what comes to them.
	beside []string
	// spares are actions that a run goes on without, saying so, and what is lost, which the guide says too.
	spares map[string]string
	// unverified says that a run never fails for want of an action: what it could not read is unverified, which it says.
	unverified bool
	// silent are actions that a run goes on without and does not mention, and why it need not, which the guide says too.
	silent map[string]string
}

var callers atomic.Int64

// check runs a scenario under its policy, compares the policy with what the run needed, and then takes away one action after another: each
// time it is told which one is missing.
func (s scenario) check(t *testing.T) {
	e := acctest.Emulator(t)
	caller := emulator.Caller{AccessKey: fmt.Sprintf("AKIALEAST%011d", callers.Add(1))}
	run := s.prepare(t, acctest.Unique(t), fmt.Sprintf("access_key = %q\n  secret_key = \"least\"\n  max_retries = 1\n  s3_use_path_style = true\n", caller.AccessKey))
	documented, beside := s.read(t)
	if !write {
		release := bind(t, e, caller, append(beside, documented)...)
		defer release()
	}
	stop := e.Record(caller)
	outcome := run()
	needed := leastprivilege.Of(stop()).Less(beside...)
	if said := strings.Join(outcome.Errors, "\n"); (s.ends == "" && said != "") || (s.ends != "" && !regexp.MustCompile(s.ends).MatchString(said)) {
		t.Fatalf("under its policy: %s", said)
	}
	if write {
		s.write(t, needed)
		return
	}
	if !bytes.Equal(needed.JSON(), documented.JSON()) {
		t.Fatalf("it needs\n%s\nand examples/policies has\n%s\n(make policies writes it)", needed.JSON(), documented.JSON())
	}
	actions := documented.Actions()
	if os.Getenv("RELIABILITY_PROOF") != "full" { // one of them: all take minutes on two cores
		actions = actions[len(s.policy)%len(actions):][:1]
		if s.policy == "switch/cloudfront_staging" { // which once tried to go back for minutes
			actions = []string{"cloudfront:GetContinuousDeploymentPolicy"}
		}
	}
	for _, action := range actions {
		t.Run("without "+action, func(t *testing.T) {
			var less []leastprivilege.Policy // on other resources it may stand beside it, too
			for _, policy := range append(slices.Clone(beside), documented) {
				less = append(less, policy.Without(action))
			}
			release := bind(t, e, caller, less...)
			defer release()
			outcome := run()
			_, spared := s.spares[action]
			_, silent := s.silent[action]
			if !silent && !names(outcome.Said(), action) {
				t.Errorf("it does not say that %s is missing: %s", action, outcome.Said())
			}
			if s.ends == "" && outcome.Failed() == (spared || silent || s.unverified) {
				t.Errorf("without %s: failed %t, and it can be spared: %t", action, outcome.Failed(), spared || silent)
			}
		})
	}
}

func bind(t *testing.T, e *emulator.Emulator, caller emulator.Caller, policies ...leastprivilege.Policy) (release func()) {
	t.Helper()
	var documents [][]byte
	for _, policy := range policies {
		documents = append(documents, policy.Bound())
	}
	release, err := e.Bind(caller, documents...)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// names tells whether a text names an action, and not only one whose name begins like it.
func names(text, action string) bool {
	return regexp.MustCompile(regexp.QuoteMeta(action) + `\b`).MatchString(strings.Join(strings.Fields(text), " "))
}

func (s scenario) path(t *testing.T) string {
	t.Helper()
	folder, err := leastprivilege.Folder()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, filepath.FromSlash(s.policy)+".json")
}

// read returns the document, empty where there is none yet, and those beside which it stands.
func (s scenario) read(t *testing.T) (documented leastprivilege.Policy, beside []leastprivilege.Policy) {
	t.Helper()
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range s.beside {
		if _, ok := read[name]; !ok && !write {
			t.Fatalf("there is no %s", name)
		}
		beside = append(beside, read[name])
	}
	return read[s.policy], beside
}

func (s scenario) write(t *testing.T, policy leastprivilege.Policy) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(t)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(t), policy.JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAccLeastPrivilege is every scenario.
func TestAccLeastPrivilege(t *testing.T) {
	acctest.Emulator(t)
	for _, s := range slices.Concat(health(), releases(), rare(), objects(), switches(), told(), readers(), looks()) {
		t.Run(s.policy, func(t *testing.T) {
			if !write { // which another one would read half written
				t.Parallel()
			}
			s.check(t)
		})
	}
}

// provider is a provider block of a caller, with a store of its own.
func provider(access, folder string) string {
	return fmt.Sprintf("provider \"reliability\" {\n  %s\n  store = { local = { path = %q } }\n}\n", access, folder)
}
