//go:build !windows

package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// disturbed is a feature whose apply is disturbed: by a signal, or by a fault of AWS.
type disturbed struct {
	name string
	// prepare brings about what is there before and writes the configuration that is then applied. holds is what is so once the
	// apply after the disturbed one has ended.
	prepare func(t *testing.T, s *stack) (holds func())
	// exits are those with which that apply may end: a rollback that was done ends red.
	exits []int
}

var (
	aGate          = disturbed{name: "gate", prepare: prepareGate, exits: []int{0}}
	aSnapshot      = disturbed{name: "snapshot", prepare: prepareSnapshot, exits: []int{0}}
	aRollback      = disturbed{name: "rollback", prepare: prepareRollback, exits: []int{0, 1}}
	aSwitch        = disturbed{name: "switch", prepare: prepareSwitch, exits: []int{0}}
	aStagingSwitch = disturbed{name: "switch of a staging distribution", prepare: prepareStagingSwitch, exits: []int{0}}
	aDrift         = disturbed{name: "drift", prepare: prepareDrift, exits: []int{0}}
)

// localStore is a provider's store, for settings.
func localStore(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("store = { local = { path = %q } }", filepath.Join(t.TempDir(), "store"))
}

// bucketStore is one in S3: each of its reads and writes is a call to AWS as well.
func bucketStore(t *testing.T) (setting, bucket string) {
	t.Helper()
	bucket = acctest.Unique(t)
	client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("store = { s3 = { bucket = %q } }", bucket), bucket
}

// configures writes a configuration of these resources, under the stack's settings of the provider.
func (s *stack) configures(resources string) {
	s.t.Helper()
	err := s.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  s3_use_path_style = true
  metrics           = { namespace = "Custom/Disturbed" }
  %s
}

variable "active" { # of every stack
  type    = string
  default = ""
}

%s
`, s.settings, resources))
	if err != nil {
		s.t.Fatal(err)
	}
}

// begins forgets what was before, and installs the provider the first time.
func (s *stack) begins(t *testing.T, settings string) {
	t.Helper()
	s.t, s.settings = t, settings
	for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.Remove(filepath.Join(s.Dir, file)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.Dir, ".terraform")); err == nil {
		return
	}
	s.configures("")
	if err := s.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// soundState: what an apply leaves behind can be read. An empty file is the lock of a Terraform that was killed before it wrote
// its first state.
func (s *stack) soundState() {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.Dir, "terraform.tfstate"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	if len(raw) > 0 && !json.Valid(raw) {
		s.t.Fatalf("the state is not sound:\n%s", raw)
	}
}

// converges applies once more, and then nothing is left to do. A rollback that was done ends red once.
func (s *stack) converges(feature disturbed, before string) {
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
			s.t.Errorf("the next apply:\n%s\nafter\n%s", next.Output, before)
		}
		s.apply("green", 0)
	}
	if plan := s.plan("green"); !strings.Contains(plan, "No changes.") {
		s.t.Errorf("the second plan is not empty:\n%s", plan)
	}
}

func snapshotOf(world *targettest.World) string {
	return fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v2\"\n  %s\n}\n", world.Name, world.Targets())
}

func prepareGate(t *testing.T, s *stack) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	s.configures(snapshotOf(world))
	s.apply("green", 0)
	s.configures(snapshotOf(world) + fmt.Sprintf(`resource "reliability_health_gate" "web" {
  deployment_id = reliability_deployment_snapshot.web.id
  checks        = { page = { s3_object = { bucket = %q, key = "index.html" } } }
  max_retries   = 2
  retry_delay   = "1s"
}

