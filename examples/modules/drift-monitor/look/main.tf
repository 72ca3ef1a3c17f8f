# One look. It reads the state and the account, and changes nothing; look.sh decides when what was found is told.

provider "reliability" {
  metrics = { drift_namespace = var.namespace, dimensions = var.dimensions }
  notify  = { sns_topic_arn = var.topic_arn }
}

data "reliability_drift" "found" {
  state       = { s3 = var.state }
  rules       = var.rules
  ignore      = var.ignore
  unmanaged   = var.unmanaged
  cost        = { enabled = var.cost }
  attribution = true

  report = {
    for format, extension in { json = "json", html = "html", markdown = "md", sarif = "sarif", junit = "xml" } : format => "${var.reports}/drift.${extension}"
  }
}

locals {
  report = jsondecode(data.reliability_drift.found.report_json)
  roles  = [for arn in var.pipeline_roles : element(split("/", arn), -1)]

  # CloudTrail knows who, it is not the pipeline, and it happened after the apply began.
  by_others = toset([for item in data.reliability_drift.found.items : item.address if alltrue([
    item.category == "critical",
    item.changed_by != null,
    !anytrue([for role in local.roles : strcontains(coalesce(item.changed_by, "-"), ":assumed-role/${role}/")]),
    timecmp(coalesce(item.changed_at, "1970-01-01T00:00:00Z"), var.since) >= 0,
  ])])
}

# terraform apply -invoke=action.reliability_drift_publish.found
action "reliability_drift_publish" "found" {
  config {
    report_json = fileexists("${var.reports}/told.json") ? file("${var.reports}/told.json") : ""
  }
}
