terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  metrics = { dimensions = { Stack = "network" } }
  notify  = { sns_topic_arn = "arn:aws:sns:us-east-1:123456789012:drift" }
}

variable "publish" {
  description = "Whether to tell people: true in the nightly run only."
  type        = bool
  default     = false
}

# The state of another configuration, in the bucket of its S3 backend.
data "reliability_drift" "network" {
  state = {
    s3 = { bucket = "example-states", key = "network/terraform.tfstate", region = "us-east-1" }
  }

  fail_on = "critical"

  # Categories of your own come before the built-in rules; the first that matches decides.
  rules = [
    { type = "aws_vpc", attribute = "enable_dns_*", category = "critical" },
    { attribute = "tags.CostCenter", category = "major" },
  ]

  # Drift to live with has a reason and ends.
  ignore = [{
    address   = "module.legacy.*"
    attribute = "tags"
    reason    = "the cost team tags these by hand until they are gone"
    expires   = "2027-01-31"
  }]

  # What is in AWS and in no state.
  unmanaged = ["aws_security_group", "aws_iam_role"]

  cost        = {}
  attribution = true
  publish     = var.publish

  report = {
    json     = "reports/drift.json"
    sarif    = "reports/drift.sarif"
    markdown = "reports/drift.md"

    config_dir = "../network" # where its configuration is, for the lines in the SARIF file
  }
}

# Everything that the providers of another configuration know, at the speed of terraform plan.
data "reliability_drift" "everything" {
  count = var.publish ? 1 : 0

  state   = { working_dir = "../network" }
  source  = "refresh"
  timeout = "30m"
}

# Only a warning, whatever it finds.
check "tags" {
  data "reliability_drift" "tags" {
    state   = { path = "../shared/terraform.tfstate" }
    fail_on = "minor"
  }

  assert {
    condition     = data.reliability_drift.tags.unverified == 0
    error_message = "Some of the shared stack could not be read."
  }
}

output "drift" {
  value = {
    coverage_percent = data.reliability_drift.network.coverage_percent
    monthly_cost     = data.reliability_drift.network.monthly_cost_delta
    cost_complete    = data.reliability_drift.network.cost_complete
    who              = { for i in data.reliability_drift.network.items : i.address => i.changed_by }
    put_back         = flatten(data.reliability_drift.network.items[*].remediation)
  }
}
