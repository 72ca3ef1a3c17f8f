package drift_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func TestAccBadState(t *testing.T) {
	e := acctest.Emulator(t)
	whole, err := os.ReadFile(filepath.Join("..", "..", "engine", "drift", "testdata", "aws-5.100.0.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var steps []resource.TestStep
	for i, c := range []struct{ content, want string }{
		{"resource \"aws_vpc\" \"main\" {}", `not\s+JSON`},
		{`{"version": 3, "modules": []}`, `format\s+version\s+3`},
		{`{"version": 5}`, `format\s+version\s+5.*upgrade\s+this\s+provider`},
		{string(whole[:len(whole)/2]), `ends\s+in\s+the\s+middle`},
		{"", `is\s+empty`},
		{`{"serial":1,"lineage":"x","meta":{},"encrypted_data":"AAAA","encryption_version":"v0"}`, `encrypted.*tofu\s+state\s+pull`},
		{`{"format_version":"1.0","planned_values":{}}`, `for\s+a\s+plan.*drift_report`},
		{"PK\x03\x04", `saved\s+plan`},
		{`["no state"]`, `not\s+a\s+Terraform\s+state`},
	} {
		name := filepath.Join(folder, fmt.Sprintf("%d.tfstate", i))
		if err := os.WriteFile(name, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, resource.TestStep{Config: config(t, name, ""), ExpectError: regexp.MustCompile(`(?s)state\s+=\s+\{ path.*` + c.want + `.*Attribute: state\.path`)})
	}
	steps = append(steps, resource.TestStep{Config: config(t, filepath.Join(folder, "none.tfstate"), ""), ExpectError: regexp.MustCompile(`(?s)State file cannot be read.*state\s+=\s+\{ path.*terraform\s+state\s+pull`)})
	e.ResetCalls()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
	if calls := e.Calls(); len(calls) != 0 {
		t.Errorf("AWS was asked for a state that cannot be used: %+v", calls)
	}
}

func TestAccBadArguments(t *testing.T) {
	acctest.Emulator(t)
	good := `{"version":4,"serial":1,"lineage":"x","resources":[]}`
	path := filepath.Join(t.TempDir(), "s.tfstate")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	var steps []resource.TestStep
	for _, c := range []struct{ more, want string }{
		{`types = ["aws_nonsense"]`, `(?s)Type cannot be read.*types\s+=.*aws_lambda_function`},
		{`types = ["aws_security_group_rule"]`, `(?s)compared with its owner.*aws_security_group`},
		{`types = [null]`, `(?s)types.*[Nn]ull`},
		{`fail_on = "everything"`, `fail_on`},
		{`parallelism = 0`, `parallelism`},
		{`ignore = [{ reason = "all" }]`, `Ignore entry covers everything`},
		{`ignore = [{ type = "aws_vpc", reason = "x", expires = "soon" }]`, `(?s)Expiry is not a date.*2030-12-31`},
		{`ignore = [{ type = "aws_vpc" }]`, `reason`},
		{`rules = [{ type = "aws_vpc", category = "terrible" }]`, `category`},
		{`source = "refresh"`, `(?s)A refresh needs a working directory.*working_dir`},
		{`unmanaged = ["aws_security_group_rule"]`, `(?s)Type cannot be listed.*aws_vpc`},
		{`timeout = "soon"`, `timeout`},
		{`accounts = [{ account_id = "12", role_arn = "arn:aws:iam::123456789012:role/r" }]`, `12 digits`},
		{`accounts = [for r in ["a", "b"] : { account_id = "123456789012", role_arn = "arn:aws:iam::123456789012:role/${r}" }]`, `(?s)Account is named twice`},
		{`report = { json = "/dev/null/report.json" }`, `(?s)Report could not be written`},
	} {
		steps = append(steps, resource.TestStep{Config: config(t, path, c.more), ExpectError: regexp.MustCompile(c.want)})
	}
	both := strings.Replace(config(t, path, ""), "state = { path", "state = { json = \"{}\", path", 1)
	neither := regexp.MustCompile(`state = \{ path = .* \}`).ReplaceAllString(config(t, path, ""), "state = {}")
	steps = append(steps,
		resource.TestStep{Config: both, ExpectError: regexp.MustCompile(`state\s+sets\s+path\s+and\s+json\s+at\s+once`)},
		resource.TestStep{Config: neither, ExpectError: regexp.MustCompile(`state\s+sets\s+none\s+of\s+path,`)})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
}

// The state may be known at apply only, and what it holds is not saved a second time.
func TestAccStateFromJSON(t *testing.T) {
	s := newStack(t, "json")
	report := filepath.Join(t.TempDir(), "report.json")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "terraform_data" "state" { input = file(%q) }

data "reliability_drift" "test" {
  state       = { json = terraform_data.state.output }
  types       = ["aws_vpc", "aws_lambda*"]
  fail_on     = "minor"
  parallelism = 1
  report      = { json = %q }
}
`, s.file(), report),
			ConfigStateChecks: []statecheck.StateCheck{
				expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(2)),
				expect("skipped", knownvalue.MapPartial(map[string]knownvalue.Check{"aws_db_instance": knownvalue.ObjectPartial(map[string]knownvalue.Check{"count": knownvalue.Int64Exact(1)})})),
			},
			Check: func(state *terraform.State) error {
				for name, value := range state.RootModule().Resources["data.reliability_drift.test"].Primary.Attributes {
					if strings.Contains(value, "s3cr3t") {
						return fmt.Errorf("%s holds a secret of the state", name)
					}
				}
				return nil
			},
		}},
	})
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(content); !strings.Contains(text, `"duration_ms"`) || !strings.Contains(text, `"version": 1`) || strings.Contains(text, "s3cr3t") {
		t.Errorf("report: %s", text)
	}
}

// Nothing but a state without resources needs no AWS.
func TestAccEmptyStateNeedsNoAWS(t *testing.T) {
	e := acctest.Emulator(t)
	e.ResetCalls()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: acctest.ProviderBlock(t) + `
data "reliability_drift" "test" {
  state   = { json = jsonencode({ version = 4, serial = 3, lineage = "x", resources = [{ mode = "managed", type = "random_id", name = "a", instances = [{ attributes = { id = "x" } }] }] }) }
  fail_on = "minor"
}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				expect("checked", knownvalue.Int64Exact(0)), expect("coverage_percent", knownvalue.Float64Exact(0)), expect("api_calls", knownvalue.Int64Exact(0)),
				expect("skipped", knownvalue.MapExact(map[string]knownvalue.Check{"random_id": knownvalue.ObjectExact(map[string]knownvalue.Check{
					"count": knownvalue.Int64Exact(1), "reason": knownvalue.StringExact("no reader for this type"),
				})})),
			},
		}},
	})
	if calls := e.Calls(); len(calls) != 0 {
		t.Errorf("AWS was asked: %+v", calls)
	}
}

