# What starts a look: any write to a watched service, and the clock.

locals {
  # One that fails changed nothing. A trail that also records what is read and written inside buckets and tables does not start looks by it.
  # Neither do the module's own roles; a caller without a role is one more to be heard.
  writes = {
    source        = [for service in sort(tolist(var.services)) : "aws.${service}"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      readOnly        = [false]
      managementEvent = [true]
      errorCode       = [{ exists = false }]
      eventName       = [{ "anything-but" = sort(tolist(var.ignored_events)) }]
      userIdentity = { sessionContext = { sessionIssuer = { arn = [
        { exists = false },
        { "anything-but" = [aws_iam_role.project.arn, aws_iam_role.machine.arn, aws_iam_role.events.arn] },
      ] } } }
    }
  }
}

resource "aws_cloudwatch_event_rule" "writes" {
  name          = "${local.project}-writes"
  description   = "Writes that may have made ${var.state.key} drift."
  event_pattern = jsonencode(local.writes)
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(var.services) * 16 + length(join("", var.services)) + length(join("", var.ignored_events)) + 4 * length(var.ignored_events) < 1600
      error_message = "An event pattern takes 2,048 characters: name fewer services and ignored_events."
    }
  }
}

# CloudTrail and EventBridge deliver at their best effort, and not everything that changes is a call: the sweep finds what no event told of.
resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "${local.project}-sweep"
  description         = "A look at ${var.state.key} whether or not anything was heard of."
  schedule_expression = var.sweep_hours == 1 ? "rate(1 hour)" : "rate(${var.sweep_hours} hours)"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "machine" {
  for_each = { writes = aws_cloudwatch_event_rule.writes.name, sweep = aws_cloudwatch_event_rule.sweep.name }

  rule      = each.value
  target_id = "look"
  arn       = aws_sfn_state_machine.this.arn
  role_arn  = aws_iam_role.events.arn

  # What cannot be delivered all the same is an alarm and no dead letter: the next look sees what it would have seen.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 20
  }
}

data "aws_iam_policy_document" "assumed_by_events" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "events" {
  name               = "${local.project}-events"
  description        = "Starts the state machine of the drift monitor."
  assume_role_policy = data.aws_iam_policy_document.assumed_by_events.json
  tags               = var.tags
}

data "aws_iam_policy_document" "events" {
  statement {
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.this.arn]
  }
}

resource "aws_iam_role_policy" "events" {
  name   = "start"
  role   = aws_iam_role.events.id
  policy = data.aws_iam_policy_document.events.json
}
