package bluegreenswitch_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// function is a Lambda function of two versions whose alias "live" is on the first.
type function struct {
	t      *testing.T
	client *lambda.Client
	name   string
}

func newFunction(t *testing.T, name string) *function {
	t.Helper()
	config := acctest.Emulator(t).AWSConfig()
	f := &function{t: t, client: lambda.NewFromConfig(config), name: name}
	role, err := iam.NewFromConfig(config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(`{}`)})
	f.must(err)
	_, err = f.client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role.Role.Arn, Runtime: types.RuntimePython312, Handler: aws.String("a.b"), Code: &types.FunctionCode{ZipFile: f.archive("1")}, Publish: true,
	})
	f.must(err)
	_, err = f.client.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: f.archive("2"), Publish: true})
	f.must(err)
	_, err = f.client.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	f.must(err)
	return f
}

func (f *function) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *function) archive(body string) []byte {
	f.t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("a.py")
	f.must(err)
	_, err = file.Write([]byte("x = " + body))
	f.must(err)
	f.must(archive.Close())
	return out.Bytes()
}

func (f *function) point(version string) {
	_, err := f.client.UpdateAlias(context.WithoutCancel(f.t.Context()), &lambda.UpdateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: &version})
	if err != nil {
		f.t.Errorf("point the alias: %v", err)
	}
}

func (f *function) wantVersion(want string) {
	f.t.Helper()
	alias, err := f.client.GetAlias(context.WithoutCancel(f.t.Context()), &lambda.GetAliasInput{FunctionName: &f.name, Name: aws.String("live")})
	f.must(err)
	if got := aws.ToString(alias.FunctionVersion); got != want {
		f.t.Errorf("the alias is on version %s, want %s", got, want)
	}
}

func TestAccAFailedSwitchPutsTheCodeBackToo(t *testing.T) {
	s := newSite(t)
	f := newFunction(t, "switched")
	folder := t.TempDir()
	reports := filepath.Join(t.TempDir(), "reports")
	s.provider = fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n", folder)
	kept, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	book := ledger.New(kept, clock.System{})
	wantStatus := func(version int, want ledger.Status) {
		t.Helper()
		history, err := book.History(t.Context(), "switched")
		if err != nil {
			t.Fatal(err)
		}
		for _, deployment := range history.Deployments {
			if deployment.Version == version && deployment.Status == want {
				return
			}
		}
		t.Errorf("deployment %d is not %s: %+v", version, want, history.Deployments)
	}
	release := func(name, colour string) string {
		return s.config(colour, canary, s.checks(colour), `snapshot_id = reliability_deployment_snapshot.before.id`, reporting(reports)) + fmt.Sprintf(`
resource "reliability_deployment_snapshot" "before" {
  name    = "switched"
  release = %q
  targets = { api = { lambda_alias = { function_name = "switched", name = "live" } } }
}`, name)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{ // nothing moves, so nothing is judged
				Config: release("v1", "blue"),
				Check:  func(*terraformState) error { wantStatus(1, ledger.Open); return nil },
			},
			{
				Config:            release("v2", "green"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
				Check: func(*terraformState) error {
					wantStatus(2, ledger.Succeeded)
					expectReports(t, reports, report.Switch{Status: "steady", Moved: true, Deployment: "switched/000002", Traffic: report.Traffic{To: "green"}}, report.Share{Green: 100})
					return nil
				},
			},
			{ // the release of v3 breaks blue once it gets traffic
				PreConfig: func() {
					s.inject(emulator.Fault{Operation: "ChangeResourceRecordSets", Times: 1, Hook: func(emulator.Call) {
						f.point("2")
						s.blue.status.Store(http.StatusBadGateway)
					}})
				},
				Config: release("v3", "blue"),
				ExpectError: saying("The checks of blue failed at 10 %", "www: blue 0 % / green 100 %", "Traffic was moved back in",
					"The snapshot switched/000003 was restored in", "(changes: 1)"),
			},
			{
				PreConfig: func() {
					s.wantWeights("blue 0, green 100")
					f.wantVersion("1")
					wantStatus(3, ledger.RolledBack)
					got := expectReports(t, reports, report.Switch{Status: "reverted", Moved: true, Deployment: "switched/000003", Traffic: report.Traffic{To: "blue"}}, report.Share{Green: 100})
					if got.Failed == nil || got.Failed.Verdict != "failed" || len(got.Failed.Checks) == 0 || got.RecoveryMS == nil || got.RecoveryBudgetMS != 300_000 {
						t.Errorf("the report of the failed switch: %+v", got)
					}
					expectTraffic(t, book, 3, "blue", "failed")
				},
				Config:      release("v3", "blue"), // quarantined
				PlanOnly:    true,
				ExpectError: saying("v3"),
			},
		},
	})
}

func TestAccTheSnapshotMustBeThere(t *testing.T) {
	s := newSite(t)
	for id, want := range map[string]string{"nowhere/000001": "The snapshot cannot be used", "nonsense": "The snapshot cannot be used"} {
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: acctest.Factories(),
			Steps:                    []resource.TestStep{{Config: s.config("green", fmt.Sprintf("snapshot_id = %q", id)), PlanOnly: true, ExpectError: saying(want, id)}},
		})
	}
}
