# A listener of an Application Load Balancer, step by step; the ARN of a rule does as well.
resource "reliability_blue_green_switch" "shop" {
  active   = "green"
  strategy = { type = "canary", steps = [10, 50], interval = "2m", bake = "5m" }

  checks = {
    targets = { target_group = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-green/0123456789abcdef" } }
  }

  routes = {
    shop = { listener = {
      arn   = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef"
      blue  = { target_group_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-blue/0123456789abcdef" }
      green = { target_group_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-green/0123456789abcdef" }
    } }
  }
}
