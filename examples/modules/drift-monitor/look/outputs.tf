output "verdict" {
  description = "How many resources drifted critically, how many of them not by the apply that runs, and how many could not be verified: for look.sh."
  value       = "${data.reliability_drift.found.critical} ${length(local.by_others)} ${data.reliability_drift.found.unverified}"
}

output "report" {
  description = "All that was found, as JSON."
  value       = data.reliability_drift.found.report_json
}

output "report_by_others" {
  description = "What others did, as JSON."
  value = jsonencode(merge(local.report, {
    items   = [for item in local.report.items : item if contains(local.by_others, item.address)]
    summary = merge(local.report.summary, { total = length(local.by_others), critical = length(local.by_others), major = 0, minor = 0, monthly_cost_delta = null, cost_complete = false })
  }))
}
