# A stage of a REST API: the new deployment is its canary, step by step, and is promoted at the end.
resource "reliability_blue_green_switch" "rest" {
  active   = "green"
  strategy = { type = "canary", steps = [5, 25], interval = "5m", bake = "10m" }

  checks = {
    errors = { metric = {
      namespace   = "AWS/ApiGateway"
      metric_name = "5XXError"
      dimensions  = { ApiName = "shop", Stage = "prod/Canary" }
      statistic   = "Average"
      period      = "1m"
      comparison  = "<="
      threshold   = 0.01
    } }
  }

  routes = {
    rest = { api_gateway_canary = {
      rest_api_id = "a1b2c3d4e5"
      stage_name  = "prod"
      blue        = { deployment_id = "abc123" }
      green       = { deployment_id = "def456" }
    } }
  }
}
