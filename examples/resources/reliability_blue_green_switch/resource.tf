variable "active" {
  type        = string
  description = "Colour that serves."
  default     = "blue"
}

locals {
  address = { blue = "192.0.2.10", green = "192.0.2.20" }
}

# 10 %, 50 %, 100 %; back to where it was as soon as a check fails.
resource "reliability_blue_green_switch" "www" {
  active   = var.active
  strategy = { type = "canary", steps = [10, 50], interval = "2m", bake = "10m" }

  # Run against the colour that traffic goes to: before the first step, at each step, and through the bake.
  checks = {
    site = { http = {
      url        = "http://www.shop.example/health"
      connect_to = "${local.address[var.active]}:80"
    } }
  }

  routes = {
    www = { route53 = {
      zone_id = "Z0123456789EXAMPLE"
      name    = "www.shop.example"
      type    = "A"
      blue    = { set_identifier = "blue" }
      green   = { set_identifier = "green" }
    } }
  }

  max_recovery_time = "3m"

  # A page with the weights over time and the health below them.
  report = { html = "reports/switch.html" }
}
