# What `make demo` applies: one release that guards itself, and a drift gate in front of it.

terraform {
  required_providers {
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

variable "release" {
  type        = string
  description = "Release to bring out."
}

variable "active" {
  type        = string
  description = "Colour that serves once the release is out."
}

variable "colour_urls" {
  type        = map(string)
  description = "Where each colour answers, past the edge."
}

variable "zone_id" {
  type        = string
  description = "Hosted zone of www.shop.example."
}

variable "deployer" {
  type        = string
  description = "Command that puts a release on the idle colour."
}

variable "network_state" {
  type        = string
  description = "State file of the network that the shop runs in."
}

provider "reliability" {
  health = { timeout = "30s", max_retries = 2, retry_delay = "500ms" }
}

# Nothing is released into a network that somebody changed by hand.
data "reliability_drift" "network" {
  state   = { path = var.network_state }
  fail_on = "critical"
}

# 1. What serves now, as a rollback target.
resource "reliability_deployment_snapshot" "before" {
  name    = "shop"
  release = var.release
  targets = {
    api    = { lambda_alias = { function_name = "shop-api", name = "live" } }
    assets = { s3_bucket = { bucket = "shop-assets" } }
  }
}

# 2. The team's own deployment: a new Lambda version, new assets, new code on the idle colour.
resource "terraform_data" "release" {
  triggers_replace = reliability_deployment_snapshot.before.id
  input            = { release = var.release, colour = var.active }

  provisioner "local-exec" {
    command = "${var.deployer} ${var.release} ${var.active}"
  }
}

# 3. The idle colour must be well before anybody is sent to it.
resource "reliability_health_gate" "ready" {
  triggers = { release = terraform_data.release.id }
  checks = {
    site = { http = { url = "${var.colour_urls[var.active]}/health", expect = { json = { "json.status" = "ok" } } } }
    api  = { lambda = { function_name = "shop-api", qualifier = "live", expect = { success = "payload.ok == true" } } }
  }
}

# 4. Traffic moves step by step, and back at the first bad sign; the code follows it back.
resource "reliability_blue_green_switch" "shop" {
  active      = var.active
  snapshot_id = reliability_deployment_snapshot.before.id
  routes = {
    www = {
      route53 = {
        zone_id = var.zone_id
        name    = "www.shop.example"
        type    = "A"
        blue    = { set_identifier = "blue" }
        green   = { set_identifier = "green" }
      }
    }
  }
  strategy = { type = "canary", steps = [10, 50], interval = "2s", bake = "3s" }

  checks = {
    site = { http = { url = "${var.colour_urls[var.active]}/health", expect = { json = { "json.status" = "ok" } } } }
  }
  max_retries       = 0
  max_recovery_time = "3m"

  depends_on = [reliability_health_gate.ready]
}

output "live" {
  value = reliability_blue_green_switch.shop.live
}
