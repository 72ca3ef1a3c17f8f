output "topic_arn" {
  description = "The topic that critical drift and the alarms go to."
  value       = aws_sns_topic.this.arn
}

output "project_name" {
  description = "The CodeBuild project of the looks; `aws codebuild start-build --project-name` makes one by hand."
  value       = aws_codebuild_project.this.name
}

output "project_role_arn" {
  description = "The role that the looks run as, for policies of keys and of roles in other accounts."
  value       = aws_iam_role.project.arn
}

output "bucket" {
  description = "The bucket of the reports; those of a look lie below reports/BUILD/."
  value       = aws_s3_bucket.this.bucket
}

output "state_machine_arn" {
  description = "The state machine; each of its executions shows the event that it came of."
  value       = aws_sfn_state_machine.this.arn
}

output "event_pattern" {
  description = "Which events start a look, as JSON: also what forward/ sends on from other Regions."
  value       = aws_cloudwatch_event_rule.writes.event_pattern
}

output "alarm_arns" {
  description = "The alarms, by name."
  value       = { for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name => alarm.arn }
}