data "reliability_deployment" "web" {
  name   = %q
  select = "last_good"
  depends_on = [reliability_health_gate.web]
}
`, world.Name, world.Name))
	return func() {}
}

func prepareSnapshot(t *testing.T, s *stack) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	s.configures(snapshotOf(world))
	return func() {}
}

func prepareRollback(t *testing.T, s *stack) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	s.configures(snapshotOf(world))
	s.apply("green", 0)
	world.Release(2)
	s.configures(fmt.Sprintf("resource \"reliability_rollback\" \"web\" {\n  snapshot_id = \"%s/open\"\n  reason      = \"disturbed\"\n}\n"+
		"removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n", world.Name))
	return func() {
		t.Helper()
		if live := world.Live(); live != "alias 1, index one, blue 100 green 0, new true" {
			t.Errorf("live: %s", live)
		}
	}
}

// switchOver is a switch over one route.
func switchOver(route string) string {
	return fmt.Sprintf("resource \"reliability_blue_green_switch\" \"site\" {\n  active = var.active\n  routes = { main = { %s } }\n}\n", route)
}

// recordOf is a route over a world's records.
func recordOf(world *targettest.World) string {
	return fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record())
}

func prepareSwitch(t *testing.T, s *stack) (holds func()) {
	t.Helper()
	s.configures(switchOver(recordOf(targettest.New(t, acctest.Unique(t)))))
	s.apply("blue", 0)
	return s.wantGreen
}

func prepareStagingSwitch(t *testing.T, s *stack) (holds func()) {
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
	s.configures(switchOver(fmt.Sprintf("cloudfront_staging = { distribution_id = %q, staging_distribution_id = %q }", primary, *staging.Distribution.Id)))
	s.apply("blue", 0)
	return s.wantGreen
}

func (s *stack) wantGreen() {
	s.t.Helper()
	if live := s.live(); live.Green != 100 || live.Blue != 0 {
		s.t.Errorf("live is %+v", live)
	}
}

// prepareDrift looks for the drift of an alias and a bucket, whose state lies in the store's bucket where there is one.
func prepareDrift(t *testing.T, s *stack) (holds func()) {
	t.Helper()
	world := targettest.New(t, acctest.Unique(t))
	state := fmt.Sprintf(`{
  "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "disturbed", "outputs": {}, "check_results": null,
  "resources": [
    {"mode": "managed", "type": "aws_lambda_alias", "name": "live", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
     "instances": [{"schema_version": 0, "sensitive_attributes": [], "attributes": {
       "id": "arn:aws:lambda:us-east-1:123456789012:function:%[1]s:live", "arn": "arn:aws:lambda:us-east-1:123456789012:function:%[1]s:live",
       "function_name": "%[1]s", "function_version": "1", "name": "live", "description": ""}}]},
    {"mode": "managed", "type": "aws_s3_bucket", "name": "site", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
     "instances": [{"schema_version": 0, "sensitive_attributes": [], "attributes": {
       "id": "%[1]s", "bucket": "%[1]s", "arn": "arn:aws:s3:::%[1]s", "region": "us-east-1"}}]}
  ]
}`, world.Name)
	source := "path = \"looked-at.json\""
	if s.bucket != "" {
		client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: aws.String("looked-at.json"), Body: strings.NewReader(state)}); err != nil {
			t.Fatal(err)
		}
		source = fmt.Sprintf("s3 = { bucket = %q, key = \"looked-at.json\", region = \"us-east-1\" }", s.bucket)
	} else if err := s.Write("looked-at.json", state); err != nil {
		t.Fatal(err)
	}
	s.configures(fmt.Sprintf(`data "reliability_drift" "all" {
  state   = { %s }
  fail_on = "critical"
}

output "found" {
  value = {
    total      = data.reliability_drift.all.total
    unverified = data.reliability_drift.all.unverified
    checked    = data.reliability_drift.all.checked
  }
}
`, source))
	return func() {
		t.Helper()
		out, err := s.Run(t.Context(), "output", "-json", "found")
		if err != nil || strings.Join(strings.Fields(out.Output), "") != `{"checked":2,"total":0,"unverified":0}` {
			t.Errorf("found: %v\n%s", err, out.Output)
		}
	}
}
