package drift_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

const (
	otherAccount = "333333333333"
	otherRegion  = "eu-west-1"
)

// aggregated is a security group in two accounts and two Regions, an aggregator over them, and a state that holds both groups.
func aggregated(t *testing.T) (s *stack, aggregator, file string, there *ec2.Client, group string) {
	t.Helper()
	s = newStack(t, acctest.Unique(t))
	ctx := s.context()
	must[*iam.CreateRoleOutput](s)(iam.NewFromConfig(s.emulator.AWSConfig()).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(s.name + "-other"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}`),
	}))
	other := s.emulator.AWSConfig()
	other.Region = otherRegion
	other.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(s.emulator.AWSConfig()), "arn:aws:iam::"+otherAccount+":role/"+s.name))
	there = ec2.NewFromConfig(other)
	vpc := must[*ec2.CreateVpcOutput](s)(there.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")}))
	created := must[*ec2.CreateSecurityGroupOutput](s)(there.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(s.name), Description: aws.String("elsewhere"), VpcId: vpc.Vpc.VpcId, TagSpecifications: nameTag(ec2types.ResourceTypeSecurityGroup, "far"),
	}))
	group, aggregator = *created.GroupId, s.name
	must[*configservice.PutConfigurationAggregatorOutput](s)(configservice.NewFromConfig(s.emulator.AWSConfig()).PutConfigurationAggregator(ctx, &configservice.PutConfigurationAggregatorInput{
		ConfigurationAggregatorName: &aggregator, AccountAggregationSources: []configtypes.AccountAggregationSource{
			{AccountIds: []string{emulator.AccountID, otherAccount}, AwsRegions: []string{emulator.Region, otherRegion}},
		},
	}))
	s.state["resources"] = append(s.state["resources"].([]any), map[string]any{
		"mode": "managed", "type": "aws_security_group", "name": "far", "provider": `provider["registry.terraform.io/hashicorp/aws"].far`,
		"instances": []any{map[string]any{"schema_version": 1, "attributes": map[string]any{
			"id": group, "arn": "arn:aws:ec2:" + otherRegion + ":" + otherAccount + ":security-group/" + group, "owner_id": otherAccount, "ingress": []any{},
			"egress":   []any{map[string]any{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": []string{"0.0.0.0/0"}}},
			"tags_all": map[string]string{"Name": "far"},
		}}},
	})
	return s, aggregator, s.file(), there, group
}

// Two accounts and two Regions are compared in one query; what AWS Config does not tell is never clean, and what it no longer
// has is deleted.
func TestAccConfigAggregator(t *testing.T) {
	s, aggregator, file, there, group := aggregated(t)
	source := func(more string) string {
		return config(t, file, fmt.Sprintf("source = \"config\"\naggregator = { name = %q }\n%s", aggregator, more))
	}
	groups := source(`types = ["aws_security_group"]
  fail_on = "none"`)
	queries := func() map[string]int { // by what was asked
		asked := map[string]int{}
		for _, call := range s.emulator.Calls() {
			if call.Operation == "SelectAggregateResourceConfig" {
				asked[call.Digest]++
			}
		}
		return asked
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				PreConfig:         s.emulator.ResetCalls,
				Config:            groups,
				ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(3+groupRules)), expect("unverified", knownvalue.Int64Exact(0))},
			},
			{
				PreConfig: func() {
					if got := queries(); len(got) != 1 {
						t.Errorf("the groups of two accounts and two Regions took other than one query: %v", got)
					}
					must[*ec2.AuthorizeSecurityGroupIngressOutput](s)(there.AuthorizeSecurityGroupIngress(s.context(), &ec2.AuthorizeSecurityGroupIngressInput{
						GroupId: &group, IpPermissions: []ec2types.IpPermission{{
							IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
						}},
					}))
				},
				Config: groups,
				ConfigStateChecks: []statecheck.StateCheck{expect("items", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"address": knownvalue.StringExact("aws_security_group.far"), "kind": knownvalue.StringExact("changed"), "category": knownvalue.StringExact("critical"),
					"account_id": knownvalue.StringExact(otherAccount), "region": knownvalue.StringExact(otherRegion), "recorded_at": knownvalue.StringRegexp(regexp.MustCompile(`^20\d\d-.*Z$`)),
				})}))},
			},
			{
				PreConfig: func() {
					must[*ec2.DeleteSecurityGroupOutput](s)(there.DeleteSecurityGroup(s.context(), &ec2.DeleteSecurityGroupInput{GroupId: &group}))
				},
				Config: groups,
				ConfigStateChecks: []statecheck.StateCheck{expect("items", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"address": knownvalue.StringExact("aws_security_group.far"), "kind": knownvalue.StringExact("deleted"),
				})}))},
			},
			{ // silence where nothing is recorded proves nothing
				PreConfig: func() { s.emulator.DoNotRecord(otherAccount, otherRegion, "AWS::EC2::SecurityGroup") },
				Config:    groups,
				ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("unverified_resources", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectPartial(map[string]knownvalue.Check{"reason": knownvalue.StringRegexp(regexp.MustCompile(`has recorded no AWS::EC2::SecurityGroup there`))}),
				}))},
			},
			{ // a source that fails
				PreConfig: func() { s.emulator.SetConfigSource(otherAccount, otherRegion, "OUTDATED") },
				Config:    groups,
				ConfigStateChecks: []statecheck.StateCheck{expect("unverified_resources", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectPartial(map[string]knownvalue.Check{"reason": knownvalue.StringRegexp(regexp.MustCompile(`not up to date.*OUTDATED`))}),
				}))},
			},
			{ // what AWS Config does not tell of a VPC leaves it open, and an ignore with a reason settles it
				Config: source(`types = ["aws_vpc"]`),
				ConfigStateChecks: []statecheck.StateCheck{expect("unverified_resources", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectPartial(map[string]knownvalue.Check{"reason": knownvalue.StringRegexp(regexp.MustCompile(`does not tell its enable_dns_support, enable_dns_hostnames`))}),
				}))},
			},
			{
				Config:      source(`types = ["aws_vpc"]` + "\n fail_on = \"minor\""),
				ExpectError: regexp.MustCompile(`Drift could not be ruled out`),
			},
			{
				Config: source(`types  = ["aws_vpc"]
  ignore = [{ type = "aws_vpc", attribute = "enable_dns_*", reason = "read live every night" }]`),
				ConfigStateChecks: []statecheck.StateCheck{expect("unverified", knownvalue.Int64Exact(0)), expect("checked", knownvalue.Int64Exact(1))},
			},
		},
	})
}

// Refused: an aggregator that does not exist, one without a source for it, access, and what cannot work at all.
func TestAccConfigRefused(t *testing.T) {
	s := newStack(t, acctest.Unique(t))
	unread := func(reason string) []statecheck.StateCheck {
		return []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("unverified_resources", knownvalue.ListPartial(map[int]knownvalue.Check{
			0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"reason": knownvalue.StringRegexp(regexp.MustCompile(reason))}),
		}))}
	}
	const groups = "types = [\"aws_security_group\"]\n source = \"config\"\n"
	var free func()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config(t, s.file(), `aggregator = { name = "x" }`), ExpectError: regexp.MustCompile(`An aggregator belongs to AWS Config`)},
			{Config: config(t, s.file(), "unmanaged = [\"aws_vpc\"]\n source = \"config\""), ExpectError: regexp.MustCompile(`Only a live look`)},
			{Config: config(t, s.file(), strings.Replace(groups, "aws_security_group", "aws_kms_key", 1)), ExpectError: regexp.MustCompile(`Type cannot be read`)},
			{Config: config(t, s.file(), groups+`aggregator = { name = "nothing" }`), ConfigStateChecks: unread(`NoSuchConfigurationAggregatorException`)},
			{Config: config(t, s.file(), groups), ConfigStateChecks: []statecheck.StateCheck{expect("checked", knownvalue.Int64Exact(2+groupRules)), expect("unverified", knownvalue.Int64Exact(0))}},
			{
				PreConfig: func() {
					free = s.emulator.Inject(emulator.Fault{Service: "config", Operation: "SelectResourceConfig", Status: http.StatusBadRequest, Code: "AccessDeniedException", Times: 1000})
				},
				Config: config(t, s.file(), groups), ConfigStateChecks: unread(`access denied`),
			},
			{
				PreConfig: func() {
					free()
					must[*ec2.DeleteSecurityGroupOutput](s)(s.ec2.DeleteSecurityGroup(s.context(), &ec2.DeleteSecurityGroupInput{GroupId: &s.second}))
				},
				Config: config(t, s.file(), groups), ConfigStateChecks: []statecheck.StateCheck{expect("critical", knownvalue.Int64Exact(1)), expect("unverified", knownvalue.Int64Exact(0))},
			},
		},
	})
}
