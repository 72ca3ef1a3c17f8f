package drift_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func configOf(t testing.TB, state, more string) string {
	t.Helper()
	return strings.Replace(config(t, "PATH", more), `state = { path = "PATH" }`, "state = "+state, 1)
}

// The S3 backend's object is read as it is, a version of it too, and nothing is written beside it: no lock.
func TestAccStateFromS3(t *testing.T) {
	s := newStack(t, "s3")
	client := s3.NewFromConfig(s.emulator.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := acctest.Unique(t)
	ctx := s.context()
	must[*s3.CreateBucketOutput](s)(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}))
	must[*s3.PutBucketVersioningOutput](s)(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	}))
	put := func(text string) string {
		out := must[*s3.PutObjectOutput](s)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("env:/prod/net.tfstate"), Body: strings.NewReader(text)}))
		return *out.VersionId
	}
	older := put(`{"version":4,"serial":3,"lineage":"x","resources":[]}`)
	put(string(s.json()))
	s.emulator.ResetCalls()
	object := fmt.Sprintf(`bucket = %q, key = "env:/prod/net.tfstate", region = "us-east-1"`, bucket)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:            configOf(t, "{ s3 = { "+object+" } }", `fail_on = "minor"`),
				ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(5+groupRules)), expect("state_serial", knownvalue.Int64Exact(18))},
			},
			{
				Config:            configOf(t, fmt.Sprintf("{ s3 = { %s, version_id = %q } }", object, older), ""),
				ConfigStateChecks: []statecheck.StateCheck{expect("state_serial", knownvalue.Int64Exact(3))},
			},
			{
				Config:      configOf(t, fmt.Sprintf(`{ s3 = { bucket = %q, key = "nothing" } }`, bucket), ""),
				ExpectError: regexp.MustCompile(`(?s)State cannot be read from S3.*env:/`),
			},
		},
	})
	for _, call := range s.emulator.Calls() {
		if call.Service == "s3" && call.Mutating {
			t.Errorf("something was written beside the state: %+v", call)
		}
	}
}

// The output of terraform show -json of a state says the same as the state.
func TestAccStateFromShow(t *testing.T) {
	s := newStack(t, "show")
	var resources []any
	for _, element := range s.state["resources"].([]any) {
		block := element.(map[string]any)
		for _, instance := range block["instances"].([]any) {
			resources = append(resources, map[string]any{
				"address": fmt.Sprintf("%s.%s", block["type"], block["name"]), "mode": block["mode"], "type": block["type"], "name": block["name"],
				"values": instance.(map[string]any)["attributes"], "sensitive_values": map[string]any{"password": true},
			})
		}
	}
	text, err := json.Marshal(map[string]any{"format_version": "1.0", "values": map[string]any{"root_module": map[string]any{
		"resources": resources[:1], "child_modules": []any{map[string]any{"resources": resources[1:]}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "show.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config:            config(t, name, `fail_on = "minor"`),
			ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(5+groupRules))},
		}},
	})
}

