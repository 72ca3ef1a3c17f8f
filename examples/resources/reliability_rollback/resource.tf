variable "back" {
  type        = bool
  description = "Put the last good deployment back."
  default     = false
}

# terraform apply -var back=true
resource "reliability_rollback" "shop" {
  when        = var.back
  snapshot_id = "shop/last_good"
  reason      = "checkout fails since the last release"

  verify = {
    checks  = { site = { http = { url = "https://www.shop.example/health" } } }
    timeout = "2m"
  }
  max_recovery_time = "5m"

  report = {
    junit = "reports/rollback.xml"
    html  = "reports/rollback.html"
  }
}
