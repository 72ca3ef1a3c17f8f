variable "rest_api_id" {
  type        = string
  description = "The REST API, whose resources and methods are made elsewhere."
}

# One deployment a colour: a new release changes the trigger of the colour that is idle.
resource "aws_api_gateway_deployment" "rest" {
  for_each = var.releases

  rest_api_id = var.rest_api_id
  triggers    = { release = each.value }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = var.rest_api_id
  stage_name    = "prod"
  deployment_id = aws_api_gateway_deployment.rest["blue"].id # at first; from then on the switch owns it

  lifecycle {
    ignore_changes = [deployment_id, canary_settings]
  }
}

resource "reliability_blue_green_switch" "rest" {
  active   = var.active
  strategy = { type = "canary", steps = [5, 25], interval = "5m", bake = "10m" }
  checks   = { up = { api_gateway = { api_id = var.rest_api_id, stage = "prod", path = "/health" } } }
  routes = {
    rest = { api_gateway_canary = {
      rest_api_id = var.rest_api_id
      stage_name  = aws_api_gateway_stage.prod.stage_name
      blue        = { deployment_id = aws_api_gateway_deployment.rest["blue"].id }
      green       = { deployment_id = aws_api_gateway_deployment.rest["green"].id }
    } }
  }
}

variable "releases" {
  type        = map(string)
  description = "The release of each colour."
  default     = { blue = "1.0.0", green = "1.1.0" }
}
