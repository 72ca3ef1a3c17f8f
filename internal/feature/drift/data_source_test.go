package drift_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func config(t testing.TB, path, more string) string {
	t.Helper()
	return acctest.ProviderBlock(t) + fmt.Sprintf(`
data "reliability_drift" "test" {
  state = { path = %q }
  %s
}

output "report" { value = data.reliability_drift.test.report_json }
`, path, more)
}

func expect(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.reliability_drift.test", tfjsonpath.New(attribute), value)
}

func TestAccFreshStackHasNoDrift(t *testing.T) {
	s := newStack(t, "fresh")
	s.emulator.ResetCalls()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: config(t, s.file(), `fail_on = "minor"`),
			ConfigStateChecks: []statecheck.StateCheck{
				expect("items", knownvalue.ListExact([]knownvalue.Check{})),
				expect("total", knownvalue.Int64Exact(0)),
				expect("unverified", knownvalue.Int64Exact(0)),
				expect("checked", knownvalue.Int64Exact(5+groupRules)),
				expect("coverage_percent", knownvalue.Float64Exact(100)),
				expect("skipped", knownvalue.MapExact(map[string]knownvalue.Check{})),
				expect("blocked", knownvalue.Bool(false)),
				expect("state_serial", knownvalue.Int64Exact(18)),
				// VPCs and the two attributes that have a call of their own, groups, functions and the tags of one, instances.
				expect("api_calls", knownvalue.Int64Exact(7)),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}},
	})
	if calls := len(s.emulator.Calls()); calls == 0 || calls%7 != 0 {
		t.Errorf("%d calls reached AWS, want 7 for each read", calls)
	}
}

func TestAccOpenedGroupBlocksThePlan(t *testing.T) {
	s := newStack(t, "opened")
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	path := s.file()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      config(t, path, `fail_on = "critical"`),
				ExpectError: regexp.MustCompile(`(?s)Infrastructure has drifted.*aws_security_group\.web.*open to the\s+whole\s+internet.*port\s+22\s+\(SSH\).*terraform\s+apply\s+-target='aws_security_group\.web'`),
			},
			{
				Config: config(t, path, ""),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("total", knownvalue.Int64Exact(1)), expect("critical", knownvalue.Int64Exact(1)),
					expect("items", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"address": knownvalue.StringExact("aws_security_group.web"), "type": knownvalue.StringExact("aws_security_group"),
						"id": knownvalue.StringExact(s.group), "region": knownvalue.StringExact("us-east-1"), "account_id": knownvalue.StringExact("123456789012"),
						"kind": knownvalue.StringExact("changed"), "category": knownvalue.StringExact("critical"),
						"changes": knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
							"path": knownvalue.StringExact("ingress"), "expected": knownvalue.Null(), "actual": knownvalue.StringExact("tcp 22, 0.0.0.0/0"),
							"category": knownvalue.StringExact("critical"), "reason": knownvalue.StringRegexp(regexp.MustCompile("open to the whole internet.*22")),
						})}),
						"monthly_cost_delta": knownvalue.Null(), "cost_basis": knownvalue.StringExact("unknown"),
					})})),
				},
			},
			{
				Config: config(t, path, `fail_on = "minor"
  ignore = [{ address = "aws_security_group.w*", attribute = "ingress", reason = "test", expires = "2099-01-01" }]`),
				ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("ignored", knownvalue.Int64Exact(1))},
			},
			{
				Config: config(t, path, `fail_on = "critical"
  ignore = [{ address = "aws_security_group.web", reason = "test", expires = "2001-01-01" }]`),
				ExpectError: regexp.MustCompile(`Infrastructure has drifted`),
			},
			{
				Config: config(t, path, `fail_on = "major"
  rules   = [{ type = "aws_security_group", attribute = "ingress", category = "minor" }]`),
				ConfigStateChecks: []statecheck.StateCheck{expect("minor", knownvalue.Int64Exact(1)), expect("critical", knownvalue.Int64Exact(0))},
			},
		},
	})
}

func TestAccOverrideLetsThePlanThrough(t *testing.T) {
	s := newStack(t, "override")
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	t.Setenv("RELIABILITY_DRIFT_OVERRIDE", "closing the port again")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config:            config(t, s.file(), `fail_on = "critical"`),
			ConfigStateChecks: []statecheck.StateCheck{expect("blocked", knownvalue.Bool(true)), expect("critical", knownvalue.Int64Exact(1))},
		}},
	})
}
