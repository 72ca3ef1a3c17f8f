package rollback_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccBatchOperations: above the threshold S3 copies, and what it copied is known to the runs after.
func TestAccBatchOperations(t *testing.T) {
	e := acctest.Emulator(t)
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	name := acctest.Unique(t)
	for _, bucket := range []string{name, name + "-reports"} {
		if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	write := func(body string) {
		for _, key := range []string{"a", "b", "c/d e"} {
			if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader(body)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("good")
	snapshot := func(role string) string {
		return fmt.Sprintf(`
resource "reliability_deployment_snapshot" "web" {
  name    = "batched"
  release = "v2"
  allow_redeploy = true
  targets = {
    site = { s3_bucket = { bucket = %q, batch_operations = { role_arn = %q, bucket = "%s-reports", threshold = 2 } } }
  }
}
`, name, role, name)
	}
	const role = "arn:aws:iam::123456789012:role/batch"
	provider := acctest.ProviderBlock(t)
	taken := provider + snapshot(role)
	rolled := taken + `
resource "reliability_rollback" "web" {
  snapshot_id = reliability_deployment_snapshot.web.id
  on_complete = "ok"
}
`
	settled := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: provider + snapshot("batch"), ExpectError: regexp.MustCompile(`must be the ARN\s+of a role`), PlanOnly: true},
			{Config: taken, ConfigPlanChecks: settled},
			{
				ResourceName: "reliability_deployment_snapshot.web", ImportState: true, ImportStateVerify: true, ImportStateId: "batched/000001",
				ImportStateVerifyIgnore: []string{"warnings", "timeout", "retention", "allow_redeploy"},
			},
			{
				PreConfig:        func() { write("bad"); e.ResetCalls() },
				Config:           rolled,
				ConfigPlanChecks: settled,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("reliability_rollback.web", tfjsonpath.New("status"), knownvalue.StringExact("restored")),
				},
			},
			{
				PreConfig: func() {
					if jobs, copies := acctest.CountCalls(t, "s3", "CreateJob", ""), acctest.CountCalls(t, "s3", "CopyObject", name); jobs != 1 || copies != 0 {
						t.Errorf("%d jobs, %d copies from here", jobs, copies)
					}
				},
				Config: strings.Replace(rolled, "on_complete", "reason = \"once more\"\n  on_complete", 1), ConfigPlanChecks: settled,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("reliability_rollback.web", tfjsonpath.New("status"), knownvalue.StringExact("not_needed")),
				},
			},
		},
	})
}
