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

provider "reliability" {
  # A store that outlives the machine: the journal in it tells the next apply what a switch that died had meant to do.
  store = { s3 = { bucket = "shop-deployments", prefix = "reliability" } }
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

variable "guard_role_arn" {
  type        = string
  description = "Role that EventBridge Scheduler assumes to move traffic back when the switch dies."
}

variable "balancers" {
  type        = map(object({ dns_name = string, zone_id = string }))
  description = "The load balancer of each colour."
}

# One name, two records, the same health check settings on both, an alias each (which counts as a TTL of 60 seconds).
resource "aws_route53_record" "shop" {
  for_each = var.balancers

  zone_id        = var.zone_id
  name           = "shop.example"
  type           = "A"
  set_identifier = each.key

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = true
  }

  weighted_routing_policy {
    weight = each.key == "blue" ? 100 : 0
  }

  lifecycle {
    ignore_changes = [weighted_routing_policy]
  }
}

resource "reliability_blue_green_switch" "shop" {
  active = var.active
  strategy = {
    type     = "canary"
    steps    = [5, 25]
    interval = "5m"  # each step is watched this long, once all clients can know of it
    bake     = "15m" # ... and the whole, while blue still stands
    drain    = "20m" # blue is kept at least this long for the connections that it still has
  }

  max_recovery_time = "3m"
  max_retries       = 2
  retry_delay       = "5s"

  checks = {
    health = { http = {
      url        = "https://shop.example/health"
      connect_to = "${var.balancers[var.active].dns_name}:443"
    } }
    errors = { metric = {
      namespace   = "Shop"
      metric_name = "ErrorRate"
      dimensions  = { Colour = var.active }
      statistic   = "Average"
      period      = "1m"
      comparison  = "<="
      threshold   = 0.01
      min_samples = 100 # fewer requests than that say nothing: the step is held, and fails at its end
    } }
  }

  guard = { schedule_role_arn = var.guard_role_arn }

  routes = {
    shop = { route53 = {
      zone_id = var.zone_id
      name    = aws_route53_record.shop["blue"].fqdn
      type    = "A"
      blue    = { set_identifier = "blue" }
      green   = { set_identifier = "green" }
    } }
  }
}
