package drift_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func TestAccDriftReport(t *testing.T) {
	acctest.Emulator(t).ResetCalls()
	plan, err := filepath.Abs(filepath.Join("..", "..", "engine", "drift", "testdata", "refresh-only-plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.json")
	content, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	output := func(path string) string {
		return acctest.ProviderBlock(t) + `output "items" { value = [for i in provider::reliability::drift_report(file("` + path + `")) : "${i.category} ${i.kind} ${i.address}"] }`
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			{
				Config: output(plan),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("items", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringExact("critical changed aws_iam_role.fn"),
					knownvalue.StringExact("critical changed aws_security_group.web"), knownvalue.StringExact("critical deleted aws_vpc.west"),
					knownvalue.StringExact(`major changed aws_lambda_function.fn["a"]`),
					knownvalue.StringExact("minor changed aws_vpc.main"),
				}))},
			},
			{Config: output(half), ExpectError: regexp.MustCompile(`(?s)Not a plan.*ends\s+in\s+the\s+middle.*terraform\s+show\s+-json`)},
		},
	})
	if calls := acctest.Emulator(t).Calls(); len(calls) != 0 {
		t.Errorf("AWS was asked: %+v", calls)
	}
}
