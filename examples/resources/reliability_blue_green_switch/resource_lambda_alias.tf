# A Lambda alias: 10 %, then everything. A new release goes into the colour that is idle.
resource "reliability_blue_green_switch" "api" {
  active   = "green"
  strategy = { type = "canary", steps = [10], interval = "5m" }

  # Asks the version that traffic goes to, past the alias.
  checks = {
    answers = { lambda = {
      function_name = "shop-api"
      qualifier     = "8"
    } }
  }

  routes = {
    api = { lambda_alias = {
      function_name = "shop-api"
      name          = "live"
      blue          = { version = "7" }
      green         = { version = "8" }
    } }
  }
}
