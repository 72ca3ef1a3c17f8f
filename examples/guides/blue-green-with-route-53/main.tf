terraform {
  required_providers {
    aws         = { source = "hashicorp/aws" }
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  # The journal of a switch outlives the machine that makes it.
  store = { s3 = { bucket = "shop-deployments" } }
}

variable "zone_id" {
  type        = string
  description = "Hosted zone of shop.example."
}

variable "active" {
  type        = string
  description = "Colour that serves once the apply is done."
  default     = "blue"
}

variable "watch" {
  type        = string
  description = "How long each step, and then the whole, is watched."
  default     = "2m"
}

locals {
  sides = {
    blue  = { address = "192.0.2.10", health = "https://blue.shop.example/health" }
    green = { address = "192.0.2.20", health = "https://green.shop.example/health" }
  }
}

# hashicorp/aws owns the records: name, type, value, TTL. It gives them their first weights, and looks away from then on.
resource "aws_route53_record" "www" {
  for_each = local.sides

  zone_id        = var.zone_id
  name           = "www.shop.example"
  type           = "A"
  ttl            = 30
  records        = [each.value.address]
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
  active      = var.active
  strategy    = { type = "canary", steps = [10, 50], interval = var.watch, bake = var.watch }
  max_retries = 1
  retry_delay = "2s"
  checks      = { site = { http = { url = local.sides[var.active].health } } }

  routes = {
    www = { route53 = {
      zone_id = var.zone_id
      name    = aws_route53_record.www["blue"].fqdn
      type    = "A"
      blue    = { set_identifier = aws_route53_record.www["blue"].set_identifier }
      green   = { set_identifier = aws_route53_record.www["green"].set_identifier }
    } }
  }
}

output "live" {
  value = reliability_blue_green_switch.www.live
}
