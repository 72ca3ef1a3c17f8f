# Blocks the plan while what is live is not well: nobody deploys into an incident.
data "reliability_health" "before" {
  checks = {
    site   = { http = { url = "https://www.example.com/health" } }
    alarms = { alarm = { names = ["web-5xx"] } }
  }

  timeout     = "30s"
  max_retries = 2
  retry_delay = "2s"
}
