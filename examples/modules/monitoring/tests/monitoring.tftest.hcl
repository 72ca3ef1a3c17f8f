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
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:reliability-deployments" }
  }
}

variables {
  deployments = ["shop", "pay"]
  switches    = { www = "route53,Z0123456789EXAMPLE,www.shop.example.,A" }
  dimensions  = { Environment = "prod" }
  log_groups  = ["/aws/codebuild/shop-web"]
  subscriptions = {
    oncall = { protocol = "email", endpoint = "oncall@example.com" }
  }
}

run "every_deployment_is_watched" {
  assert {
    condition     = alltrue([for name in ["deployment-failure-pay", "deployment-failure-shop", "switch-reverted-www"] : contains(keys(aws_cloudwatch_metric_alarm.event), name)])
    error_message = "each deployment has an alarm of its own"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.event["deployment-failure-shop"].dimensions == tomap({ Deployment = "shop", Environment = "prod" })
    error_message = "an alarm needs exactly the dimensions that the provider sends"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.critical_drift.dimensions == tomap({ Environment = "prod" })
    error_message = "drift has only the dimensions of the provider block"
  }
  assert {
    condition     = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.event) : contains(alarm.alarm_actions, aws_sns_topic.this.arn)])
    error_message = "an alarm that tells nobody"
  }
  assert {
    condition     = length(output.alarm_arns) == 8
    error_message = "three alarms a deployment, one a switch, one for drift"
  }
  assert {
    condition     = aws_cloudwatch_log_group.this["/aws/codebuild/shop-web"].retention_in_days == 90
    error_message = "log groups are kept for 90 days unless said otherwise"
  }
}

run "the_dashboard_shows_what_is_sent" {
  assert {
    condition     = length(jsondecode(output.dashboard_body).widgets) == 8
    error_message = "seven widgets, and one for switches"
  }
  assert {
    condition = contains(
      jsondecode(output.dashboard_body).widgets[4].properties.metrics,
      ["Custom/DeploymentHealth", "HealthCheckDuration", "Deployment", "shop", "Environment", "prod", { label = "shop" }],
    )
    error_message = "a metric of the dashboard carries the dimensions that the provider sends"
  }
}

run "without_switches" {
  variables {
    switches = {}
  }
  assert {
    condition     = length(jsondecode(output.dashboard_body).widgets) == 7
    error_message = "no empty widget"
  }
}

run "no_deployment_is_refused" {
  command = plan
  variables {
    deployments = []
  }
  expect_failures = [var.deployments]
}

run "a_dimension_of_the_provider_is_refused" {
  command = plan
  variables {
    dimensions = { Deployment = "shop" }
  }
  expect_failures = [var.dimensions]
}

run "a_retention_that_logs_do_not_know_is_refused" {
  command = plan
  variables {
    log_retention_days = 100
  }
  expect_failures = [var.log_retention_days]
}

run "an_unknown_protocol_is_refused" {
  command = plan
  variables {
    subscriptions = { a = { protocol = "pager", endpoint = "x" } }
  }
  expect_failures = [var.subscriptions]
}

run "an_alias_is_no_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/sns"
  }
  expect_failures = [var.kms_key_arn]
}
