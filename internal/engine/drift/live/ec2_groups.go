package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// The name, description and VPC of a security group cannot be changed.
var groupTable = []field[types.SecurityGroup]{
	{Attribute{Path: "ingress", API: "SecurityGroup.IpPermissions", Kind: Rules}, func(g types.SecurityGroup, _ Resource) any { return permissionRules(g.IpPermissions) }},
	{Attribute{Path: "egress", API: "SecurityGroup.IpPermissionsEgress", Kind: Rules}, func(g types.SecurityGroup, _ Resource) any { return permissionRules(g.IpPermissionsEgress) }},
	{tagsAttribute("SecurityGroup.Tags"), func(g types.SecurityGroup, _ Resource) any { return ec2Tags(g.Tags) }},
}

// permissionRules takes the API's permissions, each of which holds many peers, apart.
func permissionRules(permissions []types.IpPermission) []Rule {
	var rules []Rule
	for _, permission := range permissions {
		add := func(peer, description *string) {
			rules = append(rules, newRule(aws.ToString(permission.IpProtocol), int(aws.ToInt32(permission.FromPort)), int(aws.ToInt32(permission.ToPort)),
				aws.ToString(peer), aws.ToString(description)))
		}
		for _, peer := range permission.IpRanges {
			add(peer.CidrIp, peer.Description)
		}
		for _, peer := range permission.Ipv6Ranges {
			add(peer.CidrIpv6, peer.Description)
		}
		for _, peer := range permission.PrefixListIds {
			add(peer.PrefixListId, peer.Description)
		}
		for _, peer := range permission.UserIdGroupPairs {
			add(peer.GroupId, peer.Description)
		}
	}
	return rules
}

var groupRuleAttributes = []string{
	"security_group_id", "type", "protocol", "from_port", "to_port", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids",
	"source_security_group_id", "self", "description",
}

// groupRule is what an aws_security_group_rule adds to its group.
func groupRule(part Resource) (id, path string, rules []Rule) {
	id = part.Text("security_group_id")
	return id, part.Text("type"), from(part, blockRules(part.State, id))
}

var vpcRuleAttributes = []string{
	"security_group_id", "ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "description",
}

// vpcRule is what an aws_vpc_security_group_ingress_rule or _egress_rule adds to its group.
func vpcRule(path string) func(Resource) (string, string, []Rule) {
	return func(part Resource) (string, string, []Rule) {
		for _, name := range []string{"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"} {
			if peer := part.Text(name); peer != "" {
				rule := newRule(part.Text("ip_protocol"), number(part.State["from_port"]), number(part.State["to_port"]), peer, part.Text("description"))
				return part.Text("security_group_id"), path, from(part, []Rule{rule})
			}
		}
		return part.Text("security_group_id"), path, nil
	}
}

func from(part Resource, rules []Rule) []Rule {
	for i := range rules {
		rules[i].Source = part.Address
	}
	return rules
}

func readGroups(ctx context.Context, client EC2API, batch Batch) (map[Address]Outcome, error) {
	listed := map[string]types.SecurityGroup{}
	input := &ec2.DescribeSecurityGroupsInput{Filters: ec2Filter("group-id", batch.Resources), MaxResults: aws.Int32(ec2Page)}
	for {
		page, err := call(ctx, batch.Caller, client.DescribeSecurityGroups, input)
		if err != nil {
			return nil, err
		}
		for _, group := range page.SecurityGroups {
			listed[aws.ToString(group.GroupId)] = group
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		input.NextToken = page.NextToken
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		if group, ok := listed[resource.ID]; ok {
			return found(groupTable, group, resource)
		}
		return missing(ctx, batch.Caller, resource, func(ctx context.Context) (*Outcome, error) {
			page, err := call(ctx, batch.Caller, client.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{resource.ID}})
			if err != nil || len(page.SecurityGroups) != 1 {
				return nil, err
			}
			outcome := found(groupTable, page.SecurityGroups[0], resource)
			return &outcome, nil
		})
	}), nil
}
