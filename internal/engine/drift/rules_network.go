package drift

// networkRules are for what lies in a VPC.
var networkRules = []rule{
	{"aws_subnet", "map_public_ip_on_launch", "true", Critical, "new instances get public addresses"},
	{"aws_subnet", "map_public_ip_on_launch", "", Critical, "new instances get no public addresses: they are cut off from the internet"},
	{"aws_subnet", "ipv6_cidr_block", "", Critical, "without its IPv6 range, everything that uses IPv6 is cut off"},
	{"aws_subnet", "assign_ipv6_address_on_creation", "", Major, "new interfaces get, or no longer get, IPv6 addresses"},
	{"aws_subnet", "*owned_ip*", "", Major, "new interfaces get other addresses"},
	{"aws_subnet", "enable_*", "", Major, "names and devices inside the subnet differ"},
	{"aws_subnet", "private_dns_hostname_type_on_launch", "", Major, "new instances get other names"},

	{"aws_internet_gateway", "vpc_id", "", Critical, "the VPC lost or got its way to the internet"},
	{"aws_nat_gateway", "secondary_*", "", Major, "traffic leaves from other addresses"},

	{"aws_vpc_endpoint", "policy", "", Critical, "who may do what through the endpoint has changed"},
	{"aws_vpc_endpoint", "private_dns_enabled", "", Critical, "names lead past the endpoint, or to it"},
	{"aws_vpc_endpoint", "route_table_ids", "", Critical, "other subnets use the endpoint"},
	{"aws_vpc_endpoint", "subnet_ids", "", Critical, "the endpoint is in other subnets"},
	{"aws_vpc_endpoint", "security_group_ids", "", Critical, "who may reach the endpoint has changed"},
	{"aws_vpc_endpoint", "ip_address_type", "", Major, "the endpoint has addresses of another kind"},
	{"aws_vpc_endpoint", "dns_options.*", "", Major, "names lead to addresses of another kind"},

	{"aws_route_table", "route.*", "", Critical, "traffic takes another way, or none: a route opens the internet, or cuts it off"},
	{"aws_route_table", "propagating_vgws", "", Critical, "routes of a gateway come by themselves, or no longer do"},
	{"aws_route_table_association", "*", "", Critical, "the subnet's traffic takes another way"},

	{"aws_network_acl", "ingress.*", "", Critical, "who may reach the subnets has changed"},
	{"aws_network_acl", "egress.*", "", Critical, "what the subnets may reach has changed"},
	{"aws_network_acl", "subnet_ids", "", Critical, "the ACL guards other subnets"},

	{"aws_vpc_security_group_*_rule", "*", "", Critical, "who may reach what has changed"},
}
