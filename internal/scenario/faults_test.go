//go:build !windows

package scenario

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// trouble is what is wrong with AWS for as long as one apply lasts.
type trouble struct {
	name  string
	fault emulator.Fault
	// of what comes before the fault
	assumesRole bool // the provider asks STS for its credentials
	inBucket    bool // its store, and the state that drift looks at, lie in a bucket, and the fault is that one's
	// endures: the apply itself has to come to its end.
	endures bool
}

var troubles = []trouble{
	{name: "30 % of the calls are throttled", fault: emulator.Fault{Throttle: true, Rate: 0.3}, endures: true},
	{name: "each call takes 5 s", fault: emulator.Fault{Latency: 5 * time.Second}, endures: true},
	{name: "connections are reset", fault: emulator.Fault{Drop: true, Rate: 0.5}},
	{name: "connections are reset once the call is done", fault: emulator.Fault{DropLate: true, Rate: 0.5}},
	{name: "answers are cut off", fault: emulator.Fault{After: 1, Truncate: true}},
	{name: "the clock is refused", fault: emulator.Fault{Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"}},
	{name: "the credentials expire half-way", fault: emulator.Fault{After: 1, Status: http.StatusForbidden, Code: "ExpiredToken"}},
	{name: "STS is down", fault: emulator.Fault{Service: "sts", Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}, assumesRole: true},
	{name: "the store is down", fault: emulator.Fault{Service: "s3", Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}, inBucket: true},
}

// ordinaryTroubles are those that the ordinary tests have, a few of all: make proof has them all.
var ordinaryTroubles = map[string]string{"snapshot": "STS is down", "rollback": "answers are cut off", "switch": "the store is down"}

// TestAccFaults: each feature is applied by the real Terraform while something is wrong with AWS. Nothing panics, no half of anything is
// written, an apply that fails names a call that did, no call is tried more often than it may be, and when the trouble is
// over the next apply brings about what was meant.
func TestAccFaults(t *testing.T) {
	acctest.Emulator(t)
	provider := newStack(t, "").Provider // built once
	for _, feature := range []disturbed{aGate, aSnapshot, aRollback, aSwitch, aStagingSwitch, aDrift} {
		for i, what := range troubles {
			if !wholeProof && ordinaryTroubles[feature.name] != what.name {
				continue
			}
			if what.inBucket && feature.name == aStagingSwitch.name {
				continue // a switch's store is one, whatever its route
			}
			t.Run(feature.name+"/"+what.name, func(t *testing.T) {
				t.Parallel()
				var env []string
				if !what.endures {
					env = append(env, "AWS_MAX_ATTEMPTS=3") // what cannot succeed need not take long
				}
				s := newStack(t, provider, env...)
				what.fault.Seed = uint64(i + 1)
				s.troubled(t, feature, what)
			})
		}
	}
}

// troubled applies while there is trouble, and once more without.
func (s *stack) troubled(t *testing.T, feature disturbed, what trouble) {
	t.Helper()
	e := acctest.Emulator(t)
	settings := localStore(t)
	if what.inBucket {
		settings, s.bucket = bucketStore(t)
		what.fault.Resource = s.bucket
	}
	if what.assumesRole {
		settings += fmt.Sprintf("\n  assume_role = { role_arn = %q }", aRole(t))
	}
	s.begins(t, settings)
	holds := feature.prepare(t, s)
	spoiled := &spoiledCalls{}
	what.fault.Caller, what.fault.Hook = s.key, spoiled.add
	remove := e.Inject(what.fault)
	t.Cleanup(remove)
	ended, err := s.Apply(t.Context(), "-var=active=green")
	remove()
	if err != nil {
		t.Fatal(err)
	}
	operations := spoiled.operations()
	if len(operations) == 0 {
		t.Fatalf("nothing was wrong with any call:\n%s", ended.Output)
	}
	words := unboxed(ended.Output)
	for _, sign := range []string{"panic", "plugin did not respond", "always a bug", "stack trace"} {
		if strings.Contains(words, sign) {
			t.Errorf("the output says %q:\n%s", sign, ended.Output)
		}
	}
	named := slices.ContainsFunc(operations, func(operation string) bool { return strings.Contains(words, operation) })
	switch done := ended.Exit == 0 || strings.Contains(words, "The release was rolled back"); {
	case what.endures && !done:
		t.Errorf("it did not come to its end, exit %d:\n%s", ended.Exit, ended.Output)
	case !done && !named:
		t.Errorf("the error names none of %v:\n%s", operations, ended.Output)
	}
	if what.fault.Throttle {
		withinBudget(t, s.key)
	}
	s.soundState()
	s.wholeFiles()
	s.converges(feature, ended.Output)
	holds()
}

// aRole is one that may be assumed.
func aRole(t *testing.T) string {
	t.Helper()
	role, err := iam.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(acctest.Unique(t)), AssumeRolePolicyDocument: aws.String("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return *role.Role.Arn
}

// unboxed is what Terraform says, without the frames and line breaks that it puts in.
func unboxed(output string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " ")
}

// spoiledCalls are those that met the fault.
type spoiledCalls struct {
	mu  sync.Mutex
	all []string
}

func (s *spoiledCalls) add(call emulator.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, call.Operation)
}

func (s *spoiledCalls) operations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.all)))
}

// withinBudget: no call of a stack was tried more often in a row than one call may be.
func withinBudget(t *testing.T, key string) {
	t.Helper()
	tries := map[string]int{}
	for _, call := range acctest.Emulator(t).Calls() {
		if call.Caller != key {
			continue
		}
		name := call.Operation + " " + call.Resource + " " + call.Digest
		if call.Status < http.StatusBadRequest {
			tries[name] = 0
		} else if tries[name]++; tries[name] > awsapi.DefaultMaxAttempts {
			t.Errorf("%s was tried %d times in a row", name, tries[name])
		}
	}
}

// wholeFiles: whatever lies in a local store is whole.
func (s *stack) wholeFiles() {
	s.t.Helper()
	_, after, local := strings.Cut(s.settings, "local = { path = \"")
	if !local {
		return
	}
	folder, _, _ := strings.Cut(after, "\"")
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // in our own folder
		if err == nil && !json.Valid(content) {
			s.t.Errorf("%s is not whole:\n%s", path, content)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Error(err)
	}
}
