terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

variable "zone_id" {
  type        = string
  description = "Hosted zone of shop.example."
}

variable "active" {
  type        = string
  description = "Colour that serves once the release is out."
  default     = "blue"
}

locals {
  address = { blue = "192.0.2.10", green = "192.0.2.20" }
}

# hashicorp/aws owns the records: name, type, value, TTL. It gives them their first weights, and looks away from then on.
resource "aws_route53_record" "www" {
  for_each = local.address

  zone_id        = var.zone_id
  name           = "www.shop.example"
  type           = "A"
  ttl            = 30
  records        = [each.value]
  set_identifier = each.key
  weighted_routing_policy {
    weight = each.key == "blue" ? 100 : 0
  }

  lifecycle {
    ignore_changes = [weighted_routing_policy]
  }
}

# The switch owns the weights, both at once.
resource "reliability_blue_green_switch" "www" {
  active   = var.active
  strategy = { type = "canary", steps = [10, 50], interval = "2m", bake = "5m" }
  checks = {
    site = { http = {
      url        = "http://www.shop.example/health"
      connect_to = "${local.address[var.active]}:80"
    } }
  }
  routes = {
    www = { route53 = {
      zone_id = var.zone_id
      name    = "www.shop.example"
      type    = "A"
      blue    = { set_identifier = aws_route53_record.www["blue"].set_identifier }
      green   = { set_identifier = aws_route53_record.www["green"].set_identifier }
    } }
  }
}
