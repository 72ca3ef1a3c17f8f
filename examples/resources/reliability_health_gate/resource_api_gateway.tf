variable "orders_api_key" {
  type      = string
  sensitive = true
}

# The stage is there, takes a POST, and a page of the shop may make it.
resource "reliability_health_gate" "orders" {
  checks = {
    orders = {
      api_gateway = {
        api_id            = "a1b2c3d4e5"
        stage             = "prod" # "$default" for an HTTP API without a stage in its address
        path              = "/orders"
        method            = "POST"
        body              = jsonencode({ dry_run = true })
        sensitive_headers = { "X-Api-Key" = var.orders_api_key }
        cors_origin       = "https://shop.example.com"
        expect            = { status = ["200", "202"], json = { "json.accepted" = "true" } }
      }
    }
  }
}
