variable "release" {
  type        = string
  description = "Release that is brought out."
}

# Captures what serves now, and opens a deployment in the ledger. Everything that brings the release out depends on it.
resource "reliability_deployment_snapshot" "before" {
  name    = "shop"
  release = var.release

  targets = {
    api   = { lambda_alias = { function_name = "shop-api", name = "live" } }
    cart  = { rest_api_stage = { rest_api_id = "a1b2c3d4e5", stage_name = "live" } }
    order = { http_api_stage = { api_id = "f6g7h8i9j0", stage_name = "$default" } }
    edge  = { cloudfront_distribution = { id = "E1A2B3C4D5E6F7" } }
    site  = { s3_bucket = { bucket = "shop-site", exclude = ["uploads/*"] } }
    names = { route53_record = { zone_id = "Z0123456789EXAMPLE", name = "www.shop.example", type = "A" } }
    flags = { ssm_parameter = { name = "/shop/flags" } }
    tasks = { ecs_service = { cluster = "shop", service = "worker" } }
    rule  = { listener_rule = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/0123456789abcdef/0123456789abcdef/0123456789abcdef" } }
  }

  retention = { keep_last = 20 }
}
