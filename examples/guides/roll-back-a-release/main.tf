terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  store = { s3 = { bucket = "example-deployments" } }
}

variable "release" {
  type        = string
  description = "Release that is brought out."
}

# What serves before the release. It opens a deployment in the ledger, which may stay open for half an hour.
resource "reliability_deployment_snapshot" "web" {
  name    = "web"
  release = var.release
  timeout = "30m"
  targets = {
    site = { s3_bucket = { bucket = "www.example.com" } }
    api  = { lambda_alias = { function_name = "api", name = "live" } }
    dns  = { route53_record = { zone_id = "Z0123456789EXAMPLE", name = "www.example.com", type = "A" } }
  }
}

# Stands for what brings the release out: aws_s3_object, aws_lambda_alias, an upload by the pipeline.
resource "terraform_data" "release" {
  input      = var.release
  depends_on = [reliability_deployment_snapshot.web]
}

# It records instead of failing: a failed gate would stop the apply before the rollback.
resource "reliability_health_gate" "web" {
  deployment_id = reliability_deployment_snapshot.web.id
  triggers      = { release = terraform_data.release.output }
  on_failure    = "record"
  checks = {
    site = { http = { url = "https://www.example.com/health" } }
  }
}

# In the same apply: everything that the snapshot holds is put back, and the apply ends red.
resource "reliability_rollback" "web" {
  snapshot_id = reliability_deployment_snapshot.web.id
  when        = !reliability_health_gate.web.healthy

  max_recovery_time = "10m"
  verify            = { checks = { site = { http = { url = "https://www.example.com/health" } } } }
  cleanup           = { new_objects = true, lambda_versions = true }
}
