package drift

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The plan is terraform plan -refresh-only of Terraform 1.11.4 with hashicorp/aws 5.100.0, after these were changed by hand:
// a port opened in aws_security_group.web, memory and a variable of fn["a"], a tag of aws_vpc.main, the trust of the role;
// aws_vpc.west was deleted. The groups whose standalone rules were created after them are in it too, and are no drift.
func TestFromPlan(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "refresh-only-plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	items, err := FromPlan(t.Context(), string(text), specs())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range items {
		paths := make([]string, 0, len(item.Changes))
		for _, change := range item.Changes {
			paths = append(paths, change.Path)
		}
		got = append(got, fmt.Sprintf("%s %s %s %v", item.Category, item.Kind, item.Address, paths))
	}
	want := []string{
		"critical changed aws_iam_role.fn [assume_role_policy assume_role_policy]",
		"critical changed aws_security_group.web [ingress]",
		"critical deleted aws_vpc.west []",
		`major changed aws_lambda_function.fn["a"] [memory_size environment.variables.TOKEN]`,
		"minor changed aws_vpc.main [tags.Team]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if items[0].Reason != "open to the whole world: anyone may now do sts:assumerole" {
		t.Errorf("%+v", items[0])
	}
	if !strings.Contains(items[1].Reason, "port 22 (SSH)") || items[1].ID == "" || items[1].Region != "us-east-1" || items[2].Region != "us-west-2" {
		t.Errorf("%+v", items[1])
	}
	shown, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"s3cr3t", "stolen"} {
		if strings.Contains(string(shown), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// Whoever works with OpenTofu has no terraform to type: what is to be typed is tofu's, whichever way the drift was found.
func TestCommandsAreThoseOfOpenTofu(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "refresh-only-plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	const unknown = `"resource_drift": [{"address":"x_thing.b","mode":"managed","type":"x_thing","provider_name":"registry.terraform.io/x/x","change":{"actions":["delete"],"before":{"id":"2"},"after":null}},`
	plan := strings.Replace(string(text), `"resource_drift": [`, unknown, 1)
	for host, program := range map[string]string{"registry.terraform.io": "terraform ", "registry.opentofu.org": "tofu "} {
		items, err := FromPlan(t.Context(), strings.ReplaceAll(plan, "registry.terraform.io", host), specs())
		if err != nil {
			t.Fatal(err)
		}
		if len(items) != 6 {
			t.Fatalf("%+v", items)
		}
		for _, item := range items {
			if !strings.HasPrefix(item.Remediation[0], program) || !strings.HasPrefix(item.Reconciliation[0], program) {
				t.Errorf("%s: %q, %q", host, item.Remediation, item.Reconciliation)
			}
		}
		state, err := ReadState(strings.NewReader(strings.ReplaceAll(string(golden(t)), "registry.terraform.io", host)), specs())
		if err != nil || state.OpenTofu != (program == "tofu ") {
			t.Errorf("%s: %v, %v", host, state.OpenTofu, err)
		}
		state, err = ReadState(strings.NewReader(`{"format_version":"1.0","values":{"root_module":{"child_modules":[{"resources":[
			{"address":"module.a.aws_vpc.b","mode":"managed","type":"aws_vpc","provider_name":"`+host+`/hashicorp/aws","values":{"id":"vpc-1"}}]}]}}}`), specs())
		if err != nil || len(state.Resources) != 1 || state.OpenTofu != (program == "tofu ") {
			t.Errorf("%s: %v, %v", host, state, err)
		}
	}
}

func TestFromPlanProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "empty", "plan": "not JSON", `{"format_version":"1.2","planned`: "in the middle", `{"version":4}`: "not the output", `[]`: "not the output",
		`{"format_version":"2.0","planned_values":{}}`: "version 2.0", `{"format_version":"1.0","values":{}}`: "only a plan",
	} {
		_, err := FromPlan(t.Context(), text, specs())
		var problem *PlanError
		if !errors.As(err, &problem) || !strings.Contains(problem.What, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFromPlanOfAnyProvider(t *testing.T) {
	t.Parallel()
	text := `{"format_version":"1.2","planned_values":{},"resource_drift":[
	 {"address":"x_thing.a","mode":"managed","type":"x_thing","change":{"actions":["update"],
	  "before":{"id":"1","size":5,"list":["a"],"none":null,"tags":{"A":"1","B":{"c":1}},"secret":"s3cr3t","last_modified":"x"},
	  "after":{"id":"1","size":6,"list":["a","b"],"none":"","tags":{"A":"2","B":{"c":1}},"secret":"stolen","last_modified":"y"},
	  "before_sensitive":{"secret":true},"after_sensitive":{"secret":true}}},
	 {"address":"x_thing.b","mode":"managed","type":"x_thing","change":{"actions":["delete"],"before":{"id":"2"},"after":null}},
	 {"address":"x_thing.moved","mode":"managed","type":"x_thing","change":{"actions":["no-op"],"before":{"id":"3"},"after":{"id":"3"}}},
	 {"address":"data.x_thing.c","mode":"data","type":"x_thing","change":{"actions":["update"],"before":{"id":"2"},"after":{"id":"3"}}}]}`
	items, err := FromPlan(t.Context(), text, specs())
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != 2 || items[0].Kind != Deleted || items[0].Category != Critical {
		t.Fatalf("%+v", items)
	}
	var got []string
	for _, change := range items[1].Changes {
		got = append(got, fmt.Sprintf("%s %s: %s -> %s", change.Category, change.Path, *change.Expected, *change.Actual))
	}
	want := []string{`major list: ["a"] -> ["a","b"]`, "major secret: " + Hidden + " -> " + Hidden, "major size: 5 -> 6", "minor tags.A: 1 -> 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
