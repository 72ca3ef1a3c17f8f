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
func groupRule(part Resource) (id string, adds Addition) {
	id = part.Text("security_group_id")
	block := make(map[string]any, len(groupRuleAttributes))
	for _, name := range groupRuleAttributes {
		block[name] = part.Value(name)
	}
	return id, addRules(part, part.Text("type"), blockRules(block, id))
}

var vpcRuleAttributes = []string{
	"security_group_id", "ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "description",
}

// vpcRule is what an aws_vpc_security_group_ingress_rule or _egress_rule adds to its group.
func vpcRule(path string) func(Resource) (string, Addition) {
	return func(part Resource) (string, Addition) {
		for _, name := range []string{"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"} {
			if peer := part.Text(name); peer != "" {
				rule := newRule(part.Text("ip_protocol"), number(part.Value("from_port")), number(part.Value("to_port")), peer, part.Text("description"))
				return part.Text("security_group_id"), addRules(part, path, []Rule{rule})
			}
		}
		return part.Text("security_group_id"), addRules(part, path, nil)
	}
}

func addRules(part Resource, path string, rules []Rule) Addition {
	for i := range rules {
		rules[i].Source = part.Address
	}
	return Addition{Path: path, Rules: rules, Source: part.Address}
}

func groupKind(client ec2Client) kind {
	return listing[types.SecurityGroup, EC2API]{
		client: client, table: groupTable,
		id: func(group types.SecurityGroup) string { return aws.ToString(group.GroupId) },
		pages: func(ctx context.Context, client EC2API, caller *Caller, resources []Resource) ([]types.SecurityGroup, error) {
			input := &ec2.DescribeSecurityGroupsInput{Filters: ec2Filter("group-id", resources), MaxResults: aws.Int32(ec2Page)}
			return pages(ctx, caller, client.DescribeSecurityGroups, input, func(page *ec2.DescribeSecurityGroupsOutput) ([]types.SecurityGroup, bool) {
				input.NextToken = page.NextToken
				return page.SecurityGroups, aws.ToString(page.NextToken) != ""
			})
		},
		probe: func(ctx context.Context, client EC2API, caller *Caller, resource Resource) (*types.SecurityGroup, error) {
			page, err := call(ctx, caller, client.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{resource.ID}})
			if err != nil {
				return nil, err
			}
			return only(page.SecurityGroups), nil
		},
		thing: func(group types.SecurityGroup) Thing {
			thing := Thing{ID: aws.ToString(group.GroupId), Name: aws.ToString(group.GroupName)}
			if thing.Name == "default" { // every VPC has one, and it cannot be deleted
				thing.Excluded = excludedDefaultGroup
			}
			return thing
		},
	}.kind(Spec{Type: "aws_security_group", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html"})
}
