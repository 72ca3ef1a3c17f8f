package live

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// EC2API are the calls of EC2 that reading needs.
type EC2API interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	DescribeVpcAttribute(context.Context, *ec2.DescribeVpcAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

// Pages and filters at their maximum: MaxResults goes up to 1,000 and one filter takes 200 values,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html and
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html. Beyond 200 everything is listed.
const (
	ec2Page         = 1000
	ec2FilterValues = 200
)

type ec2Reader struct {
	client func(ctx context.Context, region string) (EC2API, error)
}

func newEC2(clients *awsapi.Clients) Reader {
	return &ec2Reader{client: func(ctx context.Context, region string) (EC2API, error) { return clients.EC2(ctx, region) }}
}

// Types are VPCs and security groups, with the two kinds of standalone rules that belong to the latter.
func (r *ec2Reader) Types() []Spec {
	return []Spec{
		{
			Type: "aws_vpc", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html",
			Attributes: attributesOf(vpcTable), Context: []string{"tags_all", "ipv6_association_id"},
		},
		{
			Type: "aws_security_group", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html",
			Attributes: attributesOf(groupTable), Context: []string{"tags_all"},
		},
		{Type: "aws_security_group_rule", Context: groupRuleAttributes, Part: &Part{OwnerType: "aws_security_group", Owner: groupRule}},
		{Type: "aws_vpc_security_group_ingress_rule", Context: vpcRuleAttributes, Part: &Part{OwnerType: "aws_security_group", Owner: vpcRule("ingress")}},
		{Type: "aws_vpc_security_group_egress_rule", Context: vpcRuleAttributes, Part: &Part{OwnerType: "aws_security_group", Owner: vpcRule("egress")}},
	}
}

// Read looks at VPCs or security groups.
func (r *ec2Reader) Read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := r.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	if batch.Type == "aws_vpc" {
		return readVPCs(ctx, client, batch)
	}
	return readGroups(ctx, client, batch)
}

// liveVPC is a VPC with the attributes that have a call of their own; nil where that call failed.
type liveVPC struct {
	types.Vpc
	dnsSupport, dnsHostnames *bool
}

func optional[T any](value *T) any {
	if value == nil {
		return unread
	}
	return value
}

// The address range and the owner of a VPC cannot be changed. Its DHCP options, route table, network ACL and default group
// are computed, or set by resources of their own.
var vpcTable = []field[liveVPC]{
	{Attribute{Path: "instance_tenancy", API: "Vpc.InstanceTenancy"}, func(v liveVPC, _ Resource) any { return string(v.InstanceTenancy) }},
	{Attribute{Path: "enable_dns_support", API: "DescribeVpcAttribute.EnableDnsSupport"}, func(v liveVPC, _ Resource) any { return optional(v.dnsSupport) }},
	{Attribute{Path: "enable_dns_hostnames", API: "DescribeVpcAttribute.EnableDnsHostnames"}, func(v liveVPC, _ Resource) any { return optional(v.dnsHostnames) }},
	{Attribute{Path: "ipv6_cidr_block", API: "Vpc.Ipv6CidrBlockAssociationSet"}, vpcIPv6},
	{tagsAttribute("Vpc.Tags"), func(v liveVPC, _ Resource) any { return ec2Tags(v.Tags) }},
}

// vpcIPv6 is the range of the association that the state names; others are resources of their own.
func vpcIPv6(v liveVPC, resource Resource) any {
	id := resource.Text("ipv6_association_id")
	if id == "" {
		return unread
	}
	for _, association := range v.Ipv6CidrBlockAssociationSet {
		if aws.ToString(association.AssociationId) == id && association.Ipv6CidrBlockState != nil &&
			association.Ipv6CidrBlockState.State == types.VpcCidrBlockStateCodeAssociated {
			return association.Ipv6CidrBlock
		}
	}
	return nil
}

func ec2Tags(tags []types.Tag) map[string]string {
	return tagMap(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}

// ec2Filter narrows a listing to the batch, or lists everything when the batch is larger than a filter.
func ec2Filter(name string, resources []Resource) []types.Filter {
	if len(resources) > ec2FilterValues {
		return nil
	}
	values := make([]string, 0, len(resources))
	for _, resource := range resources {
		values = append(values, resource.ID)
	}
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

func readVPCs(ctx context.Context, client EC2API, batch Batch) (map[Address]Outcome, error) {
	listed := map[string]types.Vpc{}
	input := &ec2.DescribeVpcsInput{Filters: ec2Filter("vpc-id", batch.Resources), MaxResults: aws.Int32(ec2Page)}
	for {
		page, err := call(ctx, batch.Caller, client.DescribeVpcs, input)
		if err != nil {
			return nil, err
		}
		for _, vpc := range page.Vpcs {
			listed[aws.ToString(vpc.VpcId)] = vpc
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		input.NextToken = page.NextToken
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		if vpc, ok := listed[resource.ID]; ok {
			return vpcOutcome(ctx, client, batch.Caller, vpc, resource)
		}
		return missing(ctx, batch.Caller, resource, func(ctx context.Context) (*Outcome, error) {
			page, err := call(ctx, batch.Caller, client.DescribeVpcs, &ec2.DescribeVpcsInput{VpcIds: []string{resource.ID}})
			if err != nil || len(page.Vpcs) != 1 {
				return nil, err
			}
			outcome := vpcOutcome(ctx, client, batch.Caller, page.Vpcs[0], resource)
			return &outcome, nil
		})
	}), nil
}

// vpcOutcome reads the two attributes that no listing tells: one call each,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcAttribute.html.
func vpcOutcome(ctx context.Context, client EC2API, caller *Caller, vpc types.Vpc, resource Resource) Outcome {
	read := func(name types.VpcAttributeName) (*ec2.DescribeVpcAttributeOutput, error) {
		return call(ctx, caller, client.DescribeVpcAttribute, &ec2.DescribeVpcAttributeInput{VpcId: vpc.VpcId, Attribute: name})
	}
	whole := liveVPC{Vpc: vpc}
	support, err := read(types.VpcAttributeNameEnableDnsSupport)
	if err == nil && support.EnableDnsSupport != nil {
		whole.dnsSupport = support.EnableDnsSupport.Value
	}
	hostnames, otherErr := read(types.VpcAttributeNameEnableDnsHostnames)
	if otherErr == nil && hostnames.EnableDnsHostnames != nil {
		whole.dnsHostnames = hostnames.EnableDnsHostnames.Value
	}
	outcome := found(vpcTable, whole, resource)
	if whole.dnsSupport == nil || whole.dnsHostnames == nil {
		outcome.Reason = "its DNS attributes could not be read"
		outcome.Err = errors.Join(err, otherErr)
		if outcome.Err == nil {
			outcome.Err = errNoAnswer
		}
	}
	return outcome
}
