resource "reliability_health_gate" "web" {
  checks = { site = { http = { url = "https://www.example.com/health" } } }

  report = {
    json     = "reports/health.json"
    junit    = "reports/health.xml"
    markdown = "reports/health.md"
    html     = "reports/health.html"
  }
}

# The same document without a file, for a policy or another module.
output "slowest_ms" {
  value = max([for check in jsondecode(reliability_health_gate.web.report_json).checks : check.latency_ms]...)
}
