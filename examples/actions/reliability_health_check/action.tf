variable "release" {
  type = string
}

variable "api_key" {
  type      = string
  sensitive = true # an action's configuration is shown in the plan
}

# By hand:  terraform apply -invoke=action.reliability_health_check.site
action "reliability_health_check" "site" {
  config {
    checks = {
      site = {
        http = {
          url               = "https://www.example.com/health"
          sensitive_headers = { "X-Api-Key" = var.api_key }
          expect            = { json = { "json.status" = "ok" } }
        }
      }
      name = { dns = { name = "www.example.com", min_answers = 1 } }
    }
    timeout = "2m"
  }
}

# And after each release, as a smoke test that does not hold it up.
resource "terraform_data" "release" {
  input = var.release

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.reliability_health_check.site]
    }
  }
}
