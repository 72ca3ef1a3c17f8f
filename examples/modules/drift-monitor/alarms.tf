# That nothing is told must mean that nothing drifted: whatever keeps a look from being made is an alarm.

locals {
  alarms = {
    unlooked = {
      description = "No look at ${var.state.key} was made for ${var.sweep_hours + 2} hours, although one is due every ${var.sweep_hours}."
      namespace   = var.drift_namespace, metric = "TotalDrift", dimensions = var.dimensions
      statistic   = "SampleCount", period = 3600, periods = var.sweep_hours + 2, below = 1, missing = "breaching"
    }
    red = {
      description = "A build of ${local.project} ended red: it found critical drift, could not verify everything, or could not look. Its log and its reports say which."
      namespace   = "AWS/CodeBuild", metric = "FailedBuilds", dimensions = { ProjectName = local.project }
      statistic   = "Sum", period = 300, periods = 1, from = 1, missing = "notBreaching"
    }
    failed = {
      description = "An execution of ${local.project} ended without a look: an apply that does not end, three builds that could not look, or CodeBuild refused."
      namespace   = "AWS/States", metric = "ExecutionsFailed", dimensions = { StateMachineArn = aws_sfn_state_machine.this.arn }
      statistic   = "Sum", period = 300, periods = 1, from = 1, missing = "notBreaching"
    }
    timed-out = {
      description = "An execution of ${local.project} ended without a look: it ran out of time."
      namespace   = "AWS/States", metric = "ExecutionsTimedOut", dimensions = { StateMachineArn = aws_sfn_state_machine.this.arn }
      statistic   = "Sum", period = 300, periods = 1, from = 1, missing = "notBreaching"
    }
    undelivered = {
      description = "EventBridge could not start ${local.project} for a write, nor in an hour of trying."
      namespace   = "AWS/Events", metric = "FailedInvocations", dimensions = { RuleName = aws_cloudwatch_event_rule.writes.name }
      statistic   = "Sum", period = 300, periods = 1, from = 1, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.project}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = try(each.value.from, each.value.below)
  comparison_operator = can(each.value.from) ? "GreaterThanOrEqualToThreshold" : "LessThanThreshold"
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
  tags                = var.tags
}
