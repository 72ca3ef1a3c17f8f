// Package pages plans every block of HCL that a reader may copy from the documentation and the examples, runs the pages that are
// followed step by step, and looks behind every link.
package pages

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// atOnce is how many of the tests that may run side by side do so: they wait for the waiters of hashicorp/aws most of the time.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	acctest.Main(m)
}

// appliedBy names the tests that bring a folder, with what is below it, to life, which is more than planning it.
var appliedBy = map[string]string{
	"examples/demo":                  "make demo, in .ci/run",
	"examples/modules/drift-monitor": "TestAccModuleDriftMonitor",
	"examples/modules/monitoring":    "TestAccModuleMonitoring",
	"examples/pipelines/infra":       "TestAccPipelineInfra",
	"examples/pipelines/rollback":    "TestAccPipelineInfra",
	"examples/pipelines/web":         "TestAccPipelineWeb",
}

func applied(u unit) bool {
	for folder := range appliedBy {
		if u.name == folder || strings.HasPrefix(u.name, folder+"/") && !strings.Contains(u.name, "#") {
			return true
		}
	}
	return false
}

const newerClient = "TF_ACC_TERRAFORM_1_14_PATH"

// TestAccEveryBlockIsPlanned: each unit is a module of a configuration that the real Terraform plans in an account in which the
// examples make sense; those that need hashicorp/aws, those that need actions, and all others have one configuration each.
func TestAccEveryBlockIsPlanned(t *testing.T) {
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	known := examples(t)
	var ours, beside, actions []unit
	for _, u := range append(known, blocks(t, known)...) {
		switch {
		case applied(u):
		case u.hasAction():
			actions = append(actions, u)
		case u.needsAWS():
			beside = append(beside, u)
		default:
			ours = append(ours, u)
		}
	}
	if len(ours) < 30 || len(beside) < 5 || len(actions) < 3 {
		t.Fatalf("only %d, %d and %d units were found", len(ours), len(beside), len(actions))
	}
	web := newInternet(t, e)
	p := &planner{world: newWorld(t), env: append(e.Env(), web.env...), given: values(web)}
	p.deployed(ctx)
	stable := os.Getenv("TF_ACC_TERRAFORM_PATH")
	t.Run("ours", func(t *testing.T) {
		t.Parallel()
		p.plan(ctx, t, ours, "", stable)
	})
	t.Run("beside hashicorp aws", func(t *testing.T) {
		t.Parallel()
		mirror := workspace.AWSMirror()
		if mirror == "" {
			t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
		}
		p.plan(ctx, t, beside, mirror, stable)
	})
	t.Run("actions", func(t *testing.T) {
		t.Parallel()
		client := os.Getenv(newerClient)
		if client == "" {
			t.Skipf("%s names no Terraform 1.14.1 or newer", newerClient)
		}
		p.plan(ctx, t, actions, "", client)
	})
}

// completed is what a fragment leaves to the reader, by the unit: what stands elsewhere on its page, or in every configuration.
var completed = map[string]string{
	"templates/guides/beside-hashicorp-aws.md.tmpl#1": `
variable "release" { default = "2.0.0" }
resource "reliability_health_gate" "shop" {
  checks = { page = { http = { url = "https://shop.example.com" } } }
}
`,
	"examples/modules/monitoring/README.md#1": `
resource "reliability_blue_green_switch" "www" {
  active = "blue"
  routes = {
    www = { lambda_alias = { function_name = "shop-api", name = "live", blue = { version = "7" }, green = { version = "8" } } }
  }
}
`,
	"templates/guides/zero-downtime.md.tmpl#1": `
variable "running" { default = ["blue", "green"] }
variable "subnet_ids" { default = ["subnet-0123456789abcdef0"] }
resource "reliability_blue_green_switch" "shop" {
  active = "blue"
  routes = {
    shop = { lambda_alias = { function_name = "shop-api", name = "live", blue = { version = "7" }, green = { version = "8" } } }
  }
}
`,
}

