resource "reliability_deployment_snapshot" "before" {
  name    = "shop"
  release = var.release
  targets = { api = { lambda_alias = { function_name = "shop-api", name = "live" } } }
}

resource "reliability_blue_green_switch" "www" {
  active      = var.colour
  snapshot_id = reliability_deployment_snapshot.before.id # what a failed switch puts back
  strategy    = { type = "canary", steps = [10, 50], interval = var.interval, bake = var.interval }
  checks      = { site = { http = { url = "${var.urls[var.colour]}/health" } } }
  routes = {
    www = { route53 = {
      zone_id = var.zone_id, name = "www.shop.example", type = "A",
      blue    = { set_identifier = "blue" }, green = { set_identifier = "green" }
    } }
  }
  depends_on = [terraform_data.release] # whatever brings the release out
}
