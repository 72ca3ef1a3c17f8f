# terraform apply -invoke=action.reliability_rollback.web
action "reliability_rollback" "web" {
  config {
    snapshot_id = "web/last_good"
    reason      = "customers cannot pay"
    verify = {
      checks = {
        site = { http = { url = "https://www.example.com/health" } }
      }
    }
    report = { html = "reports/rollback.html" }
  }
}
