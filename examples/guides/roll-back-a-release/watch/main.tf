terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  store = { s3 = { bucket = "example-deployments" } }
}

data "reliability_deployment" "web" {
  name = "web"
}

data "reliability_drift" "web" {
  state = { s3 = { bucket = "example-states", key = "web/terraform.tfstate", region = "eu-west-1" } }
}

locals {
  critical = data.reliability_drift.web.critical > 0
  overdue  = data.reliability_deployment.web.overdue
}

# What the next apply would do; nothing is changed by looking.
data "reliability_rollback_plan" "web" {
  snapshot_id = "web/open"
}

# Only a deployment that is not committed is undone: web/open does nothing where the latest one succeeded.
resource "reliability_rollback" "web" {
  snapshot_id = "web/open"
  when        = local.critical || local.overdue
  reason      = local.critical ? "critical drift" : null # of a timeout the provider words it itself
}

output "would_roll_back" {
  value = data.reliability_rollback_plan.web
}
