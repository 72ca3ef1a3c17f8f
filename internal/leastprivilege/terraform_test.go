package leastprivilege_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/leastprivilege"
)

// user is somebody who runs Terraform and may do what some documents give.
type user struct {
	*testing.T
	key     string
	granted []leastprivilege.Policy
	release func()
}

func newUser(t *testing.T, documents ...string) *user {
	t.Helper()
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
	u := &user{T: t, key: fmt.Sprintf("AKIAREAL%012d", callers.Add(1)), release: func() {}}
	for _, name := range documents {
		policy, ok := read[name]
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		u.granted = append(u.granted, policy)
	}
	u.may(u.granted)
	t.Cleanup(func() { u.release() })
	return u
}

func (u *user) may(policies []leastprivilege.Policy) {
	u.Helper()
	u.release()
	u.release = bind(u.T, acctest.Emulator(u.T), emulator.Caller{AccessKey: u.key}, policies...)
}

// loses is the moment at which one action is taken away.
func (u *user) loses(action string, then ...func()) func() {
	return func() {
		var less []leastprivilege.Policy
		for _, policy := range u.granted {
			less = append(less, policy.Without(action))
		}
		u.may(less)
		for _, do := range then {
			do()
		}
	}
}

// config is a configuration of theirs, with one store for all of it.
func (u *user) config(folder, blocks string) string {
	return provider(fmt.Sprintf("access_key = %q\n  secret_key = \"least\"\n  max_retries = 1\n", u.key), folder) + blocks
}

// TestAccTerraformUnderItsPolicies: one use of each feature by the real Terraform, which its documents suffice for, and which says the action
// that is taken away.
func TestAccTerraformUnderItsPolicies(t *testing.T) {
	for feature, steps := range map[string]func(t *testing.T, name string) []resource.TestStep{
		"gate": gated, "snapshot and rollback": undone, "switch": switched, "drift": looked,
	} {
		t.Run(feature, func(t *testing.T) {
			t.Parallel()
			acctest.Emulator(t)
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps(t, acctest.Unique(t))})
		})
	}
}

func missing(action string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(action) + `\b`)
}

func gated(t *testing.T, name string) []resource.TestStep {
	u, folder := newUser(t, "health/lambda"), t.TempDir()
	check := functionChecks(t, name)[1]
	gate := func(trigger string) string {
		return u.config(folder, fmt.Sprintf("resource \"reliability_health_gate\" \"web\" {\n  max_retries = 0\n  triggers = { release = %q }\n  checks = { app = { %s } }\n}\n", trigger, check))
	}
	return []resource.TestStep{
		{Config: gate("v1")},
		{PreConfig: u.loses("lambda:InvokeFunction"), Config: gate("v2"), ExpectError: missing("lambda:InvokeFunction")},
	}
}

func undone(t *testing.T, name string) []resource.TestStep {
	u, folder := newUser(t, "snapshot/ssm_parameter", "rollback/ssm_parameter"), t.TempDir()
	target := kind("ssm_parameter")(t, name)
	back := func(name string) string {
		return fmt.Sprintf("resource \"reliability_rollback\" %q {\n  snapshot_id = reliability_deployment_snapshot.web.id\n  on_complete = \"ok\"\n}\n", name)
	}
	taken := capture(name, target.Config)
	return []resource.TestStep{
		{Config: u.config(folder, taken)},
		{PreConfig: target.Breaks, Config: u.config(folder, taken+back("first"))},
		{PreConfig: u.loses("ssm:PutParameter", target.Breaks), Config: u.config(folder, taken+back("first")+back("second")), ExpectError: missing("ssm:PutParameter")},
	}
}

func switched(t *testing.T, name string) []resource.TestStep {
	u, folder := newUser(t, "switch/lambda_alias"), t.TempDir()
	route := versions(t, name)
	to := func(active string) string {
		return u.config(folder, fmt.Sprintf("resource \"reliability_blue_green_switch\" \"web\" {\n  active = %q\n  routes = { %s }\n}\n", active, route))
	}
	return []resource.TestStep{
		{Config: to("blue")},
		{Config: to("green")},
		{PreConfig: u.loses("lambda:UpdateAlias"), Config: to("blue"), ExpectError: missing("lambda:UpdateAlias")},
	}
}

func looked(t *testing.T, name string) []resource.TestStep {
	u, folder := newUser(t, "drift/sqs"), t.TempDir()
	queue := must[*sqs.CreateQueueOutput](t)(sqs.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(short(name))})).QueueUrl
	state, err := json.Marshal(map[string]any{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a", "outputs": map[string]any{}, "resources": []any{map[string]any{
		"mode": "managed", "type": "aws_sqs_queue", "name": "orders", "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
		"instances": []any{map[string]any{"schema_version": 0, "attributes": map[string]any{"id": *queue, "url": *queue, "name": short(name)}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "looked-at.tfstate")
	if err := os.WriteFile(path, state, 0o600); err != nil {
		t.Fatal(err)
	}
	config := u.config(folder, fmt.Sprintf("data \"reliability_drift\" \"live\" {\n  state = { path = %q }\n}\n", path))
	value := func(name string, want knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue("data.reliability_drift.live", tfjsonpath.New(name), want)}
	}
	return []resource.TestStep{
		{Config: config, ConfigStateChecks: value("unverified", knownvalue.Int64Exact(0))},
		{
			PreConfig: u.loses("sqs:GetQueueAttributes"), Config: config,
			ConfigStateChecks: value("unverified_resources", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"reason": knownvalue.StringRegexp(missing("sqs:GetQueueAttributes")),
			})})),
		},
	}
}
