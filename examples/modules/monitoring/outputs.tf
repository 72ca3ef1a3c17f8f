output "topic_arn" {
  description = "The topic that alarms go to; also for `notify.sns_topic_arn` of the provider block."
  value       = aws_sns_topic.this.arn
}

output "dashboard_name" {
  description = "The name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "dashboard_body" {
  description = "What the dashboard shows, as JSON."
  value       = aws_cloudwatch_dashboard.this.dashboard_body
}

output "alarm_arns" {
  description = "The alarms, by name: for the `alarm` check of a gate, or a composite alarm."
  value       = { for alarm in concat(values(aws_cloudwatch_metric_alarm.event), [aws_cloudwatch_metric_alarm.critical_drift]) : alarm.alarm_name => alarm.arn }
}

output "log_group_names" {
  description = "The log groups that were made."
  value       = [for group in aws_cloudwatch_log_group.this : group.name]
}
