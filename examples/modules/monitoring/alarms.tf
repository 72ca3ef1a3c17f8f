# An event that counts at once is alarmed in the minute it is sent. Between deployments there is no data, and no data is no alarm.

resource "aws_cloudwatch_metric_alarm" "deployment_failure" {
  for_each = local.of_deployment

  alarm_name          = "${var.name}-deployment-failure-${each.key}"
  alarm_description   = "A deployment of ${each.key} failed. What is live: data.reliability_deployment, or the report of the build."
  namespace           = var.namespace
  metric_name         = "DeploymentFailure"
  dimensions          = each.value
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "rollback_triggered" {
  for_each = local.of_deployment

  alarm_name          = "${var.name}-rollback-triggered-${each.key}"
  alarm_description   = "${each.key} is being put back to an earlier snapshot."
  namespace           = var.namespace
  metric_name         = "RollbackTriggered"
  dimensions          = each.value
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "switch_reverted" {
  for_each = local.of_switch

  alarm_name          = "${var.name}-switch-reverted-${replace(each.key, "/[^A-Za-z0-9._-]/", "-")}"
  alarm_description   = "The switch ${each.key} put traffic back."
  namespace           = var.namespace
  metric_name         = "RollbackTriggered"
  dimensions          = each.value
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "health_check_duration" {
  for_each = local.of_deployment

  alarm_name          = "${var.name}-health-check-duration-${each.key}"
  alarm_description   = "The checks of ${each.key} took longer than ${var.health_check_duration_ms} ms: it is slow to become healthy, or about to fail."
  namespace           = var.namespace
  metric_name         = "HealthCheckDuration"
  dimensions          = each.value
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = var.health_check_duration_ms
  comparison_operator = "GreaterThanThreshold"
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
