# The rollout is complete; one that the circuit breaker rolled back fails, although the service is healthy again.
resource "reliability_health_gate" "service" {
  checks = {
    web = { ecs_service = { cluster = "main", service = "web" } }
  }
  timeout     = "15m"
  max_retries = 60
}
