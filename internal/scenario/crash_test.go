//go:build !windows

package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// crashed is a route and what of it counts.
type crashed struct {
	route string // as in a configuration
	// operation is the call that moves traffic, of service.
	service, operation string
}

// routers sets up one target of each router.
func routers(t *testing.T) map[string]crashed {
	t.Helper()
	const name = "crashed"
	world, balancer := targettest.New(t, name), targettest.NewBalancer(t, name)
	world.Release(2) // publishes version 2
	world.Alias("1")
	world.Weights(100, 0)
	return map[string]crashed{
		"route53": {fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record()), "route53", "ChangeResourceRecordSets"},
		"lambda_alias": {
			fmt.Sprintf(`lambda_alias = { function_name = %q, name = "live", blue = { version = "1" }, green = { version = "2" } }`, name), "lambda", "UpdateAlias",
		},
		"listener": {
			fmt.Sprintf(`listener = { arn = %q, blue = { target_group_arn = %q }, green = { target_group_arn = %q } }`, balancer.Rule, balancer.Blue, balancer.Green), "elasticloadbalancing", "ModifyRule",
		},
		"cloudfront_origin":  {fmt.Sprintf(`cloudfront_origin = { distribution_id = %q, blue = { origin_id = "blue" }, green = { origin_id = "green" } }`, distribution(t, name)), "cloudfront", "UpdateDistribution"},
		"cloudfront_kvs":     {fmt.Sprintf(`cloudfront_kvs = { kvs_arn = %q, key = "weights" }`, weightStore(t, name)), "cloudfront-keyvaluestore", "PutKey"},
		"api_gateway_canary": {fmt.Sprintf(`api_gateway_canary = { rest_api_id = %q, stage_name = "prod" }`, canary(t, name)), "apigateway", "UpdateStage"},
	}
}

