package scenario

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	planted "github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// guarded is a site that lets nobody in without its secrets, and can be made to fail, telling what it was told.
type guarded struct {
	*httptest.Server
	unwell atomic.Bool
	let    atomic.Int64 // in, by both secrets
}

func newGuarded(t *testing.T, shown, hidden, answer string) *guarded {
	t.Helper()
	g := &guarded{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+shown || r.Header.Get("X-Token") != hidden:
			w.WriteHeader(http.StatusUnauthorized)
		case g.unwell.Load():
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintf(w, "no way with %s and %s: %s", shown, hidden, answer)
		default:
			g.let.Add(1)
			_, _ = fmt.Fprint(w, answer)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// TestAccNoSecretIsLeftBehindByASwitch: a switch that succeeds, one that goes back, saved plans, an import, the actions, a function and a
// destroy, over secrets in headers, functions, parameters and states. The harness looks through all that is printed, written and sent, and
// fails the package.
func TestAccNoSecretIsLeftBehindByASwitch(t *testing.T) {
	t.Parallel()
	e, house, name := acctest.Emulator(t), planted.House, acctest.Unique(t)
	shown, hidden := house.PlantToken(planted.Sensitive, "header of a switch"), house.PlantToken(planted.WriteOnly, "write-only header of a switch")
	site := newGuarded(t, shown, hidden, house.PlantToken(planted.Remote, "answer of a site"))
	world := targettest.New(t, name)
	world.Release(2)
	config := e.AWSConfig()
	_, functionErr := lambda.NewFromConfig(config).UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &name, Environment: environment(house.Plant(planted.Remote, "environment of a switched function")),
	})
	parameters := ssm.NewFromConfig(config)
	set := func(label string) error {
		_, err := parameters.PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: aws.String("/" + name), Value: aws.String(house.Plant(planted.Returned, label)), Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true),
		})
		return err
	}
	topic, topicErr := sns.NewFromConfig(config).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name})
	client := os.Getenv("TF_ACC_TERRAFORM_1_14_PATH")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: append(e.Env(), "TF_VAR_token="+hidden), Terraform: client})
	for _, err := range []error{functionErr, set("parameter before"), topicErr, err} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := switching(name, *topic.TopicArn, site.URL, shown)
	if client != "" {
		text += acting(name, site.URL, shown)
	}
	state := house.PlantToken(planted.Sensitive, "attribute of a state")
	for file, content := range map[string]string{"main.tf": text, "other.tfstate": stateOf(name, state), "plan.tfplan": planOf(name, state)} {
		if err := w.Write(file, content); err != nil {
			t.Fatal(err)
		}
	}
	run := func(exit int, args ...string) {
		t.Helper()
		if ended, err := w.Run(ctx, args...); err != nil || ended.Exit != exit {
			t.Fatalf("%s: %v, exit %d, not %d\n%s", strings.Join(args, " "), err, ended.Exit, exit, ended.Output)
		}
	}
	apply := func(exit int, args ...string) {
		t.Helper()
		run(exit, append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
	}
	run(0, "init", "-no-color")
	run(0, "plan", "-no-color", "-out=first.tfplan")
	run(0, "show", "-no-color", "first.tfplan")
	run(0, "show", "-json", "first.tfplan")
	run(0, "apply", "-no-color", "first.tfplan")
	apply(0, "-var=active=green")
	site.unwell.Store(true)
	apply(1, "-var=active=blue")
	site.unwell.Store(false)
	if alias, err := lambda.NewFromConfig(config).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &name, Name: aws.String("live")}); err != nil || *alias.FunctionVersion != "2" {
		t.Fatalf("the switch did not go back: %v, %+v", err, alias)
	}
	apply(0, "-var=active=green")
	if err := set("parameter after"); err != nil {
		t.Fatal(err)
	}
	if client != "" {
		for _, action := range []string{"reliability_health_check.site", "reliability_drift_publish.live", "reliability_rollback.by_hand"} {
			apply(0, "-var=active=green", "-invoke=action."+action)
		}
	}
	run(0, "state", "rm", "reliability_blue_green_switch.code")
	run(0, "import", "-no-color", "-var=active=green", "reliability_blue_green_switch.code", "code=lambda_alias,"+name+",live,1,2")
	run(0, "output", "-json")
	run(0, "destroy", "-no-color", "-auto-approve", "-refresh=false", "-var=active=green") // the release was rolled back
	if site.let.Load() < 3 {
		t.Errorf("the secrets were sent %d times", site.let.Load())
	}
	for _, report := range []string{"switch.json", "switch.html", "drift.sarif"} {
		if _, err := os.Stat(filepath.Join(w.Dir, "out", report)); err != nil {
			t.Error(err)
		}
	}
}

