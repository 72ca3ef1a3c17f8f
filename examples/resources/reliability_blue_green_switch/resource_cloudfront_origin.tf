# The origin of a CloudFront distribution, all at once: about five minutes there, and about five back.
resource "reliability_blue_green_switch" "site" {
  active = "green"

  checks = {
    green = { http = { url = "https://green.shop.example/health" } }
  }

  routes = {
    site = { cloudfront_origin = {
      distribution_id = "E1EXAMPLE2EXAM"
      behaviors       = ["default", "/api/*"]
      blue            = { origin_id = "shop-blue" }
      green           = { origin_id = "shop-green" }
    } }
  }
}
