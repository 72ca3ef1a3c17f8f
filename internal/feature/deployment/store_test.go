package deployment_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// inBucket replaces the local store of a configuration by a bucket.
func inBucket(h home, config, bucket string) string {
	local := fmt.Sprintf("local = { path = %q }", h.folder)
	return strings.Replace(config, local, fmt.Sprintf("s3 = { bucket = %q, prefix = \"team/a\" }", bucket), 1)
}

func TestAccStoreInABucket(t *testing.T) {
	e := acctest.Emulator(t)
	w, h := targettest.New(t, "bucketed"), newHome(t)
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := "deployment-store"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	var remove func()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:            inBucket(h, h.snapshot(w, "v1", ""), bucket),
				ConfigStateChecks: []statecheck.StateCheck{text("id", "bucketed/000001"), text("uri", "s3://deployment-store/team/a/deployments/bucketed/000001/manifest.json")},
				ConfigPlanChecks:  settled,
			},
			{Config: inBucket(h, h.snapshot(w, "v2", ""), "no-such-bucket"), ExpectError: regexp.MustCompile(`(?s)NoSuchBucket`)},
			{
				PreConfig: func() {
					remove = e.Inject(emulator.Fault{Service: "s3", Operation: "PutObject", Status: 403, Code: "AccessDenied"})
				},
				Config: inBucket(h, h.snapshot(w, "v2", ""), bucket), ExpectError: regexp.MustCompile(`(?s)store cannot be used.*snapshot\s+was not kept.*AccessDenied.*Live now: nothing was changed`),
			},
			{
				PreConfig: func() { // every answer to the first two writes is lost
					remove()
					remove = e.Inject(emulator.Fault{Service: "s3", Operation: "PutObject", DropLate: true, Times: 2})
				},
				Config:            inBucket(h, h.snapshot(w, "v2", ""), bucket),
				ConfigStateChecks: []statecheck.StateCheck{text("id", "bucketed/000002"), text("previous_id", "bucketed/000001")},
				ConfigPlanChecks:  settled,
			},
		},
	})
	remove()
}

func TestAccUnknownAtPlan(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "unknown"), newHome(t)
	config := h.provider() + fmt.Sprintf(`
resource "terraform_data" "function" { input = %q }
resource "terraform_data" "release" { input = "v1" }
resource "reliability_deployment_snapshot" "web" {
  name    = "unknown"
  release = terraform_data.release.output
  targets = {
    code = { lambda_alias = { function_name = terraform_data.function.output, name = "live" } }
    site = { s3_bucket = { bucket = %q } }
  }
}
`, w.Name, w.Name)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, tfjsonpath.New("release"))},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{text("release", "v1"), value("items", knownvalue.MapSizeExact(2))},
		}},
	})
}
