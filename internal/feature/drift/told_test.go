package drift_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// What drift costs comes from the price list (the emulator's figures), is kept on disk, and is null where there is no price.
func TestAccCostAndAttribution(t *testing.T) {
	s := newStack(t, "cost")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	must[*rds.ModifyDBInstanceOutput](s)(s.rds.ModifyDBInstance(s.context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &s.name, DBInstanceClass: aws.String("db.m5.large"), ApplyImmediately: aws.Bool(true)}))
	item := func(at int, name string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_drift.test", tfjsonpath.New("items").AtSliceIndex(at).AtMapKey(name), want)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: config(t, s.file(), "cost = {}\n  attribution = true\n  types = [\"aws_security_group\", \"aws_db_instance\"]"),
				ConfigStateChecks: []statecheck.StateCheck{
					item(0, "address", knownvalue.StringExact("aws_security_group.web")), item(0, "monthly_cost_delta", knownvalue.Null()), item(0, "cost_basis", knownvalue.StringExact("unknown")),
					item(0, "changed_event", knownvalue.StringExact("AuthorizeSecurityGroupIngress")), item(0, "changed_by", knownvalue.StringRegexp(regexp.MustCompile("^arn:aws:iam::"))),
					item(0, "changed_at", knownvalue.NotNull()), item(0, "changed_from", knownvalue.StringExact("192.0.2.1")),
					item(1, "address", knownvalue.StringExact("aws_db_instance.db")), item(1, "monthly_cost_delta", knownvalue.Float64Exact(73)), // 730 h x (0.12 - 0.02)
					item(1, "cost_basis", knownvalue.StringExact("price_list")), item(1, "price_date", knownvalue.StringExact("2026-11-01")),
					item(1, "changed_event", knownvalue.StringExact("ModifyDBInstance")),
					expect("monthly_cost_delta", knownvalue.Float64Exact(73)), expect("cost_complete", knownvalue.Bool(false)),
				},
			},
			{
				Config: config(t, s.file(), "cost = { offline = true }\n  types = [\"aws_db_instance\"]"),
				ConfigStateChecks: []statecheck.StateCheck{
					item(0, "monthly_cost_delta", knownvalue.Null()), item(0, "attribution", knownvalue.Null()), expect("monthly_cost_delta", knownvalue.Null()), expect("cost_complete", knownvalue.Bool(false)),
				},
			},
		},
	})
	if asked := acctest.CountCalls(t, "pricing", "GetProducts", ""); asked != 2 {
		t.Errorf("the price list was asked %d times for two prices", asked)
	}
}

func TestAccUnmanaged(t *testing.T) {
	s := newStack(t, "unmanaged")
	lost := must[*ec2.CreateVpcOutput](s)(s.ec2.CreateVpc(s.context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16"), TagSpecifications: nameTag(ec2types.ResourceTypeVpc, "lost and found")}))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: config(t, s.file(), `types = ["aws_vpc"]
  unmanaged = ["aws_vpc"]`) + fmt.Sprintf(`
output "lost" { value = [for i in data.reliability_drift.test.items : "${i.kind} ${i.category} ${i.address} ${i.reconciliation[0]}" if i.id == %q] }
output "default" { value = [for i in data.reliability_drift.test.items : i.id if i.id == %q] }
`, *lost.Vpc.VpcId, s.vpc),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("lost", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringRegexp(regexp.MustCompile(`^unmanaged major aws_vpc\.lost_and_found.*imports\.tf`))})),
				statecheck.ExpectKnownOutputValue("default", knownvalue.ListExact(nil)),
				expect("coverage_percent", knownvalue.Float64Func(func(got float64) error {
					if got >= 100 {
						return fmt.Errorf("%v percent are covered", got)
					}
					return nil
				})),
			},
		}},
	})
}

// Every report is written, also when the plan is stopped, and people are told only with publish.
func TestAccReportsAndPublish(t *testing.T) {
	s := newStack(t, "told")
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	topic := must[*sns.CreateTopicOutput](s)(sns.NewFromConfig(s.emulator.AWSConfig()).CreateTopic(s.context(), &sns.CreateTopicInput{Name: aws.String("drift-told")}))
	dir := t.TempDir()
	provider := func(text string) string {
		return strings.Replace(text, "  store =", fmt.Sprintf("  metrics = {}\n  notify = { sns_topic_arn = %q }\n  store =", *topic.TopicArn), 1)
	}
	reports := fmt.Sprintf(`report = { json = "%[1]s/d.json", sarif = "%[1]s/d.sarif", junit = "%[1]s/d.xml", markdown = "%[1]s/d.md", html = "%[1]s/d.html" }
  fail_on = "critical"`, dir)
	state := s.file()
	configuration := "# the network\nresource \"aws_security_group\" \"web\" {\n  name = \"web\"\n  ingress {\n    from_port = 443\n  }\n}\n"
	must[any](s)(nil, os.WriteFile(filepath.Join(filepath.Dir(state), "network.tf"), []byte(configuration), 0o600))
	s.emulator.ResetCalls()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: provider(config(t, state, reports)), ExpectError: regexp.MustCompile("Infrastructure has drifted")},
			{
				PreConfig: func() {
					if told := acctest.CountCalls(t, "sns", "Publish", "") + acctest.CountCalls(t, "cloudwatch", "PutMetricData", ""); told != 0 {
						t.Errorf("a plan told somebody %d times", told)
					}
				},
				Config: provider(config(t, s.file(), "publish = true")), ConfigStateChecks: []statecheck.StateCheck{expect("critical", knownvalue.Int64Exact(1))},
			},
		},
	})
	for _, name := range []string{"d.json", "d.sarif", "d.xml", "d.md", "d.html"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), "aws_security_group.web") && !strings.Contains(string(text), `aws\_security\_group.web`) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "d.sarif" {
			checkPlace(t, text, "network.tf", 4, "aws_security_group.web")
		}
	}
	if acctest.CountCalls(t, "sns", "Publish", "") == 0 || acctest.CountCalls(t, "cloudwatch", "PutMetricData", "") == 0 {
		t.Error("nobody was told")
	}
}

// checkPlace: the first result of a SARIF file is where the configuration says what differs.
func checkPlace(t *testing.T, text []byte, uri string, line int, address string) {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
			}
		}
	}
	if err := json.Unmarshal(text, &log); err != nil || len(log.Runs) != 1 || len(log.Runs[0].Results) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	at := log.Runs[0].Results[0].Locations[0]
	if at.PhysicalLocation.ArtifactLocation.URI != uri || at.PhysicalLocation.Region.StartLine != line || at.LogicalLocations[0].FullyQualifiedName != address {
		t.Errorf("%+v", at)
	}
}
