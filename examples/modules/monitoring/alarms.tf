# Between deployments there is no data, and no data is no alarm.

locals {
  # An event that counts at once is alarmed in the minute it is sent; what is slow, in the minute it was.
  kinds = {
    deployment-failure = {
      metric = "DeploymentFailure", statistic = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = 1, watched = local.of_deployment
      says   = "A deployment of %s failed. What is live: data.reliability_deployment, or the report of the build."
    }
    rollback-triggered = {
      metric = "RollbackTriggered", statistic = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = 1, watched = local.of_deployment
      says   = "%s is being put back to an earlier snapshot."
    }
    switch-reverted = {
      metric = "RollbackTriggered", statistic = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = 1, watched = local.of_switch
      says   = "The switch %s put traffic back."
    }
    health-check-duration = {
      metric = "HealthCheckDuration", statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = var.health_check_duration_ms, watched = local.of_deployment
      says   = "The checks of %s took longer than ${var.health_check_duration_ms} ms: it is slow to become healthy, or about to fail."
    }
  }

  alarms = merge([for kind, alarm in local.kinds : { for name, dimensions in alarm.watched : "${kind}-${name}" => {
    kind = alarm, dimensions = dimensions, description = format(alarm.says, name)
  } }]...)
}

resource "aws_cloudwatch_metric_alarm" "event" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${replace(each.key, "/[^A-Za-z0-9._-]/", "-")}"
  alarm_description   = each.value.description
  namespace           = var.namespace
  metric_name         = each.value.kind.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.kind.statistic
  period              = 60
  evaluation_periods  = 1
  threshold           = each.value.kind.threshold
  comparison_operator = each.value.kind.comparison
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "critical_drift" {
  alarm_name          = "${var.name}-critical-drift"
  alarm_description   = "Infrastructure differs critically from its Terraform state. The plan of the drift gate says where."
  namespace           = var.drift_namespace
  metric_name         = "CriticalDrift"
  dimensions          = var.dimensions
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "ignore" # the last look still holds
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
  tags                = var.tags
}
