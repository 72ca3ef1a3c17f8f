variable "function_role_arn" {
  type        = string
  description = "Execution role of the function; both versions must have the same."
}

# Each apply with new code publishes a version.
resource "aws_lambda_function" "api" {
  function_name = "shop-api"
  role          = var.function_role_arn
  runtime       = "python3.13"
  handler       = "index.handler"
  filename      = "api.zip"
  publish       = true
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.api.function_name
  function_version = "1" # at first; from then on the switch owns it

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "reliability_blue_green_switch" "api" {
  active   = var.active
  strategy = { type = "linear", steps = [25], interval = "1m", bake = "5m" }
  checks   = { up = { lambda = { function_name = "shop-api", qualifier = var.versions[var.active] } } }
  routes = {
    api = { lambda_alias = {
      function_name = aws_lambda_function.api.function_name
      name          = aws_lambda_alias.live.name
      blue          = { version = var.versions.blue }
      green         = { version = var.versions.green }
    } }
  }
}

variable "versions" {
  type        = object({ blue = string, green = string })
  description = "The version of each colour. A new release goes into the one that is idle."
  default     = { blue = "1", green = "2" }
}
