# What the releases are brought out on: hashicorp/aws owns it, except the weights, which the switch moves.

resource "aws_iam_role" "api" {
  name = "${var.name}-api"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_s3_bucket" "site" {
  bucket_prefix = "${var.name}-site-"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = aws_s3_bucket.site.id

  versioning_configuration {
    status = "Enabled" # a snapshot keeps versions, not copies
  }
}

resource "aws_api_gateway_rest_api" "shop" {
  name = var.name
}

resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.shop.id
  resource_id   = aws_api_gateway_rest_api.shop.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id             = aws_api_gateway_rest_api.shop.id
  resource_id             = aws_api_gateway_rest_api.shop.root_resource_id
  http_method             = aws_api_gateway_method.root.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.api.invoke_arn
}

resource "aws_route53_zone" "shop" {
  name = var.domain
}

resource "aws_route53_record" "www" {
  for_each = var.sides

  zone_id        = aws_route53_zone.shop.zone_id
  name           = "www.${var.domain}"
  type           = "A"
  ttl            = 5
  records        = [each.value.address]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.key == "blue" ? 100 : 0
  }

  lifecycle {
    ignore_changes = [weighted_routing_policy] # one fact, one owner
  }
}
