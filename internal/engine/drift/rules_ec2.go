package drift

// ec2Rules are for networks.
var ec2Rules = []rule{
	{"aws_vpc", "ipv6_cidr_block", "", Critical, "without its IPv6 range, everything that uses IPv6 is cut off"},
	{"aws_vpc", "enable_dns_*", "", Major, "names resolve differently inside the VPC; private endpoints depend on it"},
	{"aws_vpc", "instance_tenancy", "", Major, "new instances run on other hardware, at another price"},

	{"aws_security_group", "*.description", "", Minor, "a rule's description changes no behaviour"},
	{"aws_security_group", "ingress", "", Critical, "who may reach it has changed"},
	{"aws_security_group", "egress", "", Critical, "what it may reach has changed"},
}
