package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newRoutes reads route tables, the routes that are resources of their own, and what tables are associated with.
func newRoutes(clients *awsapi.Clients) Reader {
	return service{
		ec2Described[types.RouteTable]{
			filter: "route-table-id", page: routeTablePage, table: routeTableTable, id: func(t types.RouteTable) *string { return t.RouteTableId },
			thing: func(t types.RouteTable) Thing {
				thing := ec2Thing(t.RouteTableId, t.Tags)
				for _, association := range t.Associations {
					if aws.ToBool(association.Main) {
						thing.Excluded = excludedMainTable
					}
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_route_table", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RouteTable.html"}),
		{Spec: Spec{Type: "aws_route", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html", Context: routeContext(), Part: &Part{OwnerType: "aws_route_table", Owner: routePart}}},
		ec2Described[types.RouteTableAssociation]{
			filter: "association.route-table-association-id", page: associationPage, table: associationTable,
			id: func(a types.RouteTableAssociation) *string { return a.RouteTableAssociationId },
		}.kind(clients, Spec{Type: "aws_route_table_association", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RouteTableAssociation.html"}),
	}
}

// A route is told from its table's others by its destination, and has one target.
var (
	routeDestinations = []string{"cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"}
	routeTargets      = []string{
		"carrier_gateway_id", "core_network_arn", "egress_only_gateway_id", "gateway_id", "local_gateway_id", "nat_gateway_id",
		"network_interface_id", "transit_gateway_id", "vpc_endpoint_id", "vpc_peering_connection_id",
	}
)

var routeBlocks = Blocks{Key: routeDestinations, Fields: routeTargets, Canon: func(field, value string) string {
	if strings.HasSuffix(field, "cidr_block") {
		return canonicalPeer(value)
	}
	return value
}}

// The VPC of a route table cannot be changed. Routes that propagate from a gateway, and those that a gateway endpoint
// adds, come by themselves.
var routeTableTable = []field[types.RouteTable]{
	{Attribute{Path: "route", API: "Routes", Kind: Map, Blocks: &routeBlocks}, liveRoutes},
	{Attribute{Path: "propagating_vgws", API: "PropagatingVgws", Kind: Set}, func(t types.RouteTable, _ Resource) any {
		return eachText(t.PropagatingVgws, func(g types.PropagatingVgw) *string { return g.GatewayId })
	}},
	{tagsAttribute("Tags"), func(t types.RouteTable, _ Resource) any { return ec2Tags(t.Tags) }},
}

const localGateway = "local"

func liveRoutes(table types.RouteTable, resource Resource) any {
	var blocks []map[string]any
	for _, route := range table.Routes {
		gateway, endpoint := aws.ToString(route.GatewayId), ""
		if strings.HasPrefix(gateway, "vpce-") {
			gateway, endpoint = "", gateway
		}
		block := map[string]any{
			"cidr_block": route.DestinationCidrBlock, "ipv6_cidr_block": route.DestinationIpv6CidrBlock, "destination_prefix_list_id": route.DestinationPrefixListId,
			"carrier_gateway_id": route.CarrierGatewayId, "core_network_arn": route.CoreNetworkArn, "egress_only_gateway_id": route.EgressOnlyInternetGatewayId,
			"gateway_id": gateway, "local_gateway_id": route.LocalGatewayId, "nat_gateway_id": route.NatGatewayId, "network_interface_id": route.NetworkInterfaceId,
			"transit_gateway_id": route.TransitGatewayId, "vpc_endpoint_id": endpoint, "vpc_peering_connection_id": route.VpcPeeringConnectionId,
		}
		switch {
		case route.Origin == types.RouteOriginEnableVgwRoutePropagation:
		case route.DestinationPrefixListId != nil && endpoint != "": // of a gateway endpoint
		case gateway == localGateway && !holdsLocal(resource, routeBlocks.key(block)):
		default:
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// holdsLocal tells that the state holds the local route of a destination, which every table has by itself.
func holdsLocal(resource Resource, destination string) bool {
	own := routeBlocks.blockMap(resource.Value("route"))
	for _, addition := range resource.Merged {
		routeBlocks.add(own, addition.Block)
	}
	return own[destination+".gateway_id"] == localGateway
}

func routeContext() []string {
	return append([]string{"route_table_id", "destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"}, routeTargets...)
}

// routePart is what an aws_route adds to its table.
func routePart(part Resource) (id string, adds Addition) {
	block := map[string]any{
		"cidr_block": part.Value("destination_cidr_block"), "ipv6_cidr_block": part.Value("destination_ipv6_cidr_block"),
		"destination_prefix_list_id": part.Value("destination_prefix_list_id"),
	}
	for _, target := range routeTargets {
		block[target] = part.Value(target)
	}
	return part.Text("route_table_id"), Addition{Path: "route", Block: block, Source: part.Address}
}

func routeTablePage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.RouteTable, *string, error) {
	page, err := call(ctx, caller, client.DescribeRouteTables, &ec2.DescribeRouteTablesInput{
		Filters: ask.filters, RouteTableIds: ask.ids, NextToken: ask.token, MaxResults: routePageSize(ask),
	})
	if err != nil {
		return nil, nil, err
	}
	return page.RouteTables, page.NextToken, nil
}

// routePageSize: MaxResults goes up to 100 here, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html.
func routePageSize(ask ec2Ask) *int32 {
	if ask.size == nil {
		return nil
	}
	return aws.Int32(100)
}

// What is associated cannot be changed without another association.
var associationTable = []field[types.RouteTableAssociation]{
	{Attribute{Path: "route_table_id", API: "Associations.RouteTableId"}, func(a types.RouteTableAssociation, _ Resource) any { return a.RouteTableId }},
	{Attribute{Path: "subnet_id", API: "Associations.SubnetId"}, func(a types.RouteTableAssociation, _ Resource) any { return a.SubnetId }},
	{Attribute{Path: "gateway_id", API: "Associations.GatewayId"}, func(a types.RouteTableAssociation, _ Resource) any { return a.GatewayId }},
}

// associationPage takes the associations out of their tables; the targeted question is a filter of one id.
func associationPage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.RouteTableAssociation, *string, error) {
	if ask.ids != nil {
		ask = ec2Ask{filters: []types.Filter{{Name: aws.String("association.route-table-association-id"), Values: ask.ids}}}
	}
	tables, next, err := routeTablePage(ctx, client, caller, ask)
	var associations []types.RouteTableAssociation
	for _, table := range tables {
		associations = append(associations, without(table.Associations, func(a types.RouteTableAssociation) bool {
			return a.AssociationState != nil && a.AssociationState.State == types.RouteTableAssociationStateCodeDisassociated
		})...)
	}
	return associations, next, err
}
