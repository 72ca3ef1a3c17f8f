# Puts a deployment back. With "open" only one that was not committed: one whose gate closed it as succeeded stays, and one that was put
# back already is left alone. Runs on its own state, which may be thrown away: the history lies in the store.

terraform {
  required_version = ">= 1.11"

  required_providers {
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

variable "name" {
  description = "The deployment: the `name` of its snapshot."
  type        = string
}

variable "reason" {
  description = "Why it is put back: kept in the history."
  type        = string
}

variable "where" {
  description = "Where to go back to: `open`, `last_good`, or the version of a snapshot, such as `000012`."
  type        = string
  default     = "open"
}

variable "store" {
  description = "The store of the configuration that is put back."
  type        = object({ bucket = string, prefix = optional(string) })
  default     = null
}

variable "topic_arn" {
  description = "Who is told."
  type        = string
  default     = null
}

variable "reports" {
  description = "The folder that reports are written to. By hand, there are none."
  type        = string
  default     = null
}

provider "reliability" {
  store   = var.store == null ? null : { s3 = var.store }
  metrics = {}
  notify  = { sns_topic_arn = var.topic_arn }
}

resource "reliability_rollback" "this" {
  snapshot_id = "${var.name}/${var.where}"
  reason      = var.reason
  on_complete = "ok" # in a build, which is red already; by hand, it is what was asked for
  report      = var.reports == null ? null : { junit = "${var.reports}/rollback.xml", html = "${var.reports}/rollback.html" }
}

# How this one and those before it went: a page to look at.
data "reliability_deployments" "this" {
  name   = var.name
  report = var.reports == null ? null : { html = "${var.reports}/history.html" }

  depends_on = [reliability_rollback.this]
}

output "rollback" {
  description = "How it ended."
  value       = reliability_rollback.this.status
}