// values are the variables that units ask for, as HCL.
func values(web internet) map[string]string {
	given := map[string]string{}
	for name, value := range map[string]string{
		"release": "2.0.0", "change": "2.0.0", "name": "web", "colour": "green", "api_key": "s3cr3t", "orders_api_key": "s3cr3t", "database_password": "s3cr3t",
		"topic_arn": "arn:aws:sns:us-east-1:123456789012:deployments", "deployer_role_arn": "arn:aws:iam::123456789012:role/deploy",
		"function_role_arn": "arn:aws:iam::123456789012:role/shop-api", "guard_role_arn": "arn:aws:iam::123456789012:role/guard",
		"private_ca_pem": web.ca, "queue_ca_pem": web.ca, "database_ca_pem": web.ca,
		"plan_json": `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{},"resource_drift":[]}`,
		"zone_id":   "Z0123456789EXAMPLE", "distribution_id": "E1EXAMPLE2EXAM", "rest_api_id": "a1b2c3d4e5", "vpc_id": "vpc-0123456789abcdef0",
		"target_group_arn":  "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-green/0123456789abcdef",
		"load_balancer_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/0123456789abcdef",
	} {
		given[name] = fmt.Sprintf("%q", value)
	}
	given["package"] = `"${path.root}/orders.zip"`
	given["urls"] = `{ blue = "https://blue.shop.example", green = "https://green.shop.example" }`
	given["balancers"] = `{ blue = { dns_name = "blue.elb.amazonaws.com", zone_id = "Z35SXDOTRQ7X7K" }, green = { dns_name = "green.elb.amazonaws.com", zone_id = "Z35SXDOTRQ7X7K" } }`
	return given
}

// planner makes one configuration of many units, and plans it.
type planner struct {
	*world
	env      []string
	given    map[string]string
	provider string // the binary, once it is built
}

// deployed brings out two releases of "web" and "shop", so that both stores have a history that the examples can look at.
func (p *planner) deployed(ctx context.Context) {
	p.t.Helper()
	w, err := workspace.New(ctx, workspace.Options{Dir: p.t.TempDir(), Root: root, Env: p.env, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	p.must(err)
	p.provider = w.Provider
	p.must(w.Copy(filepath.Join("testdata", "history"), "*.tf"), w.Init(ctx))
	for _, release := range []string{"1.0.0", "1.1.0"} {
		ended, err := w.Apply(ctx, "-var=release="+release)
		if err != nil || ended.Exit != 0 {
			p.t.Fatalf("the history of deployments: %v, exit %d\n%s", err, ended.Exit, ended.Output)
		}
	}
}

// roots are the providers of the modules that configure none.
const roots = `terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
    %s
  }
}

provider "reliability" {
  s3_use_path_style = true
  store             = { s3 = { bucket = "shop-deployments" } }
}
`

// emulated is the provider block of hashicorp/aws against the emulator, whose address lies in the environment.
const emulated = `
provider "aws" {
  s3_use_path_style       = true
  skip_metadata_api_check = true
  skip_region_validation  = true
  max_retries             = 1
}
`

func (p *planner) plan(ctx context.Context, t *testing.T, units []unit, mirror, client string) {
	t.Helper()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: p.env, Mirror: mirror, Terraform: client, Provider: p.provider})
	p.must(err)
	main := fmt.Sprintf(roots, "")
	if mirror != "" {
		main = fmt.Sprintf(roots, `aws = { source = "hashicorp/aws" }`) + emulated
	}
	for _, u := range units {
		main += p.module(w, u)
	}
	p.must(w.Write("main.tf", p.named(main)))
	p.around(w.Dir)
	p.must(w.Init(ctx))
	ended, err := w.Plan(ctx)
	if err != nil || ended.Exit != 0 || !strings.Contains(ended.Output, "Plan: ") {
		t.Fatalf("plan: %v, exit %d\n%s", err, ended.Exit, ended.Output)
	}
}

// module lays a unit out and returns the block that calls it.
func (p *planner) module(w *workspace.Workspace, u unit) string {
	p.t.Helper()
	label := regexp.MustCompile(`\W+`).ReplaceAllString(u.name, "_")
	folder := filepath.Join(w.Dir, label)
	p.must(os.MkdirAll(folder, 0o750))
	if u.beside != "" {
		p.must(os.CopyFS(folder, os.DirFS(u.beside)))
	}
	if strings.Contains(u.text(), `"./modules/`) {
		p.must(os.CopyFS(filepath.Join(folder, "modules"), os.DirFS(filepath.Join(root, "examples", "modules"))))
	}
	files := maps.Clone(u.files)
	if more := completed[u.name]; more != "" {
		files["completed.tf"] = more
	}
	if !strings.Contains(u.text(), "required_providers") {
		files["required_providers.tf"] = "terraform {\n  required_providers {\n    reliability = { source = \"project3-ls/reliability\" }\n  }\n}\n"
	}
	if strings.Contains(u.text(), `provider "reliability"`) {
		files["emulated_override.tf"] = "provider \"reliability\" {\n  s3_use_path_style = true\n}\n"
	}
	for name, content := range files {
		p.must(w.Write(filepath.Join(label, name), p.named(content)))
	}
	block := fmt.Sprintf("\nmodule %q {\n  source = \"./%s\"\n", label, label)
	for _, name := range u.asksFor() {
		value, known := p.given[name]
		if !known {
			p.t.Errorf("%s: there is no value for the variable %s: add one to values", u.name, name)
		}
		block += fmt.Sprintf("  %s = %s\n", name, value)
	}
	return block + "}\n"
}
