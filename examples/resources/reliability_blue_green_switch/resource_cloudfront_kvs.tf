# Any share, within seconds: a CloudFront function follows weights in a key value store.
resource "reliability_blue_green_switch" "edge" {
  active   = "green"
  strategy = { type = "canary", steps = [1, 10, 50], interval = "1m", bake = "10m" }

  checks = {
    green = { http = { url = "https://green.shop.example/health" } }
  }

  routes = {
    edge = { cloudfront_kvs = {
      kvs_arn = "arn:aws:cloudfront::123456789012:key-value-store/01234567-89ab-cdef-0123-456789abcdef"
      key     = "weights"
    } }
  }
}
