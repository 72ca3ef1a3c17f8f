output "rule_arn" {
  description = "The rule that sends events on."
  value       = aws_cloudwatch_event_rule.this.arn
}
