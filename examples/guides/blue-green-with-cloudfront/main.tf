terraform {
  required_providers {
    aws         = { source = "hashicorp/aws" }
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  # The journal of a switch outlives the machine that makes it.
  store = { s3 = { bucket = "shop-deployments" } }
}

variable "active" {
  type        = string
  description = "Colour that serves once the apply is done."
  default     = "blue"
}

variable "watch" {
  type        = string
  description = "How long each step, and then the whole, is watched."
  default     = "2m"
}

locals {
  origins = { blue = "blue.shop.example", green = "green.shop.example" }
}

# The weights, and the function that follows them.
resource "aws_cloudfront_key_value_store" "shop" {
  name    = "shop-weights"
  comment = "The weights that choose-colour follows"
}

resource "aws_cloudfrontkeyvaluestore_key" "weights" {
  key_value_store_arn = aws_cloudfront_key_value_store.shop.arn
  key                 = "weights"
  value               = jsonencode({ version = 1, blue = 100, green = 0 })

  lifecycle { ignore_changes = [value] } # the switch owns it
}

resource "aws_cloudfront_function" "choose_colour" {
  name                         = "choose-colour"
  runtime                      = "cloudfront-js-2.0"
  key_value_store_associations = [aws_cloudfront_key_value_store.shop.arn]
  code                         = file("${path.module}/cloudfront-function/choose-colour.js") # see below
}

# The colour is part of the cache key, so that the colours share no cache.
resource "aws_cloudfront_cache_policy" "by_colour" {
  name    = "by-colour"
  min_ttl = 0

  parameters_in_cache_key_and_forwarded_to_origin {
    cookies_config { cookie_behavior = "none" }
    query_strings_config { query_string_behavior = "all" }
    headers_config {
      header_behavior = "whitelist"
      headers { items = ["x-colour"] }
    }
  }
}

resource "aws_cloudfront_distribution" "shop" {
  enabled = true

  dynamic "origin" {
    for_each = local.origins
    content {
      origin_id   = origin.key
      domain_name = origin.value
      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
      }
    }
  }

  default_cache_behavior {
    target_origin_id       = "blue" # the function chooses
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = aws_cloudfront_cache_policy.by_colour.id
    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.choose_colour.arn
    }
  }

  restrictions {
    geo_restriction { restriction_type = "none" }
  }

  viewer_certificate { cloudfront_default_certificate = true }
}

resource "reliability_blue_green_switch" "shop" {
  active      = var.active
  strategy    = { type = "canary", steps = [1, 10, 50], interval = var.watch, bake = var.watch }
  max_retries = 1
  retry_delay = "2s"

  checks = {
    site = { http = { url = "https://${local.origins[var.active]}/health" } }
  }

  routes = {
    edge = { cloudfront_kvs = {
      kvs_arn = aws_cloudfront_key_value_store.shop.arn
      key     = aws_cloudfrontkeyvaluestore_key.weights.key
    } }
  }
}

output "live" {
  value = reliability_blue_green_switch.shop.live
}

output "weights" {
  value = aws_cloudfront_key_value_store.shop.arn
}
