# terraform test: needs hashicorp/aws, and nothing of AWS.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:reliability-drift" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:reliability-drift" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/reliability-drift" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::reliability-drift" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/codebuild/reliability-drift" }
  }
}

variables {
  state     = { bucket = "states", key = "network/terraform.tfstate", region = "eu-west-1" }
  pipelines = { shop = { project_name = "shop-infra", role_arn = "arn:aws:iam::123456789012:role/ci/shop-infra" } }
}

run "one_look_at_a_time" {
  assert {
    condition     = aws_codebuild_project.this.concurrent_build_limit == 1
    error_message = "two looks may never run at a time"
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Start.Arguments.ProjectName == aws_codebuild_project.this.name
    error_message = "the state machine starts the project"
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Applies.Items[0].phases == ["BUILD", "POST_BUILD"]
    error_message = "an apply is the phases that change something"
  }
  assert {
    condition     = aws_cloudwatch_event_rule.sweep.schedule_expression == "rate(6 hours)"
    error_message = "the sweep runs every six hours"
  }
}

run "any_write_is_heard" {
  assert {
    condition     = jsondecode(output.event_pattern).detail.readOnly == [false] && contains(jsondecode(output.event_pattern).source, "aws.iam")
    error_message = "writes of the watched services are heard"
  }
  assert {
    condition     = keys(jsondecode(output.event_pattern).detail.eventName[0]) == ["anything-but"]
    error_message = "there is no list of what to look for"
  }
  assert {
    condition     = length(output.event_pattern) <= 2048
    error_message = "an event pattern takes 2,048 characters"
  }
}

run "what_is_not_looked_at_is_an_alarm" {
  assert {
    condition     = join(",", keys(aws_cloudwatch_metric_alarm.this)) == "failed,red,timed-out,undelivered,unlooked"
    error_message = "each way to miss a look has its alarm"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["unlooked"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["unlooked"].evaluation_periods == 8
    error_message = "no data for eight hours is an alarm"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_policy && aws_cloudwatch_log_group.this.retention_in_days == 90
    error_message = "reports are nobody else's, and logs do not stay for ever"
  }
}

run "an_hourly_sweep" {
  command = plan
  variables {
    sweep_hours = 1
  }
  assert {
    condition     = aws_cloudwatch_event_rule.sweep.schedule_expression == "rate(1 hour)"
    error_message = "EventBridge wants the singular for one"
  }
}

run "a_day_between_sweeps_is_refused" {
  command = plan
  variables {
    sweep_hours = 24
  }
  expect_failures = [var.sweep_hours]
}

run "a_pipeline_without_a_role_is_refused" {
  command = plan
  variables {
    pipelines = { shop = { project_name = "shop-infra", role_arn = "shop-infra" } }
  }
  expect_failures = [var.pipelines]
}

run "an_older_terraform_is_refused" {
  command = plan
  variables {
    terraform_version = "1.14.0"
  }
  expect_failures = [var.terraform_version]
}

run "drift_without_a_reason_is_not_ignored" {
  command = plan
  variables {
    ignore = [{ type = "aws_instance", reason = " " }]
  }
  expect_failures = [var.ignore]
}

run "more_events_than_a_pattern_takes_are_refused" {
  command = plan
  variables {
    ignored_events = [for i in range(100) : "AnEventWithALongName${i}"]
  }
  expect_failures = [aws_cloudwatch_event_rule.writes]
}
