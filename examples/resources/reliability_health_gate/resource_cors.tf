# The API answers the pages of the web site, as their browsers will ask it.
resource "reliability_health_gate" "cors" {
  checks = {
    orders = {
      cors = {
        url             = "https://api.example.com/orders"
        origin          = "https://www.example.com"
        method          = "POST"
        request_headers = ["authorization", "content-type"]
        headers         = { "Content-Type" = "application/json" }
        body            = jsonencode({ dry_run = true })
      }
    }
  }
}