// stateOf is a state with a parameter whose value is sensitive.
func stateOf(name, value string) string {
	return fmt.Sprintf(`{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"a","outputs":{},"resources":[{"mode":"managed","type":"aws_ssm_parameter","name":"flag",
"provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{"schema_version":0,"attributes":{"id":"/%s","name":"/%s","type":"SecureString","value":%q},"sensitive_attributes":[[{"type":"get_attr","value":"value"}]]}]}]}`, name, name, value)
}

// planOf is a plan in which that value differs.
func planOf(name, value string) string {
	return fmt.Sprintf(`{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{},"resource_drift":[{"address":"aws_ssm_parameter.flag","mode":"managed","type":"aws_ssm_parameter","name":"flag",
"provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["update"],"before":{"name":"/%[1]s","value":%[2]q},"after":{"name":"/%[1]s","value":"%[2]s-changed"},
"after_unknown":{},"before_sensitive":{"value":true},"after_sensitive":{"value":true}}}]}`, name, value)
}

func switching(name, topic, site, shown string) string {
	return fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "active" { default = "blue" }

variable "token" { # a saved plan holds the configuration, and no ephemeral value
  type      = string
  ephemeral = true
}

provider "reliability" {
  s3_use_path_style = true
  store             = { local = { path = "store" } }
  metrics           = {}
  notify            = { sns_topic_arn = %[2]q }
}

resource "reliability_deployment_snapshot" "before" {
  name    = %[1]q
  release = "1"
  targets = {
    code = { lambda_alias = { function_name = %[1]q, name = "live" } }
    flag = { ssm_parameter = { name = "/%[1]s" } }
  }
}

resource "reliability_blue_green_switch" "code" {
  active      = var.active
  max_retries = 0
  strategy    = { type = "canary", steps = [10], interval = "1s" }
  checks = { site = { http = {
    url               = "%[3]s/health"
    sensitive_headers = { Authorization = "Bearer %[4]s" }
    headers_wo        = { "X-Token" = var.token }
    wo_version        = 1
  } } }
  routes = { code = { lambda_alias = { function_name = %[1]q, name = "live", blue = { version = "1" }, green = { version = "2" } } } }
  report = { json = "out/switch.json", html = "out/switch.html", junit = "out/switch.xml", markdown = "out/switch.md" }
}

data "reliability_drift" "live" {
  state  = { path = "other.tfstate" }
  report = { json = "out/drift.json", sarif = "out/drift.sarif" }
}

data "reliability_deployments" "all" {
  name       = %[1]q
  depends_on = [reliability_deployment_snapshot.before]
}

output "plan" { value = provider::reliability::drift_report(file("plan.tfplan")) }

output "deployments" { value = data.reliability_deployments.all }

output "live" { value = reliability_blue_green_switch.code.live }
`, name, topic, site, shown)
}

func acting(name, site, shown string) string {
	return fmt.Sprintf(`
action "reliability_health_check" "site" {
  config {
    checks = { site = { http = { url = "%[2]s/", sensitive_headers = { Authorization = sensitive("Bearer %[3]s") }, expect = { status = ["401"] } } } }
  }
}

action "reliability_drift_publish" "live" {
  config {
    report_json = data.reliability_drift.live.report_json
  }
}

action "reliability_rollback" "by_hand" {
  config {
    snapshot_id = reliability_deployment_snapshot.before.id
    reason      = "by hand"
    report      = { html = "out/rollback.html" }
  }
}
`, name, site, shown)
}