func distribution(t *testing.T, name string) string {
	t.Helper()
	origin := func(id string) cftypes.Origin {
		return cftypes.Origin{Id: &id, DomainName: aws.String(id + ".test"), CustomOriginConfig: &cftypes.CustomOriginConfig{
			HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: cftypes.OriginProtocolPolicyHttpOnly,
		}}
	}
	made, err := cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: &cftypes.DistributionConfig{
		CallerReference: &name, Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins:              &cftypes.Origins{Quantity: aws.Int32(2), Items: []cftypes.Origin{origin("blue"), origin("green")}},
		DefaultCacheBehavior: &cftypes.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return *made.Distribution.Id
}

func weightStore(t *testing.T, name string) string {
	t.Helper()
	e := acctest.Emulator(t)
	made, err := cloudfront.NewFromConfig(e.AWSConfig()).CreateKeyValueStore(t.Context(), &cloudfront.CreateKeyValueStoreInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	keys := e.KeyValueStores()
	empty, err := keys.DescribeKeyValueStore(t.Context(), &kvs.DescribeKeyValueStoreInput{KvsARN: made.KeyValueStore.ARN})
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.PutKey(t.Context(), &kvs.PutKeyInput{KvsARN: made.KeyValueStore.ARN, Key: aws.String("weights"), Value: aws.String(`{"blue":100,"green":0}`), IfMatch: empty.ETag})
	if err != nil {
		t.Fatal(err)
	}
	return *made.KeyValueStore.ARN
}

func canary(t *testing.T, name string) string {
	t.Helper()
	ctx, client := t.Context(), apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig())
	made, err := client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	resources, err := client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: made.Id})
	if err != nil {
		t.Fatal(err)
	}
	root := resources.Items[0].Id
	_, methodErr := client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: made.Id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	_, integrationErr := client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: made.Id, ResourceId: root, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeMock})
	blue, blueErr := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id})
	green, greenErr := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id})
	if err := errors.Join(methodErr, integrationErr, blueErr, greenErr); err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateStage(ctx, &apigateway.CreateStageInput{
		RestApiId: made.Id, StageName: aws.String("prod"), DeploymentId: blue.Id, CanarySettings: &apitypes.CanarySettings{DeploymentId: green.Id, PercentTraffic: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.Id
}

// stack is a workspace with one switch.
type stack struct {
	*workspace.Workspace
	t *testing.T
	// key is the access key of its provider, and of nobody else: emulator.Fault's Caller.
	key string
	// settings are of the provider, and bucket that of its store: for configures.
	settings, bucket string
}

var stacks atomic.Int64

func newStack(t *testing.T, provider string, env ...string) *stack {
	t.Helper()
	s := &stack{t: t, key: fmt.Sprintf("AKIASTACK%011d", stacks.Add(1))}
	var err error
	s.Workspace, err = workspace.New(t.Context(), workspace.Options{
		Dir: t.TempDir(), Root: root, Env: append(append(acctest.Emulator(t).Env(), "AWS_ACCESS_KEY_ID="+s.key), env...), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH"), Provider: provider,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// switches writes the configuration of a switch over one route. The store is where every such stack finds it.
func (s *stack) switches(store, route, more string) {
	s.t.Helper()
	err := s.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  store = { local = { path = %q } }
}

variable "active" { type = string }

resource "reliability_blue_green_switch" "site" {
  active = var.active
  routes = { main = { %s } }
  %s
}
`, store, route, more))
	if err != nil {
		s.t.Fatal(err)
	}
}

// apply applies, and fails the test when it does not end as it should.
func (s *stack) apply(active string, exit int) string {
	s.t.Helper()
	ended, err := s.Apply(s.t.Context(), "-var=active="+active)
	if err != nil || ended.Exit != exit {
		s.t.Fatalf("apply of %s: exit %d, %v\n%s", active, ended.Exit, err, ended.Output)
	}
	return ended.Output
}

func (s *stack) plan(active string) string {
	s.t.Helper()
	ended, err := s.Plan(s.t.Context(), "-var=active="+active)
	if err != nil || ended.Exit != 0 {
		s.t.Fatalf("plan of %s: exit %d, %v\n%s", active, ended.Exit, err, ended.Output)
	}
	return ended.Output
}

// live is what the state says that each colour has.
func (s *stack) live() (live struct{ Blue, Green int }) {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.Dir, "terraform.tfstate"))
	if err != nil {
		s.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Instances []struct {
				Attributes struct{ Live json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &state); err != nil || len(state.Resources) != 1 {
		s.t.Fatalf("the state: %v\n%s", err, raw)
	}
	if err := json.Unmarshal(state.Resources[0].Instances[0].Attributes.Live, &live); err != nil {
		s.t.Fatal(err)
	}
	return live
}

// killed applies until the fault's call is made, and then kills Terraform and the provider at once, as a power cut does.
func (s *stack) killed(active string, fault emulator.Fault, late bool) {
	s.t.Helper()
	terraform := s.Command(s.t.Context(), "apply", "-auto-approve", "-input=false", "-no-color", "-var=active="+active)
	terraform.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the provider is in the same group
	var out bytes.Buffer
	terraform.Stdout, terraform.Stderr = &out, &out
	started := make(chan int, 1)
	kill := func(emulator.Call) {
		_ = syscall.Kill(-<-started, syscall.SIGKILL) // what came of it, the exit says
	}
	if fault.Times = 1; late {
		fault.HookLate = kill
	} else {
		fault.Hook, fault.Drop = kill, true
	}
	remove := acctest.Emulator(s.t).Inject(fault)
	defer remove()
	if err := terraform.Start(); err != nil {
		s.t.Fatal(err)
	}
	started <- terraform.Process.Pid
	err := terraform.Wait()
	s.Printed(out.String(), "apply, killed")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		s.t.Fatalf("it was not killed: %v\n%s", err, out.Bytes())
	}
	if err := os.Remove(filepath.Join(s.Dir, ".terraform.tfstate.lock.info")); err != nil { // what a killed Terraform leaves
		s.t.Fatal(err)
	}
}

// TestAccTheSwitchAndTheRealTerraform: what internal/proof shows of the engine at every call, with the real binaries at the
// decisive ones.
func TestAccTheSwitchAndTheRealTerraform(t *testing.T) {
	acctest.Emulator(t)
	provider := newStack(t, "").Provider // built once
	t.Run("power cut beside the call that moves traffic, of each router", func(t *testing.T) { powerCutInASwitch(t, provider) })
	t.Run("power cut in a revert", func(t *testing.T) { powerCutInARevert(t, provider) })
	t.Run("two applies at once", func(t *testing.T) { twoApplies(t, provider) })
}

// powerCutInASwitch: kill -9 of Terraform and the provider together, before the call that gives green its share gets to
// AWS, or after it took effect. The next plan says that a switch was interrupted, and the next apply ends at one colour with
// everything.
func powerCutInASwitch(t *testing.T, provider string) {
	t.Helper()
	s, store := newStack(t, provider), t.TempDir()
	initialised := false
	for name, router := range routers(t) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
				_ = os.Remove(filepath.Join(s.Dir, file)) // of the router before
			}
			s.switches(store, router.route, "")
			if !initialised {
				if err := s.Init(t.Context()); err != nil {
					t.Fatal(err)
				}
				initialised = true
			}
			s.apply("blue", 0)
			late := name != "listener" && name != "cloudfront_origin" // the others are killed before the call gets there
			s.killed("green", emulator.Fault{Service: router.service, Operation: router.operation}, late)
			if plan := s.plan("green"); !strings.Contains(plan, `"interrupted" -> "steady"`) {
				t.Errorf("the plan does not say that a switch was interrupted:\n%s", plan)
			}
			s.apply("green", 0)
			if live := s.live(); live.Green != 100 {
				t.Errorf("live is %+v", live)
			}
			if plan := s.plan("green"); !strings.Contains(plan, "No changes.") {
				t.Errorf("the second plan is not empty:\n%s", plan)
			}
		})
	}
}

// powerCutInARevert: green is broken, and power is cut when traffic is moved back, before the call gets to AWS.
// Green has a share that it should not have; applying blue takes it away.
func powerCutInARevert(t *testing.T, provider string) {
	t.Helper()
	world := targettest.New(t, "cut-revert")
	var asked atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(app.Close)
	s := newStack(t, provider)
	route := fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record())
	s.switches(t.TempDir(), route, fmt.Sprintf(`
  strategy    = { type = "canary", steps = [10], interval = "1m" }
  checks      = { app = { http = { url = %q } } }
  max_retries = 0`, app.URL))
	if err := s.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.apply("blue", 0)
	s.killed("green", emulator.Fault{Service: "route53", Operation: "ChangeResourceRecordSets", After: 1}, false)
	if plan := s.plan("blue"); !strings.Contains(plan, `"interrupted" -> "steady"`) || !strings.Contains(plan, "10 -> 0") {
		t.Errorf("the plan does not say what is live:\n%s", plan)
	}
	asked.Store(-100)
	s.apply("blue", 0)
	if live := s.live(); live.Blue != 100 {
		t.Errorf("live is %+v", live)
	}
}

// twoApplies: two workspaces switch one target. The second is told who holds it and until when, and moves
// nothing; the first goes on.
func twoApplies(t *testing.T, provider string) {
	t.Helper()
	world := targettest.New(t, "two-applies")
	first, second, store := newStack(t, provider), newStack(t, provider), t.TempDir()
	route := fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record())
	for _, s := range []*stack{first, second} {
		s.switches(store, route, "")
		if err := s.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.apply("blue", 0)
	}
	// The first one's call waits in the proxy until the second one has come to its end.
	moving, goOn := make(chan struct{}), make(chan struct{})
	remove := acctest.Emulator(t).Inject(emulator.Fault{
		Service: "route53", Operation: "ChangeResourceRecordSets", Resource: world.ZoneID, Times: 1,
		Hook: func(emulator.Call) { close(moving); <-goOn },
	})
	defer remove()
	type result struct {
		ended workspace.Result
		err   error
	}
	ended := make(chan result, 1)
	go func() { // ends with the apply
		out, err := first.Apply(context.WithoutCancel(t.Context()), "-var=active=green")
		ended <- result{out, err}
	}()
	select {
	case <-moving:
	case got := <-ended:
		t.Fatalf("the first apply ended early: %v\n%s", got.err, got.ended.Output)
	}
	out := second.apply("green", 1)
	for _, part := range []string{"held by", "process ", time.Now().UTC().Format("2006-01-02T")} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), part) {
			t.Errorf("the loser is not told %q:\n%s", part, out)
		}
	}
	close(goOn)
	if got := <-ended; got.err != nil || got.ended.Exit != 0 {
		t.Fatalf("the first apply: %v\n%s", got.err, got.ended.Output)
	}
	if live := first.live(); live.Green != 100 {
		t.Errorf("live is %+v", live)
	}
}
