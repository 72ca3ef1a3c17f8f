terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "name" {
  type = string
}

variable "snapshot" {
  type    = string
  default = null
}

variable "reason" {
  type    = string
  default = null
}

variable "roll_back" {
  type    = bool
  default = false
}

locals {
  snapshot = coalesce(var.snapshot, "${var.name}/last_good")
}

provider "reliability" {
  store = { s3 = { bucket = "example-deployments" } }
}

data "reliability_rollback_plan" "now" {
  snapshot_id = local.snapshot
}

resource "reliability_rollback" "by_hand" {
  snapshot_id = local.snapshot
  reason      = var.reason
  when        = var.roll_back
}

output "rollback" {
  value = data.reliability_rollback_plan.now
}
