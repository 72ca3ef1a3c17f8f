# Puts back the latest deployment unless it was committed: one whose gate closed it as succeeded stays, and one that was put back
# already is left alone. Runs on its own state, which may be thrown away: the history lies in the store.

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

provider "reliability" {
  store   = var.store == null ? null : { s3 = var.store }
  metrics = {}
  notify  = { sns_topic_arn = var.topic_arn }
}

resource "reliability_rollback" "this" {
  snapshot_id = "${var.name}/open"
  reason      = var.reason
  on_complete = "ok" # the build is red already
}

output "rollback" {
  description = "How it ended."
  value       = reliability_rollback.this.status
}
