# One apply is one release: what is live is captured, code, assets and API are deployed, traffic moves while its health is
# watched, and what turns out bad is put back in the same apply, which then ends red.

provider "aws" {}

provider "reliability" {
  store   = var.store == null ? null : { s3 = var.store }
  metrics = {}
  notify  = { sns_topic_arn = var.topic_arn }
}

# 1. Capture, before anything changes: whatever changes depends on it. Names are literal, as a reference would turn that round.
resource "reliability_deployment_snapshot" "before" {
  name    = var.name
  release = var.release

  targets = merge(
    { site = { s3_bucket = { bucket = aws_s3_bucket_versioning.site.bucket } } },
    var.bootstrap ? {} : {
      code = { lambda_alias = { function_name = "${var.name}-api", name = "live" } }
      api  = { rest_api_stage = { rest_api_id = aws_api_gateway_rest_api.shop.id, stage_name = "live" } }
    },
  )
}

# 2. Deploy: a version of the function, the alias that points to it, the assets, the stage of the API.
resource "aws_lambda_function" "api" {
  function_name    = "${var.name}-api"
  role             = aws_iam_role.api.arn
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.api.function_name
  function_version = aws_lambda_function.api.version
  depends_on       = [reliability_deployment_snapshot.before]
}

resource "aws_s3_object" "index" {
  bucket       = aws_s3_bucket.site.id
  key          = "index.html"
  content      = "<!doctype html><title>${var.name}</title><p>${var.release}</p>\n"
  content_type = "text/html"
  depends_on   = [reliability_deployment_snapshot.before]
}

resource "aws_api_gateway_deployment" "shop" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  triggers    = { release = var.release }

  lifecycle {
    create_before_destroy = true
  }
  depends_on = [aws_api_gateway_integration.root]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.shop.id
  deployment_id = aws_api_gateway_deployment.shop.id
  stage_name    = "live"
  variables     = { release = var.release }
  depends_on    = [reliability_deployment_snapshot.before]
}

# 3. Prove the side that will serve, before a customer comes to it.
resource "reliability_health_gate" "ready" {
  triggers    = { release = var.release }
  max_retries = 3
  retry_delay = "2s"
  checks = {
    side = { http = { url = "${var.sides[var.active].url}/ready" } }
    page = { s3_object = { bucket = aws_s3_object.index.bucket, key = aws_s3_object.index.key, content_type = "text/html" } }
  }
  report = { junit = "${var.reports}/ready.xml", html = "${var.reports}/ready.html" }

  depends_on = [aws_lambda_alias.live, aws_api_gateway_stage.live]
}

# 4. Switch, and decide: each step is watched. A failed one moves traffic back, restores the snapshot and ends the apply in an error.
resource "reliability_blue_green_switch" "www" {
  active      = var.active
  snapshot_id = reliability_deployment_snapshot.before.id
  strategy    = { type = "canary", steps = [10, 50], interval = var.interval, bake = var.interval }
  max_retries = 0
  checks      = { side = { http = { url = "${var.sides[var.active].url}/health" } } }
  report      = { junit = "${var.reports}/switch.xml", html = "${var.reports}/switch.html" }

  routes = {
    www = {
      route53 = {
        zone_id = aws_route53_zone.shop.zone_id
        name    = aws_route53_record.www["blue"].fqdn
        type    = "A"
        blue    = { set_identifier = aws_route53_record.www["blue"].set_identifier }
        green   = { set_identifier = aws_route53_record.www["green"].set_identifier }
      }
    }
  }

  # The deployment of the API, too: Terraform deletes the old one only once whatever depends on the new one is done, and not when it failed.
  depends_on = [reliability_health_gate.ready, aws_api_gateway_deployment.shop]
}

# 5. Commit: the deployment is closed as succeeded, and becomes what a later rollback goes back to.
resource "reliability_health_gate" "committed" {
  triggers      = { release = var.release }
  deployment_id = reliability_deployment_snapshot.before.id
  max_retries   = 3
  retry_delay   = "2s"
  checks        = { side = { http = { url = "${var.sides[var.active].url}/health" } } }
  report        = { junit = "${var.reports}/committed.xml", html = "${var.reports}/committed.html" }

  depends_on = [reliability_blue_green_switch.www]
}

output "live" {
  description = "Percent of traffic on each side."
  value       = reliability_blue_green_switch.www.live
}
