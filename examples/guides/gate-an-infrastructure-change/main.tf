variable "change" {
  description = "What identifies the change, such as the commit."
  type        = string
}

variable "deployer_role_arn" {
  type = string
}

variable "target_group_arn" {
  type = string
}

# At plan: an unhealthy system, or a permission that is missing, stops the change before it starts.
data "reliability_health" "before" {
  checks = {
    permissions = {
      iam = {
        principal_arn = var.deployer_role_arn
        actions       = ["rds:ModifyDBInstance", "elasticloadbalancing:ModifyTargetGroup"]
      }
    }
    alarms   = { alarm = { names = ["orders-5xx", "orders-latency"] } }
    database = { rds = { db_instance_identifier = "orders" } }
    policy   = { scan = { path = "reports/tfsec.sarif" } }
  }
  max_retries = 0
}

# Stands for the change itself.
resource "terraform_data" "change" {
  input      = var.change
  depends_on = [data.reliability_health.before]
}

# At apply: the change is proven before anything that depends on it goes on.
resource "reliability_health_gate" "after" {
  triggers = { change = terraform_data.change.output }

  checks = {
    database = { rds = { db_instance_identifier = "orders" } }
    targets  = { target_group = { arn = var.target_group_arn, min_healthy = 2 } }
    service  = { ecs_service = { cluster = "shop", service = "orders" }, needs = ["targets"] }
    alarms   = { alarm = { names = ["orders-5xx", "orders-latency"] }, needs = ["service"] }
    errors = {
      needs = ["service"]
      metric = {
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        statistic   = "Sum"
        period      = "5m"
        comparison  = "<"
        threshold   = 5
        dimensions  = { TargetGroup = "targetgroup/orders/73e2d6bc24d8a067" }
      }
    }
  }

  # A metric that counts errors has no data while there are none.
  on_inconclusive = "pass"
  initial_delay   = "1m"
  timeout         = "15m"
  retry_delay     = "20s"
}

# Always: a warning at each plan and apply that never stops one.
check "orders" {
  data "reliability_health" "now" {
    checks      = { orders = { http = { url = "https://orders.example.com/health" } } }
    max_retries = 1
    retry_delay = "2s"
  }

  assert {
    condition     = data.reliability_health.now.healthy
    error_message = "Orders is not healthy."
  }
}
