package live

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func vpcKind(client ec2Client) kind {
	return listing[liveVPC, EC2API]{
		client: client, pages: vpcPages, probe: probeVPC, outcome: vpcOutcome, table: vpcTable,
		id: func(vpc liveVPC) string { return aws.ToString(vpc.VpcId) },
		thing: func(vpc liveVPC) Thing {
			thing := Thing{ID: aws.ToString(vpc.VpcId), Name: ec2Tags(vpc.Tags)["Name"]}
			if aws.ToBool(vpc.IsDefault) {
				thing.Excluded = excludedDefaultVPC
			}
			return thing
		},
	}.kind(Spec{
		Type: "aws_vpc", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html", Context: []string{"ipv6_association_id"},
	})
}

// liveVPC is a VPC with the attributes that have a call of their own; nil where that call failed.
type liveVPC struct {
	types.Vpc
	dnsSupport, dnsHostnames *bool
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

func vpcPages(ctx context.Context, client EC2API, caller *Caller, resources []Resource) ([]liveVPC, error) {
	input := &ec2.DescribeVpcsInput{Filters: ec2Filter("vpc-id", resources), MaxResults: aws.Int32(ec2Page)}
	return pages(ctx, caller, client.DescribeVpcs, input, func(page *ec2.DescribeVpcsOutput) ([]liveVPC, bool) {
		input.NextToken = page.NextToken
		return asVPCs(page.Vpcs), aws.ToString(page.NextToken) != ""
	})
}

func asVPCs(vpcs []types.Vpc) []liveVPC {
	return wrapped(vpcs, func(vpc types.Vpc) liveVPC { return liveVPC{Vpc: vpc} })
}

func probeVPC(ctx context.Context, client EC2API, caller *Caller, resource Resource) (*liveVPC, error) {
	page, err := call(ctx, caller, client.DescribeVpcs, &ec2.DescribeVpcsInput{VpcIds: []string{resource.ID}})
	if err != nil {
		return nil, err
	}
	return only(asVPCs(page.Vpcs)), nil
}

// vpcOutcome reads the two attributes that no listing tells: one call each,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcAttribute.html.
func vpcOutcome(ctx context.Context, client EC2API, caller *Caller, whole liveVPC, resource Resource) Outcome {
	read := func(name types.VpcAttributeName) (*ec2.DescribeVpcAttributeOutput, error) {
		return call(ctx, caller, client.DescribeVpcAttribute, &ec2.DescribeVpcAttributeInput{VpcId: whole.VpcId, Attribute: name})
	}
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
