resource "reliability_deployment_snapshot" "web" {
  name    = "web"
  release = "2026.11.3"
  targets = { api = { lambda_alias = { function_name = "web", name = "live" } } }
}

resource "reliability_health_gate" "web" {
  checks        = { site = { http = { url = "https://www.example.com/health" } } }
  deployment_id = reliability_deployment_snapshot.web.id
  on_failure    = "record"

  report = {
    json     = "reports/health.json"
    junit    = "reports/health.xml"
    markdown = "reports/health.md"
    html     = "reports/health.html"
  }
}

resource "reliability_rollback" "web" {
  when        = !reliability_health_gate.web.healthy
  snapshot_id = reliability_deployment_snapshot.web.id

  report = {
    junit = "reports/rollback.xml"
    html  = "reports/rollback.html"
  }
}

# The history up to this plan: what became of this release is in the next one.
data "reliability_deployments" "web" {
  name   = "web"
  report = { html = "reports/deployments.html" }
}

# The same document without a file, for a policy or another module.
output "slowest_ms" {
  value = max([for check in jsondecode(reliability_health_gate.web.report_json).checks : check.latency_ms]...)
}