// Resources of another account are read through the role that accounts names for it, and through no other.
func TestAccAccounts(t *testing.T) {
	s := newStack(t, "accounts")
	const other = "222222222222"
	role := must[*iam.CreateRoleOutput](s)(iam.NewFromConfig(s.emulator.AWSConfig()).CreateRole(s.context(), &iam.CreateRoleInput{
		RoleName: aws.String("drift-reader"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}`),
	}))
	_ = role
	text := strings.ReplaceAll(string(s.json()), "arn:aws:rds:us-east-1:123456789012", "arn:aws:rds:us-east-1:"+other)
	s.replaceState(text)
	s.emulator.ResetCalls()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:            config(t, s.file(), `types = ["aws_db_instance"]`),
				ConfigStateChecks: []statecheck.StateCheck{expect("unverified", knownvalue.Int64Exact(1)), expect("total", knownvalue.Int64Exact(0))},
			},
			{
				Config: config(t, s.file(), fmt.Sprintf(`types = ["aws_db_instance"]
  accounts = [{ account_id = %q, role_arn = "arn:aws:iam::%s:role/drift-reader", external_id = "x" }]`, other, other)),
				// The emulator's role leads into that account, which has no such database.
				ConfigStateChecks: []statecheck.StateCheck{expect("unverified", knownvalue.Int64Exact(0)), expect("items", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectPartial(map[string]knownvalue.Check{"address": knownvalue.StringExact("aws_db_instance.db"), "kind": knownvalue.StringExact("deleted"), "account_id": knownvalue.StringExact(other)}),
				}))},
			},
		},
	})
	assumed := 0
	for _, call := range s.emulator.Calls() {
		if call.Operation == "AssumeRole" {
			assumed++
		}
	}
	if assumed == 0 {
		t.Error("no role was assumed")
	}
}

const drifting = `
resource "terraform_data" "a" {
  count = 2
  input = count.index
}
`

// A directory with a configuration and a state, made by the terraform on PATH.
func applied(t *testing.T, configuration string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	runTerraform(t, dir, "init")
	runTerraform(t, dir, "apply", "-auto-approve")
	return dir
}

func TestAccWorkingDir(t *testing.T) {
	acctest.Emulator(t)
	dir := applied(t, drifting)
	before := files(t, dir)
	counted := []statecheck.StateCheck{expect("skipped", knownvalue.MapExact(map[string]knownvalue.Check{"terraform_data": knownvalue.ObjectPartial(map[string]knownvalue.Check{"count": knownvalue.Int64Exact(2)})}))}
	refreshed := []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(2)), expect("coverage_percent", knownvalue.Float64Exact(100))}
	empty := t.TempDir()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: configOf(t, fmt.Sprintf("{ working_dir = %q }", dir), ""), ConfigStateChecks: counted},
			{Config: configOf(t, fmt.Sprintf("{ working_dir = %q }", dir), `source = "refresh"`), ConfigStateChecks: refreshed},
			{Config: configOf(t, fmt.Sprintf("{ working_dir = %q }", dir), "source = \"refresh\"\n  terraform = \"no-such-terraform\""), ExpectError: regexp.MustCompile(`(?s)no\s+terraform\s+to\s+run.*install Terraform`)},
			{Config: configOf(t, `{ working_dir = "/no/such/folder" }`, `source = "refresh"`), ExpectError: regexp.MustCompile(`(?s)no\s+folder\s+that\s+can\s+be\s+read`)},
			{Config: configOf(t, fmt.Sprintf("{ working_dir = %q }", needsInit(t, empty)), `source = "refresh"`), ExpectError: regexp.MustCompile(`(?s)never\s+initialised.*terraform\s+init`)},
		},
	})
	if after := files(t, dir); after != before {
		t.Errorf("the working directory was changed:\n%s\n%s", before, after)
	}
}

// needsInit is a directory whose provider was never installed.
func needsInit(t *testing.T, dir string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte("terraform {\n  required_providers {\n    null = { source = \"hashicorp/null\" }\n  }\n}\nresource \"null_resource\" \"a\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A data source in the configuration that its own child plans answers empty there, and ends.
func TestAccChildDoesNotCallItself(t *testing.T) {
	s := newStack(t, "child")
	t.Setenv("RELIABILITY_DRIFT_CHILD", "1")
	s.emulator.ResetCalls()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config:            configOf(t, `{ working_dir = "/no/such/folder" }`, "source = \"refresh\"\n  fail_on = \"minor\""),
			ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(0)), expect("blocked", knownvalue.Bool(false))},
		}},
	})
	if calls := s.emulator.Calls(); len(calls) != 0 {
		t.Errorf("AWS was asked: %+v", calls)
	}
}

func files(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil {
			fmt.Fprintf(&list, "%s %d %s\n", name, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}

func runTerraform(t *testing.T, dir string, arguments ...string) string {
	t.Helper()
	output, err := command(context.Background(), dir, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %v: %v\n%s", arguments, err, output)
	}
	return string(output)
}

func command(ctx context.Context, dir string, arguments ...string) *exec.Cmd {
	run := exec.CommandContext(ctx, "terraform", append(arguments, "-no-color")...)
	run.Dir = dir
	return run
}
