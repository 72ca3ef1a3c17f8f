resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  enable_dns_hostnames             = true
  assign_generated_ipv6_cidr_block = true
  tags                             = { Name = "main" }
}

resource "aws_subnet" "a" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.0.1.0/24"
  availability_zone       = "us-east-1a"
  map_public_ip_on_launch = true
  tags                    = { Name = "a" }
}

resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "us-east-1b"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.a.id
  tags          = { Name = "nat" }
}

resource "aws_route_table" "inline" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "standalone" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "standalone" }
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.standalone.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}

resource "aws_route_table_association" "a" {
  route_table_id = aws_route_table.inline.id
  subnet_id      = aws_subnet.a.id
}

resource "aws_network_acl" "inline" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.b.id]
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "10.0.0.0/8"
    from_port  = 443
    to_port    = 443
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_network_acl" "standalone" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl_rule" "in" {
  network_acl_id = aws_network_acl.standalone.id
  rule_number    = 200
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = "10.1.0.0/16"
  from_port      = 22
  to_port        = 22
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.us-east-1.s3"
  route_table_ids = [aws_route_table.inline.id]
  tags            = { Name = "s3" }
}

resource "aws_security_group" "inline" {
  name        = "inline"
  description = "inline rules"
  vpc_id      = aws_vpc.main.id
  ingress {
    description = "https"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "standalone" {
  name        = "standalone"
  description = "standalone rules"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group_rule" "ssh" {
  security_group_id = aws_security_group.standalone.id
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["10.2.0.0/16"]
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  security_group_id            = aws_security_group.standalone.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.inline.id
}

resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.standalone.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

data "aws_security_group" "default" {
  name   = "default"
  vpc_id = aws_vpc.main.id
}

# Rules of a group that is not in the state.
resource "aws_vpc_security_group_ingress_rule" "foreign" {
  security_group_id = data.aws_security_group.default.id
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_ipv4         = "10.9.0.0/16"
  description       = "elsewhere"
}
