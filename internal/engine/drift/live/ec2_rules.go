package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newGroupRules reads rules of security groups that are not in the state; the others are compared with their group.
func newGroupRules(clients *awsapi.Clients) Reader {
	one := func(kindName, path string) kind {
		return ec2Described[types.SecurityGroupRule]{
			filter: "security-group-rule-id", page: groupRulePage, table: groupRuleTable, id: func(r types.SecurityGroupRule) *string { return r.SecurityGroupRuleId },
		}.kind(clients, Spec{
			Type: kindName, Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html", Context: vpcRuleAttributes,
			Part: &Part{OwnerType: "aws_security_group", Owner: vpcRule(path)},
		})
	}
	return service{one("aws_vpc_security_group_ingress_rule", "ingress"), one("aws_vpc_security_group_egress_rule", "egress")}
}

func ruleProtocol(text string) string {
	text = strings.ToLower(text)
	if name, ok := protocols[text]; ok {
		return name
	}
	return text
}

// Of a rule for all protocols the ports mean nothing: EC2 says -1 where a state holds none.
func rulePort(get func(types.SecurityGroupRule) *int32) func(types.SecurityGroupRule, Resource) any {
	return func(r types.SecurityGroupRule, _ Resource) any {
		if aws.ToString(r.IpProtocol) == "-1" {
			return nil
		}
		return get(r)
	}
}

var groupRuleTable = []field[types.SecurityGroupRule]{
	{Attribute{Path: "ip_protocol", API: "IpProtocol", Canon: ruleProtocol}, func(r types.SecurityGroupRule, _ Resource) any { return r.IpProtocol }},
	{Attribute{Path: "from_port", API: "FromPort"}, rulePort(func(r types.SecurityGroupRule) *int32 { return r.FromPort })},
	{Attribute{Path: "to_port", API: "ToPort"}, rulePort(func(r types.SecurityGroupRule) *int32 { return r.ToPort })},
	{Attribute{Path: "cidr_ipv4", API: "CidrIpv4", Canon: canonicalPeer}, func(r types.SecurityGroupRule, _ Resource) any { return r.CidrIpv4 }},
	{Attribute{Path: "cidr_ipv6", API: "CidrIpv6", Canon: canonicalPeer}, func(r types.SecurityGroupRule, _ Resource) any { return r.CidrIpv6 }},
	{Attribute{Path: "prefix_list_id", API: "PrefixListId"}, func(r types.SecurityGroupRule, _ Resource) any { return r.PrefixListId }},
	{Attribute{Path: "referenced_security_group_id", API: "ReferencedGroupInfo.GroupId", Canon: canonicalPeer}, func(r types.SecurityGroupRule, _ Resource) any {
		return through(r.ReferencedGroupInfo, func(g *types.ReferencedSecurityGroup) any { return g.GroupId })
	}},
	{Attribute{Path: "description", API: "Description"}, func(r types.SecurityGroupRule, _ Resource) any { return r.Description }},
}

func groupRulePage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.SecurityGroupRule, *string, error) {
	page, err := call(ctx, caller, client.DescribeSecurityGroupRules, &ec2.DescribeSecurityGroupRulesInput{
		Filters: ask.filters, SecurityGroupRuleIds: ask.ids, NextToken: ask.token, MaxResults: ask.size,
	})
	if err != nil {
		return nil, nil, err
	}
	return page.SecurityGroupRules, page.NextToken, nil
}
