package scenario

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestAccDriftWholeStack: a stack that hashicorp/aws has just made shows no drift; then everything that is compared is made to
// differ, one by one, in the state and in AWS, and exactly that is found.
func TestAccDriftWholeStack(t *testing.T) {
	e := acctest.Emulator(t)
	mirror := workspace.AWSMirror()
	if mirror == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Mirror: mirror, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(filepath.Join("testdata", "drift"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	pack(t, filepath.Join(w.Dir, "code.zip"), "v1")
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	run := func(what string, do func(context.Context, ...string) (workspace.Result, error), args ...string) {
		t.Helper()
		began := time.Now()
		ended, err := do(ctx, args...)
		if err != nil || ended.Exit != 0 {
			t.Fatalf("%s: %v, exit %d:\n%s", what, err, ended.Exit, ended.Output)
		}
		t.Logf("%s: %.0f s", what, time.Since(began).Seconds())
	}
	run("apply", w.Apply, "-parallelism=30")
	// The data source stops the plan at the slightest drift, and where anything was not read.
	run("a plan with data.reliability_drift", w.Plan, "-var=look=true", "-refresh=false")

	state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	look := &look{t: t, emulator: e, state: state}
	look.clean(notRead)
	t.Run("permissions", look.permissions)
	look.record("stack")
	look.cleanRecorded()
	look.asksOnce()
	t.Run("every attribute in the state", func(t *testing.T) { look.everyAttribute(t, 200, 45) })
	var hands []hand
	t.Run("changes by hand", func(t *testing.T) {
		readers := live.Readers(look.clients())
		state := look.read(readers)
		hands = slices.Concat(
			look.networkHands(state), look.computeHands(state), look.functionHands(), look.watchHands(state), look.edgeHands(state), look.identityHands(state), look.otherHands(state),
		)
		look.byHand(t, hands)
	})
	t.Run("both sources agree", func(t *testing.T) { look.bothSources(t, w, hands) })
}

// look compares one state with the emulator, over and over.
type look struct {
	t        *testing.T
	emulator *emulator.Emulator
	state    []byte
}

// read reads the state again; detecting changes nothing in it, and a test may.
func (l *look) read(readers []live.Reader) *drift.State {
	l.t.Helper()
	state, err := drift.ReadState(bytes.NewReader(l.state), drift.Specs(readers))
	if err != nil {
		l.t.Fatal(err)
	}
	return state
}

func (l *look) detect(readers []live.Reader, state *drift.State, types ...string) *drift.Result {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	clients := l.clients()
	result, err := drift.Detect(ctx, drift.Options{
		State: state, Readers: readers, Types: types, Parallelism: 8, Account: clients.AccountID, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Region: func(context.Context) (string, error) { return emulator.Region, nil },
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return result
}

func (l *look) clients() *awsapi.Clients {
	return awsapi.New(awsapi.Config{S3UsePathStyle: true}, "test")
}

// notRead are the types of the stack that no reader knows.
var notRead = []string{
	"aws_api_gateway_deployment", "aws_api_gateway_integration", "aws_api_gateway_method", "aws_api_gateway_resource", "aws_apigatewayv2_integration", "aws_eip", "aws_iam_group",
	"aws_iam_user",
}

// clean fails when anything differs, or was not read, but for the types that nobody reads.
func (l *look) clean(unread []string) {
	l.t.Helper()
	readers := live.Readers(l.clients())
	result := l.detect(readers, l.read(readers))
	for _, item := range result.Items {
		l.t.Errorf("a fresh stack differs: %s %s %+v", item.Kind, item.Address, item.Changes)
	}
	for _, resource := range result.Unverified {
		l.t.Errorf("%s was not read: %s", resource.Address, resource.Reason)
	}
	for kind := range result.Skipped {
		if !slices.Contains(unread, kind) {
			l.t.Errorf("%s has a reader and was skipped", kind)
		}
	}
	if result.Checked+len(unread) != result.Managed {
		l.t.Errorf("%d of %d were checked", result.Checked, result.Managed)
	}
	l.t.Logf("%d resources, %d calls, %d ms", result.Checked, result.Calls, result.Duration.Milliseconds())
}

// remembered is a reader that reads once, and then answers the same.
type remembered struct {
	live.Reader
	mu   *sync.Mutex // of seen, which all readers share
	seen map[live.Address]live.Outcome
}

func (r *remembered) Read(ctx context.Context, batch live.Batch) (map[live.Address]live.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.seen[batch.Resources[0].Address]; !ok {
		if err := r.read(ctx, batch); err != nil {
			return nil, err
		}
	}
	answer := map[live.Address]live.Outcome{} // of its own: the other readers go on writing to seen
	for _, resource := range batch.Resources {
		if outcome, ok := r.seen[resource.Address]; ok {
			answer[resource.Address] = outcome
		}
	}
	return answer, nil
}

// read asks the reader, and keeps what it hands over and what it answers. It must be called with the lock held.
func (r *remembered) read(ctx context.Context, batch live.Batch) error {
	var handed sync.Mutex
	batch.Done = func(address live.Address, outcome live.Outcome) {
		handed.Lock()
		defer handed.Unlock()
		r.seen[address] = outcome
	}
	outcomes, err := r.Reader.Read(ctx, batch)
	if err != nil {
		return err
	}
	maps.Copy(r.seen, outcomes)
	return nil
}
