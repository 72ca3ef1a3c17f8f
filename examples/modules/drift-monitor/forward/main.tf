# Sends the writes of one Region to the Region of the monitor. IAM, Route 53 and CloudFront are heard in us-east-1 only; what the state holds
# elsewhere is heard there. Apply it once a Region, with a provider of that Region.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}
data "aws_region" "here" {}

locals {
  bus = "arn:${data.aws_partition.here.partition}:events:${var.to_region}:${data.aws_caller_identity.here.account_id}:event-bus/default"
}

resource "aws_cloudwatch_event_rule" "this" {
  name          = "${var.name}-drift-forward"
  description   = "Writes that the drift monitor in ${var.to_region} looks at."
  event_pattern = var.event_pattern
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = data.aws_region.here.id != var.to_region
      error_message = "The events of ${var.to_region} need no forwarding to ${var.to_region}."
    }
  }
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "monitor"
  arn       = local.bus
  role_arn  = aws_iam_role.this.arn
}

data "aws_iam_policy_document" "assumed" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-drift-forward-${data.aws_region.here.id}"
  description        = "Sends writes to the drift monitor in ${var.to_region}."
  assume_role_policy = data.aws_iam_policy_document.assumed.json
  tags               = var.tags
}

data "aws_iam_policy_document" "put" {
  statement {
    actions   = ["events:PutEvents"]
    resources = [local.bus]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "put"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.put.json
}
