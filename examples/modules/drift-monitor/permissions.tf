# What a look may do: read the state and what the state describes, and say what it found. It can change nothing but its own reports.

data "aws_iam_policy_document" "assumed_by_project" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "project" {
  name               = "${local.project}-look"
  description        = "Looks for drift of ${var.state.key}; changes nothing."
  assume_role_policy = data.aws_iam_policy_document.assumed_by_project.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "project" {
  for_each = { run = data.aws_iam_policy_document.run.json, read = data.aws_iam_policy_document.read.json }

  name   = each.key
  role   = aws_iam_role.project.id
  policy = each.value
}

data "aws_iam_policy_document" "run" {
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid       = "Source"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${aws_s3_bucket.this.arn}/look/*"]
  }

  statement {
    sid       = "Reports"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this.arn}/reports/*"]
  }

  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketAcl"]
    resources = [aws_s3_bucket.this.arn]
  }

  statement {
    sid       = "State"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${var.state.bucket}/${var.state.key}"]
  }

  statement {
    sid       = "Tell"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]
  }

  statement {
    sid       = "Measure"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [var.drift_namespace]
    }
  }

  dynamic "statement" {
    for_each = length(local.pipeline_arns) > 0 ? [local.pipeline_arns] : []

    content {
      sid       = "Pipelines"
      actions   = ["codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = compact([var.state.kms_key_arn, var.kms_key_arn])

    content {
      sid       = "Key${statement.key}"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

# What data.reliability_drift asks of each service. None of it has a resource to be named before the state is read.
data "aws_iam_policy_document" "read" {
  statement {
    sid = "Look"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "cloudfront:GetDistribution", "cloudfront:ListDistributions", "cloudfront:ListTagsForResource",
      "cloudtrail:LookupEvents",
      "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource",
      "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTables", "dynamodb:ListTagsOfResource",
      "ec2:Describe*",
      "ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTaskDefinition",
      "elasticloadbalancing:Describe*",
      "iam:GetAccountAuthorizationDetails", "iam:GetPolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListEntitiesForPolicy", "iam:ListRoles",
      "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags",
      "lambda:GetAlias", "lambda:GetEventSourceMapping", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "lambda:ListTags",
      "logs:DescribeLogGroups", "logs:ListTagsForResource",
      "rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBParameterGroups", "rds:DescribeDBParameters", "rds:DescribeDBSubnetGroups", "rds:ListTagsForResource",
      "route53:GetHostedZone", "route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource",
      "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
      "s3:ListAllMyBuckets",
      "secretsmanager:DescribeSecret", "secretsmanager:ListSecrets",
      "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptions", "sns:ListTagsForResource", "sns:ListTopics",
      "sqs:GetQueueAttributes", "sqs:ListQueues", "sqs:ListQueueTags",
      "ssm:DescribeParameters", "ssm:GetParameter", "ssm:ListTagsForResource",
      "sts:GetCallerIdentity",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Gateways"
    actions   = ["apigateway:GET"]
    resources = ["arn:${local.partition}:apigateway:*::/restapis*", "arn:${local.partition}:apigateway:*::/apis*"]
  }

  dynamic "statement" {
    for_each = var.cost ? ["pricing:GetProducts"] : []

    content {
      sid       = "Prices"
      actions   = [statement.value, "cloudwatch:GetMetricData"]
      resources = ["*"]
    }
  }
}
