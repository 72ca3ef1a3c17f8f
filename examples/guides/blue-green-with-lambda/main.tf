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

variable "package" {
  type        = string
  description = "Zip file with the code."
}

variable "versions" {
  type        = object({ blue = string, green = string })
  description = "The published version of each colour. A new one goes into the colour that is idle. Null while there is only one."
  default     = null
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

resource "aws_iam_role" "orders" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

# New code is a new version. Nobody is sent there yet.
resource "aws_lambda_function" "orders" {
  function_name    = "orders"
  role             = aws_iam_role.orders.arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
}

# What callers use: the ARN of the alias. It begins at the first version, and from then on the switch owns where it points.
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.orders.function_name
  function_version = "1"

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "reliability_blue_green_switch" "orders" {
  count = var.versions == null ? 0 : 1

  active      = var.active
  strategy    = { type = "canary", steps = [10], interval = var.watch, bake = var.watch }
  max_retries = 1
  retry_delay = "2s"

  # Asks the version that traffic goes to, past the alias.
  checks = {
    orders = { lambda = {
      function_name = aws_lambda_function.orders.function_name
      qualifier     = var.versions[var.active]
      payload       = jsonencode({ path = "/health" })
      expect        = { success = "payload.statusCode == 200" }
    } }
  }

  routes = {
    orders = { lambda_alias = {
      function_name = aws_lambda_function.orders.function_name
      name          = aws_lambda_alias.live.name
      blue          = { version = var.versions.blue }
      green         = { version = var.versions.green }
    } }
  }
}

output "published" {
  value = aws_lambda_function.orders.version
}