func TestAccUnreachableAWS(t *testing.T) {
	s := newStack(t, "unreachable")
	provider := fmt.Sprintf("provider \"reliability\" {\n  max_retries = 1\n  endpoints   = { ec2 = \"http://127.0.0.1:1\", lambda = \"http://127.0.0.1:1\", rds = \"http://127.0.0.1:1\" }\n  store       = { local = { path = %q } }\n}\n", t.TempDir())
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config:      provider + fmt.Sprintf("data \"reliability_drift\" \"test\" { state = { path = %q } }\n", s.file()),
			ExpectError: regexp.MustCompile(`(?s)Drift could not be looked for.*nothing\s+was\s+compared.*check\s+the\s+network\s+path`),
		}},
	})
}

// add puts a resource into the state of a stack.
func (s *stack) add(kind, name string, attributes map[string]any) {
	resources, _ := s.state["resources"].([]any)
	s.state["resources"] = append(resources, map[string]any{
		"mode": "managed", "type": kind, "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/aws\"].elsewhere",
		"instances": []any{map[string]any{"schema_version": 0, "attributes": attributes}},
	})
}

// A Region that the account has not enabled takes no credentials. What the state has there is not verified, and never clean.
func TestAccRegionThatIsOff(t *testing.T) {
	s := newStack(t, "off")
	s.add("aws_vpc", "far", map[string]any{"id": "vpc-0far", "arn": "arn:aws:ec2:eu-south-1:123456789012:vpc/vpc-0far", "owner_id": "123456789012"})
	s.add("aws_lambda_function", "far", map[string]any{"id": "far", "function_name": "far", "arn": "arn:aws:lambda:eu-south-1:123456789012:function:far"})
	s.add("aws_db_subnet_group", "far", map[string]any{"id": "far", "name": "far", "arn": "arn:aws:rds:eu-south-1:123456789012:subgrp:far"})
	defer s.emulator.Inject(emulator.Fault{Region: "eu-south-1", Off: true})()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config(t, s.file(), `fail_on = "critical"`), ExpectError: regexp.MustCompile(`(?s)Drift could not be ruled out.*aws_vpc\.far`)},
			{
				Config: config(t, s.file(), ""),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("total", knownvalue.Int64Exact(0)), expect("unverified", knownvalue.Int64Exact(3)), expect("checked", knownvalue.Int64Exact(5+groupRules)),
					expect("unverified_resources", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"reason": knownvalue.StringRegexp(regexp.MustCompile("a Region answers too that the account has not enabled")),
					})})),
				},
			},
			{Config: config(t, s.file(), "regions = [\"us-east-1\"]\n  fail_on = \"minor\""), ConfigStateChecks: []statecheck.StateCheck{expect("unverified", knownvalue.Int64Exact(0))}},
		},
	})
}

