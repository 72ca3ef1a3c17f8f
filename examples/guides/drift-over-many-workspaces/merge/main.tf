terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "folder" {
  description = "Folder with NAME.report.json of each look, and NAME.plan.json (terraform show -json) of each refresh; a name may lead through folders."
  type        = string
  default     = "reports"
}

variable "workspaces" {
  description = "Names of all workspaces: one that has no report was not looked at."
  type        = set(string)
  default     = []
}

locals {
  reports = { for name in fileset(var.folder, "**/*.report.json") : trimsuffix(name, ".report.json") => jsondecode(file("${var.folder}/${name}")) }
  plans   = { for name in fileset(var.folder, "**/*.plan.json") : trimsuffix(name, ".plan.json") => provider::reliability::drift_report(file("${var.folder}/${name}")) }

  items = concat(
    flatten([for workspace, report in local.reports : [for item in report.items : {
      workspace = workspace, address = item.address, category = item.category, reason = item.reason
    }]]),
    flatten([for workspace, items in local.plans : [for item in items : {
      workspace = workspace, address = item.address, category = item.category, reason = item.reason
    }]]),
  )

  counts     = { for category in ["critical", "major", "minor"] : category => length([for item in local.items : item if item.category == category]) }
  unverified = sum(concat([0], [for report in values(local.reports) : report.summary.unverified]))
  missing    = setsubtract(var.workspaces, concat(keys(local.reports), keys(local.plans)))
}

output "summary" {
  value = merge(local.counts, { workspaces = length(local.reports) + length(local.plans), unverified = local.unverified })
}

output "missing" {
  description = "Workspaces that nobody looked at: as bad as drift that nobody saw."
  value       = local.missing
}

output "critical" {
  value = [for item in local.items : "${item.workspace}: ${item.address}: ${item.reason}" if item.category == "critical"]
}
