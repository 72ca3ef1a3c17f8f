package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newNetworkACLs reads network ACLs and the rules of them that are resources of their own.
func newNetworkACLs(clients *awsapi.Clients) Reader {
	return service{
		ec2Described[types.NetworkAcl]{
			filter: "network-acl-id", page: aclPage, table: aclTable, id: func(a types.NetworkAcl) *string { return a.NetworkAclId },
			thing: func(a types.NetworkAcl) Thing {
				thing := ec2Thing(a.NetworkAclId, a.Tags)
				if aws.ToBool(a.IsDefault) {
					thing.Excluded = excludedDefaultACL
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_network_acl", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAcl.html"}),
		{Spec: Spec{Type: "aws_network_acl_rule", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html", Context: aclRuleContext, Part: &Part{OwnerType: "aws_network_acl", Owner: aclRulePart}}},
	}
}

// An entry is told from the ACL's others by its number. Ports and ICMP types that do not apply are 0 in a state.
var aclBlocks = Blocks{
	Key:    []string{"rule_no"},
	Fields: []string{"action", "protocol", "cidr_block", "ipv6_cidr_block", "from_port", "to_port", "icmp_type", "icmp_code"},
	Canon: func(field, value string) string {
		switch {
		case field == "protocol":
			if name, ok := protocols[value]; ok {
				return name
			}
		case field == "cidr_block", field == "ipv6_cidr_block":
			return canonicalPeer(value)
		case field != "action" && value == "0":
			return ""
		}
		return value
	},
}

var aclTable = []field[types.NetworkAcl]{
	{Attribute{Path: "ingress", API: "Entries", Kind: Map, Blocks: &aclBlocks}, aclEntries(false)},
	{Attribute{Path: "egress", API: "Entries", Kind: Map, Blocks: &aclBlocks}, aclEntries(true)},
	{Attribute{Path: "subnet_ids", API: "Associations.SubnetId", Kind: Set}, func(a types.NetworkAcl, _ Resource) any {
		return eachText(a.Associations, func(association types.NetworkAclAssociation) *string { return association.SubnetId })
	}},
	{tagsAttribute("Tags"), func(a types.NetworkAcl, _ Resource) any { return ec2Tags(a.Tags) }},
}

// lastACLRule is the highest number that a rule can have; above it are those that every ACL ends with,
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html.
const lastACLRule = 32766

func aclEntries(egress bool) func(types.NetworkAcl, Resource) any {
	return func(acl types.NetworkAcl, _ Resource) any {
		var blocks []map[string]any
		for _, entry := range acl.Entries {
			if aws.ToBool(entry.Egress) != egress || aws.ToInt32(entry.RuleNumber) > lastACLRule {
				continue
			}
			block := map[string]any{
				"rule_no": entry.RuleNumber, "action": string(entry.RuleAction), "protocol": entry.Protocol,
				"cidr_block": entry.CidrBlock, "ipv6_cidr_block": entry.Ipv6CidrBlock,
			}
			if ports := entry.PortRange; ports != nil {
				block["from_port"], block["to_port"] = ports.From, ports.To
			}
			if icmp := entry.IcmpTypeCode; icmp != nil {
				block["icmp_type"], block["icmp_code"] = icmp.Type, icmp.Code
			}
			blocks = append(blocks, block)
		}
		return blocks
	}
}

var aclRuleContext = []string{
	"network_acl_id", "egress", "rule_number", "rule_action", "protocol", "cidr_block", "ipv6_cidr_block", "from_port", "to_port", "icmp_type", "icmp_code",
}

// aclRulePart is what an aws_network_acl_rule adds to its ACL.
func aclRulePart(part Resource) (id string, adds Addition) {
	block := map[string]any{"rule_no": part.Value("rule_number"), "action": part.Value("rule_action")}
	for _, name := range aclRuleContext[4:] {
		block[name] = part.Value(name)
	}
	path := "ingress"
	if part.Text("egress") == "true" {
		path = "egress"
	}
	return part.Text("network_acl_id"), Addition{Path: path, Block: block, Source: part.Address}
}

func aclPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.NetworkAcl, *string, error) {
	page, err := call(ctx, caller, client.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{
		Filters: ask.filters, NetworkAclIds: ask.ids, NextToken: ask.token, MaxResults: ask.size,
	})
	if err != nil {
		return nil, nil, err
	}
	return page.NetworkAcls, page.NextToken, nil
}
