package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newSubnets reads subnets and what is attached to a VPC: its internet and NAT gateways and its endpoints.
func newSubnets(clients *awsapi.Clients) Reader {
	return service{
		ec2Described[types.Subnet]{
			filter: "subnet-id", page: subnetPage, table: subnetTable, id: func(s types.Subnet) *string { return s.SubnetId },
			thing: func(s types.Subnet) Thing {
				thing := ec2Thing(s.SubnetId, s.Tags)
				if aws.ToBool(s.DefaultForAz) {
					thing.Excluded = excludedDefaultVPC
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_subnet", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html", Context: []string{"ipv6_cidr_block_association_id"}}),
		ec2Described[types.InternetGateway]{
			filter: "internet-gateway-id", page: internetGatewayPage, table: internetGatewayTable, id: func(g types.InternetGateway) *string { return g.InternetGatewayId },
			thing: func(g types.InternetGateway) Thing { return ec2Thing(g.InternetGatewayId, g.Tags) },
		}.kind(clients, Spec{Type: "aws_internet_gateway", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGateway.html"}),
		ec2Described[types.NatGateway]{
			filter: "nat-gateway-id", page: natGatewayPage, table: natGatewayTable, id: func(g types.NatGateway) *string { return g.NatGatewayId },
			thing: func(g types.NatGateway) Thing { return ec2Thing(g.NatGatewayId, g.Tags) },
		}.kind(clients, Spec{Type: "aws_nat_gateway", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html"}),
		ec2Described[types.VpcEndpoint]{
			filter: "vpc-endpoint-id", page: endpointPage, table: endpointTable, id: func(e types.VpcEndpoint) *string { return e.VpcEndpointId },
			thing: func(e types.VpcEndpoint) Thing {
				thing := ec2Thing(e.VpcEndpointId, e.Tags)
				if aws.ToBool(e.RequesterManaged) {
					thing.Excluded = excludedService
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_vpc_endpoint", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html"}),
	}
}

// The VPC, zone and address range of a subnet cannot be changed.
var subnetTable = []field[types.Subnet]{
	{Attribute{Path: "map_public_ip_on_launch", API: "MapPublicIpOnLaunch", Default: false}, func(s types.Subnet, _ Resource) any { return s.MapPublicIpOnLaunch }},
	{Attribute{Path: "assign_ipv6_address_on_creation", API: "AssignIpv6AddressOnCreation", Default: false}, func(s types.Subnet, _ Resource) any { return s.AssignIpv6AddressOnCreation }},
	{Attribute{Path: "ipv6_cidr_block", API: "Ipv6CidrBlockAssociationSet"}, subnetIPv6},
	{Attribute{Path: "enable_dns64", API: "EnableDns64", Default: false}, func(s types.Subnet, _ Resource) any { return s.EnableDns64 }},
	{Attribute{Path: "customer_owned_ipv4_pool", API: "CustomerOwnedIpv4Pool"}, func(s types.Subnet, _ Resource) any { return s.CustomerOwnedIpv4Pool }},
	{Attribute{Path: "map_customer_owned_ip_on_launch", API: "MapCustomerOwnedIpOnLaunch", Default: false}, func(s types.Subnet, _ Resource) any { return s.MapCustomerOwnedIpOnLaunch }},
	{Attribute{Path: "enable_lni_at_device_index", API: "EnableLniAtDeviceIndex", Default: 0}, func(s types.Subnet, _ Resource) any { return s.EnableLniAtDeviceIndex }},
	{
		Attribute{Path: "private_dns_hostname_type_on_launch", API: "PrivateDnsNameOptionsOnLaunch.HostnameType"},
		subnetNames(func(o *types.PrivateDnsNameOptionsOnLaunch) any { return string(o.HostnameType) }),
	},
	{
		Attribute{Path: "enable_resource_name_dns_a_record_on_launch", API: "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord", Default: false},
		subnetNames(func(o *types.PrivateDnsNameOptionsOnLaunch) any { return o.EnableResourceNameDnsARecord }),
	},
	{
		Attribute{Path: "enable_resource_name_dns_aaaa_record_on_launch", API: "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord", Default: false},
		subnetNames(func(o *types.PrivateDnsNameOptionsOnLaunch) any { return o.EnableResourceNameDnsAAAARecord }),
	},
	{tagsAttribute("Tags"), func(s types.Subnet, _ Resource) any { return ec2Tags(s.Tags) }},
}

func subnetNames(get func(*types.PrivateDnsNameOptionsOnLaunch) any) func(types.Subnet, Resource) any {
	return func(s types.Subnet, _ Resource) any {
		if s.PrivateDnsNameOptionsOnLaunch == nil {
			return unread
		}
		return get(s.PrivateDnsNameOptionsOnLaunch)
	}
}

// subnetIPv6 is the range of the association that the state names.
func subnetIPv6(s types.Subnet, resource Resource) any {
	id := resource.Text("ipv6_cidr_block_association_id")
	if id == "" {
		return unread
	}
	for _, association := range s.Ipv6CidrBlockAssociationSet {
		if aws.ToString(association.AssociationId) == id && association.Ipv6CidrBlockState != nil &&
			association.Ipv6CidrBlockState.State == types.SubnetCidrBlockStateCodeAssociated {
			return association.Ipv6CidrBlock
		}
	}
	return nil
}

func subnetPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.Subnet, *string, error) {
	page, err := call(ctx, caller, client.DescribeSubnets, &ec2.DescribeSubnetsInput{Filters: ask.filters, SubnetIds: ask.ids, NextToken: ask.token, MaxResults: ask.size})
	if err != nil {
		return nil, nil, err
	}
	return page.Subnets, page.NextToken, nil
}

var internetGatewayTable = []field[types.InternetGateway]{
	{Attribute{Path: "vpc_id", API: "Attachments.VpcId"}, func(g types.InternetGateway, _ Resource) any {
		if len(g.Attachments) == 0 {
			return nil
		}
		return g.Attachments[0].VpcId
	}},
	{tagsAttribute("Tags"), func(g types.InternetGateway, _ Resource) any { return ec2Tags(g.Tags) }},
}

func internetGatewayPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.InternetGateway, *string, error) {
	page, err := call(ctx, caller, client.DescribeInternetGateways, &ec2.DescribeInternetGatewaysInput{
		Filters: ask.filters, InternetGatewayIds: ask.ids, NextToken: ask.token, MaxResults: ask.size,
	})
	if err != nil {
		return nil, nil, err
	}
	return page.InternetGateways, page.NextToken, nil
}

// The subnet, connectivity and first address of a NAT gateway cannot be changed.
var natGatewayTable = []field[types.NatGateway]{
	{Attribute{Path: "secondary_allocation_ids", API: "NatGatewayAddresses.AllocationId", Kind: Set}, natGatewaySecondary(func(a types.NatGatewayAddress) *string { return a.AllocationId })},
	{Attribute{Path: "secondary_private_ip_addresses", API: "NatGatewayAddresses.PrivateIp", Kind: Set}, natGatewaySecondary(func(a types.NatGatewayAddress) *string { return a.PrivateIp })},
	{tagsAttribute("Tags"), func(g types.NatGateway, _ Resource) any { return ec2Tags(g.Tags) }},
}

func natGatewaySecondary(get func(types.NatGatewayAddress) *string) func(types.NatGateway, Resource) any {
	return func(g types.NatGateway, _ Resource) any {
		var secondary []string
		for _, address := range g.NatGatewayAddresses {
			if text := aws.ToString(get(address)); address.IsPrimary != nil && !*address.IsPrimary && text != "" {
				secondary = append(secondary, text)
			}
		}
		return secondary
	}
}

// natGatewayPage leaves out gateways that are gone: "deleted" ones are listed for about an hour,
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html#nat-gateway-deleting.
func natGatewayPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.NatGateway, *string, error) {
	page, err := call(ctx, caller, client.DescribeNatGateways, &ec2.DescribeNatGatewaysInput{
		Filter: ask.filters, NatGatewayIds: ask.ids, NextToken: ask.token, MaxResults: ask.size,
	})
	if err != nil {
		return nil, nil, err
	}
	return without(page.NatGateways, func(g types.NatGateway) bool {
		return g.State == types.NatGatewayStateDeleted || g.State == types.NatGatewayStateDeleting
	}), page.NextToken, nil
}

// The VPC, service and kind of an endpoint cannot be changed.
var endpointTable = []field[types.VpcEndpoint]{
	{Attribute{Path: "policy", API: "PolicyDocument", Kind: Policy}, func(e types.VpcEndpoint, _ Resource) any { return optional(e.PolicyDocument) }},
	{Attribute{Path: "private_dns_enabled", API: "PrivateDnsEnabled", Default: false}, func(e types.VpcEndpoint, _ Resource) any { return e.PrivateDnsEnabled }},
	{Attribute{Path: "route_table_ids", API: "RouteTableIds", Kind: Set}, func(e types.VpcEndpoint, _ Resource) any { return e.RouteTableIds }},
	{Attribute{Path: "subnet_ids", API: "SubnetIds", Kind: Set}, func(e types.VpcEndpoint, _ Resource) any { return e.SubnetIds }},
	{Attribute{Path: "security_group_ids", API: "Groups.GroupId", Kind: Set}, func(e types.VpcEndpoint, _ Resource) any {
		return eachText(e.Groups, func(g types.SecurityGroupIdentifier) *string { return g.GroupId })
	}},
	{Attribute{Path: "ip_address_type", API: "IpAddressType", IfSet: true, Fold: true}, func(e types.VpcEndpoint, _ Resource) any { return string(e.IpAddressType) }},
	{Attribute{Path: "dns_options.0.dns_record_ip_type", API: "DnsOptions.DnsRecordIpType", IfSet: true}, func(e types.VpcEndpoint, _ Resource) any {
		if e.DnsOptions == nil {
			return nil
		}
		return string(e.DnsOptions.DnsRecordIpType)
	}},
	{tagsAttribute("Tags"), func(e types.VpcEndpoint, _ Resource) any { return ec2Tags(e.Tags) }},
}

func endpointPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.VpcEndpoint, *string, error) {
	page, err := call(ctx, caller, client.DescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{
		Filters: ask.filters, VpcEndpointIds: ask.ids, NextToken: ask.token, MaxResults: ask.size,
	})
	if err != nil {
		return nil, nil, err
	}
	return without(page.VpcEndpoints, func(e types.VpcEndpoint) bool {
		return e.State == types.StateDeleted || e.State == types.StateDeleting
	}), page.NextToken, nil
}
