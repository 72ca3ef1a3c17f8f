# A release beside hashicorp/aws: it owns the network, the function, the site and the records; we own the weights.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

variable "release" {
  type = string
}

variable "active" {
  type = string
}

variable "urls" {
  type = map(string)
}

variable "first" {
  type        = bool
  description = "The very first release: there is no alias to capture yet."
  default     = false
}

provider "aws" {
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  skip_credentials_validation = true
  max_retries                 = 1
}

provider "reliability" {
  health = { timeout = "20s", max_retries = 1, retry_delay = "200ms" }
}

resource "aws_vpc" "site" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_security_group" "site" {
  name        = "site"
  description = "site"
  vpc_id      = aws_vpc.site.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.30.0.0/16"]
  }
}

resource "aws_iam_role" "api" {
  name = "scenario-api"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "api" {
  function_name    = "scenario-api"
  role             = aws_iam_role.api.arn
  handler          = "index.handler"
  runtime          = "nodejs20.x"
  filename         = "${path.module}/${var.release}.zip"
  source_code_hash = filebase64sha256("${path.module}/${var.release}.zip")
  publish          = true
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.api.function_name
  function_version = aws_lambda_function.api.version
  depends_on       = [reliability_deployment_snapshot.before]
}

resource "aws_s3_bucket" "site" {
  bucket        = "scenario-site"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = aws_s3_bucket.site.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_object" "index" {
  bucket       = aws_s3_bucket.site.id
  key          = "index.html"
  content      = "<h1>${var.release}</h1>"
  content_type = "text/html"
  depends_on   = [reliability_deployment_snapshot.before]
}

resource "aws_route53_zone" "site" {
  name = "scenario.example"
}

resource "aws_route53_record" "www" {
  for_each = { blue = { address = "192.0.2.11", weight = 100 }, green = { address = "192.0.2.12", weight = 0 } }

  zone_id        = aws_route53_zone.site.zone_id
  name           = "www.scenario.example"
  type           = "A"
  ttl            = 1
  records        = [each.value.address]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value.weight
  }

  lifecycle {
    ignore_changes = [weighted_routing_policy]
  }
}

resource "reliability_deployment_snapshot" "before" {
  name    = "scenario"
  release = var.release
  targets = merge(
    { site = { s3_bucket = { bucket = aws_s3_bucket_versioning.site.bucket } } },
    var.first ? {} : { api = { lambda_alias = { function_name = "scenario-api", name = "live" } } },
  )
}

resource "reliability_health_gate" "ready" {
  triggers = { release = var.release }
  checks   = { site = { http = { url = "${var.urls[var.active]}/ready" } } }

  depends_on = [aws_lambda_alias.live, aws_s3_object.index]
}

resource "reliability_blue_green_switch" "site" {
  active      = var.active
  snapshot_id = reliability_deployment_snapshot.before.id
  strategy    = { type = "canary", steps = [25], interval = "1s", bake = "1s" }
  max_retries = 0
  checks      = { site = { http = { url = "${var.urls[var.active]}/health" } } }
  routes = {
    www = {
      route53 = {
        zone_id = aws_route53_zone.site.zone_id
        name    = "www.scenario.example"
        type    = "A"
        blue    = { set_identifier = aws_route53_record.www["blue"].set_identifier }
        green   = { set_identifier = aws_route53_record.www["green"].set_identifier }
      }
    }
  }

  depends_on = [reliability_health_gate.ready]
}

output "live" {
  value = reliability_blue_green_switch.site.live
}
