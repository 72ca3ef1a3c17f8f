variable "release" {
  type        = string
  description = "Release that is brought out."
}

# Runs when the release changes, after the function has been updated. While it is unhealthy, every plan proposes to run it again.
resource "reliability_health_gate" "shop" {
  triggers = { release = var.release }

  checks = {
    site = {
      http = {
        url = "https://www.shop.example/health"
        expect = {
          status      = ["200"]
          success     = "json.release == '${var.release}'"
          max_latency = "2s"
        }
      }
    }
    api = {
      needs = ["site"]
      lambda = {
        function_name = "shop-api"
        qualifier     = "live"
        payload       = jsonencode({ probe = true })
      }
    }
    alarms = {
      advisory = true # reported, never blocking
      alarm    = { names = ["shop-5xx"] }
    }
  }

  timeout           = "10m"
  success_threshold = 3
}

# What depends on the gate keeps its old value when the gate fails.
resource "terraform_data" "announce" {
  input      = var.release
  depends_on = [reliability_health_gate.shop]
}
