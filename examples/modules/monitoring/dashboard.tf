# Deployments, success rate, recovery, health and drift on one page. Its structure:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html

locals {
  region      = data.aws_region.current.id
  deployments = sort(tolist(var.deployments))
  switches    = sort(keys(var.switches))

  # A metric in a widget is its namespace, its name and its dimensions in a row.
  flat_common     = flatten([for name, value in var.dimensions : [name, value]])
  flat_deployment = { for name, dimensions in local.of_deployment : name => flatten([for key, value in dimensions : [key, value]]) }
  flat_switch     = { for name, dimensions in local.of_switch : name => flatten([for key, value in dimensions : [key, value]]) }

  succeeded = [for index, name in local.deployments : concat([var.namespace, "DeploymentSuccess"], local.flat_deployment[name], [{ id = "s${index}", label = "${name} succeeded", color = "#2ca02c" }])]
  failed    = [for index, name in local.deployments : concat([var.namespace, "DeploymentFailure"], local.flat_deployment[name], [{ id = "f${index}", label = "${name} failed", color = "#d62728" }])]

  # A period without a deployment has no rate, and none is drawn for it.
  sum_of_succeeded = join(" + ", [for index, name in local.deployments : "FILL(s${index}, 0)"])
  sum_of_failed    = join(" + ", [for index, name in local.deployments : "FILL(f${index}, 0)"])

  widgets = [
    {
      type = "metric", x = 0, y = 0, width = 12, height = 6
      properties = {
        title   = "Deployments"
        view    = "timeSeries", stacked = true, region = local.region, stat = "Sum", period = 3600
        metrics = concat(local.succeeded, local.failed)
      }
    },
    {
      type = "metric", x = 12, y = 0, width = 6, height = 6
      properties = {
        title = "Success rate over the time shown, percent"
        view  = "singleValue", region = local.region, stat = "Sum", period = 86400, setPeriodToTimeRange = true
        metrics = concat(
          [[{ id = "rate", label = "of deployments succeeded", expression = "100 * (${local.sum_of_succeeded}) / (${local.sum_of_succeeded} + ${local.sum_of_failed})" }]],
          [for metric in concat(local.succeeded, local.failed) : concat(slice(metric, 0, length(metric) - 1), [merge(metric[length(metric) - 1], { visible = false })])],
        )
      }
    },
    {
      type = "metric", x = 18, y = 0, width = 6, height = 6
      properties = {
        title = "Rollbacks"
        view  = "singleValue", region = local.region, stat = "Sum", period = 86400, setPeriodToTimeRange = true
        metrics = concat(
          [for name in local.deployments : concat([var.namespace, "RollbackTriggered"], local.flat_deployment[name], [{ label = name }])],
          [for name in local.switches : concat([var.namespace, "RollbackTriggered"], local.flat_switch[name], [{ label = name }])],
        )
      }
    },
    {
      type = "metric", x = 0, y = 6, width = 12, height = 6
      properties = {
        title = "Recovery, seconds"
        view  = "timeSeries", stacked = false, region = local.region, stat = "Maximum", period = 300
        metrics = concat(
          [for name in local.deployments : concat([var.namespace, "RecoveryTime"], local.flat_deployment[name], [{ label = name }])],
          [for name in local.switches : concat([var.namespace, "SwitchRecoveryDuration"], local.flat_switch[name], [{ label = name }])],
        )
        annotations = { horizontal = [{ label = "budget", value = var.recovery_seconds, color = "#d62728" }] }
        yAxis       = { left = { min = 0, label = "s", showUnits = false } }
      }
    },
    {
      type = "metric", x = 12, y = 6, width = 12, height = 6
      properties = {
        title       = "Health checks, milliseconds"
        view        = "timeSeries", stacked = false, region = local.region, stat = "Maximum", period = 300
        metrics     = [for name in local.deployments : concat([var.namespace, "HealthCheckDuration"], local.flat_deployment[name], [{ label = name }])]
        annotations = { horizontal = [{ label = "alarm", value = var.health_check_duration_ms, color = "#ff7f0e" }] }
        yAxis       = { left = { min = 0, label = "ms", showUnits = false } }
      }
    },
    {
      type = "metric", x = 0, y = 12, width = 12, height = 6
      properties = {
        title = "Drift by category"
        view  = "timeSeries", stacked = true, region = local.region, stat = "Maximum", period = 300
        metrics = [for category, color in { CriticalDrift = "#d62728", MajorDrift = "#ff7f0e", MinorDrift = "#1f77b4" } :
          concat([var.drift_namespace, category], local.flat_common, [{ label = lower(trimsuffix(category, "Drift")), color = color }])
        ]
        yAxis = { left = { min = 0, showUnits = false } }
      }
    },
    {
      type = "metric", x = 12, y = 12, width = 12, height = 6
      properties = {
        title   = "Cost of drift, US dollars a month"
        view    = "timeSeries", stacked = false, region = local.region, stat = "Maximum", period = 300
        metrics = [concat([var.drift_namespace, "DriftCostImpact"], local.flat_common, [{ label = "a month" }])]
        yAxis   = { left = { label = "USD", showUnits = false } }
      }
    },
  ]

  for_switches = [for widget in [
    {
      type = "metric", x = 0, y = 18, width = 24, height = 6
      properties = {
        title   = "Switches, seconds"
        view    = "timeSeries", stacked = false, region = local.region, stat = "Maximum", period = 300
        metrics = [for name in local.switches : concat([var.namespace, "SwitchDuration"], local.flat_switch[name], [{ label = name }])]
        yAxis   = { left = { min = 0, label = "s", showUnits = false } }
      }
    },
  ] : widget if length(local.switches) > 0]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-deployments"
  dashboard_body = jsonencode({ widgets = concat(local.widgets, local.for_switches) })
}