// The state of a bucket's sub-resource does not say where the bucket is. S3 does, and there it is read.
func TestAccBucketOfAnotherRegion(t *testing.T) {
	s := newStack(t, "elsewhere")
	s.state["resources"] = []any{}
	client := s3.NewFromConfig(s.emulator.AWSConfig(), func(o *s3.Options) { o.UsePathStyle, o.Region = true, "eu-west-1" })
	bucket := aws.String("drift-elsewhere")
	must[*s3.CreateBucketOutput](s)(client.CreateBucket(s.context(), &s3.CreateBucketInput{
		Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraintEuWest1},
	}))
	version := func(status s3types.BucketVersioningStatus) {
		must[*s3.PutBucketVersioningOutput](s)(client.PutBucketVersioning(s.context(), &s3.PutBucketVersioningInput{
			Bucket: bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status},
		}))
	}
	version(s3types.BucketVersioningStatusEnabled)
	s.add("aws_s3_bucket_versioning", "far", map[string]any{"id": *bucket, "bucket": *bucket, "versioning_configuration": []any{map[string]any{"status": "Enabled", "mfa_delete": ""}}})
	s.add("aws_s3_bucket_policy", "far", map[string]any{"id": *bucket, "bucket": *bucket, "policy": `{"Version":"2012-10-17","Statement":[]}`})
	s.add("aws_s3_bucket", "far", map[string]any{"id": *bucket, "bucket": *bucket, "arn": "arn:aws:s3:::drift-elsewhere", "tags": map[string]any{}, "tags_all": map[string]any{}})
	s.emulator.ResetCalls()
	result := s.detectWith(awsapi.New(awsapi.Config{S3UsePathStyle: true}, "test"))
	var found []string
	for _, item := range result.Items {
		found = append(found, string(item.Kind)+" "+string(item.Address))
	}
	if len(result.Unverified) != 0 || strings.Join(found, ", ") != "deleted aws_s3_bucket_policy.far" {
		t.Errorf("found %s; unverified %+v", found, result.Unverified)
	}
	redirected := 0
	for _, call := range s.emulator.Calls() {
		if call.Status == http.StatusMovedPermanently {
			redirected++
		}
	}
	if redirected == 0 {
		t.Error("nothing was redirected")
	}
	version(s3types.BucketVersioningStatusSuspended)
	if result := s.detectWith(awsapi.New(awsapi.Config{S3UsePathStyle: true}, "test")); len(result.Items) != 2 || result.Items[1].Changes[0].Path != "versioning_configuration.status" {
		t.Errorf("%+v", result.Items)
	}
}

// What is secret in the state and what is secret in AWS are in no report, no log and no saved state, in whatever format.
func TestAccSecretsAreNowhere(t *testing.T) {
	s := newStack(t, "canary")
	for _, element := range s.state["resources"].([]any) {
		instance := element.(map[string]any)["instances"].([]any)[0].(map[string]any)
		switch element.(map[string]any)["type"] {
		case "aws_lambda_function":
			instance["attributes"].(map[string]any)["description"] = "canary-in-the-state"
			instance["sensitive_attributes"] = []any{[]any{map[string]any{"type": "get_attr", "value": "description"}}}
		case "aws_db_instance":
			instance["attributes"].(map[string]any)["tags_all"] = map[string]any{"Name": "canary-in-the-state"}
			instance["sensitive_attributes"] = []any{[]any{map[string]any{"type": "get_attr", "value": "tags_all"}}}
		}
	}
	must[*lambda.UpdateFunctionConfigurationOutput](s)(s.lambda.UpdateFunctionConfiguration(s.context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &s.name, Description: aws.String("canary-in-aws"),
		Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod", "TOKEN": "canary-in-aws"}},
	}))
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	t.Setenv("TF_ACC_LOG", "TRACE")
	t.Setenv("TF_ACC_LOG_PATH", log)
	reports := fmt.Sprintf(`report = { json = "%[1]s/d.json", sarif = "%[1]s/d.sarif", junit = "%[1]s/d.xml", markdown = "%[1]s/d.md", html = "%[1]s/d.html" }
  cost = {}
  attribution = true`, dir)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: config(t, s.file(), reports), ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(2))},
				Check: func(state *terraform.State) error {
					for name, value := range state.RootModule().Resources["data.reliability_drift.test"].Primary.Attributes {
						if strings.Contains(value, "canary-in") || strings.Contains(value, "s3cr3t") {
							return fmt.Errorf("%s holds a secret", name)
						}
					}
					return nil
				},
			},
			{Config: config(t, s.file(), `fail_on = "minor"`), ExpectError: regexp.MustCompile(`(?s)Infrastructure has drifted.*aws_lambda_function\.fn`)},
		},
	})
	for _, name := range []string{"d.json", "d.sarif", "d.xml", "d.md", "d.html", "log"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %v, %d bytes", name, err, len(text))
		}
		for _, secret := range []string{"canary-in-the-state", "canary-in-aws", "s3cr3t"} {
			if at := strings.Index(string(text), secret); at >= 0 {
				t.Errorf("%s holds %q: ...%s", name, secret, text[max(0, at-300):min(len(text), at+100)])
			}
		}
		said := "sensitive value"
		if name == "log" {
			said = "reliability_drift"
		}
		if !strings.Contains(string(text), said) {
			t.Errorf("%s does not say %q", name, said)
		}
	}
}
