variable "release" {
  type = string
}

variable "api_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Runs after each new release and ends the apply in an error unless everything is well.
resource "reliability_health_gate" "web" {
  triggers = { release = var.release }

  checks = {
    # Expressions see status, headers, body, json and latency_ms.
    site = {
      http = {
        url        = "https://www.example.com/health"
        headers_wo = { "X-Api-Key" = var.api_key } # in no plan and no state
        wo_version = 1
        expect = {
          json        = { "json.status" = "ok" }
          failure     = "json.status == \"broken\"" # no use in trying again
          max_latency = "800ms"
        }
      }
    }

    # The new side, before DNS points to it.
    green = {
      http = { url = "https://www.example.com/health", connect_to = "192.0.2.20:443" }
    }

    cache    = { tcp = { address = "cache.example.internal:6379", send = "PING\r\n", expect = "+PONG" } }
    name     = { dns = { name = "www.example.com", min_answers = 2 } }
    database = { lambda = { function_name = "check-database", qualifier = "live", expect = { success = "payload.connected == true" }, max_duration = "3s" } }
    alarms   = { alarm = { names = ["web-5xx", "web-latency"] }, needs = ["site"] }

    # Reported, never blocking.
    docs = { advisory = true, http = { url = "https://docs.example.com" } }
  }

  timeout           = "5m"
  max_retries       = 5
  retry_delay       = "10s"
  backoff           = { multiplier = 2, max_delay = "60s", jitter = 0.2 }
  success_threshold = 3

  report = { json = "${path.root}/health.json" }
}
