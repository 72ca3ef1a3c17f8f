# CloudFront's continuous deployment: 5 % and 15 % by its policy, then the staging configuration is promoted.
resource "reliability_blue_green_switch" "release" {
  active   = "green"
  strategy = { type = "canary", steps = [5, 15], interval = "10m", bake = "10m" }

  checks = {
    errors = { alarm = { names = ["shop-cloudfront-5xx"] } }
  }

  routes = {
    site = { cloudfront_staging = {
      distribution_id         = "E1EXAMPLE2EXAM"
      staging_distribution_id = "E2EXAMPLE3EXAM"
    } }
  }
}
