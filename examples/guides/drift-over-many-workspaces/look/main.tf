terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

# One look at one workspace: the map starts it once for each, with TF_VAR_workspace.
variable "workspace" {
  description = "Workspace to look at: the key of its state without /terraform.tfstate."
  type        = string
  default     = "network"
}

variable "bucket" {
  description = "Bucket of the states."
  type        = string
  default     = "example-states"
}

provider "reliability" {
  metrics = { dimensions = { Stack = var.workspace } }
}

data "reliability_drift" "this" {
  state   = { s3 = { bucket = var.bucket, key = "${var.workspace}/terraform.tfstate", region = "us-east-1" } }
  publish = true # metrics of this workspace; the merge decides over all of them
  report  = { json = "look.report.json" }
}
