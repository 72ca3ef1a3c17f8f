# The look: a build that runs the configuration in look/ over the state, and keeps its reports.

locals {
  pipeline_arns = [for name in sort(keys(var.pipelines)) : "arn:${local.partition}:codebuild:${local.region}:${local.account}:project/${var.pipelines[name].project_name}"]
  look_files    = fileset("${path.module}/look", "*.{tf,sh}")

  environment = {
    TERRAFORM_VERSION     = var.terraform_version
    PIPELINES             = join(" ", [for pipeline in local.pipelines : "${pipeline.project}:${join(",", pipeline.phases)}"])
    TF_VAR_pipeline_roles = jsonencode(sort([for pipeline in var.pipelines : pipeline.role_arn]))
    TF_VAR_state          = jsonencode({ bucket = var.state.bucket, key = var.state.key, region = var.state.region })
    TF_VAR_topic_arn      = aws_sns_topic.this.arn
    TF_VAR_namespace      = var.drift_namespace
    TF_VAR_dimensions     = jsonencode(var.dimensions)
    TF_VAR_rules          = jsonencode(var.rules)
    TF_VAR_ignore         = jsonencode(var.ignore)
    TF_VAR_unmanaged      = jsonencode(var.unmanaged)
    TF_VAR_cost           = tostring(var.cost)
    TF_IN_AUTOMATION      = "1"
    CHECKPOINT_DISABLE    = "1"
    TF_CLI_ARGS_init      = "-input=false -no-color"
    TF_CLI_ARGS_plan      = "-input=false -no-color"
    TF_CLI_ARGS_apply     = "-input=false -no-color"
  }
}

resource "aws_codebuild_project" "this" {
  name                   = local.project
  description            = "Looks for drift of ${var.state.key}."
  service_role           = aws_iam_role.project.arn
  build_timeout          = 60
  queued_timeout         = 60
  concurrent_build_limit = 1
  encryption_key         = var.kms_key_arn
  tags                   = var.tags

  source {
    type      = "S3"
    location  = "${aws_s3_bucket.this.bucket}/look/"
    buildspec = file("${path.module}/buildspec.yml")
  }

  artifacts {
    type           = "S3"
    location       = aws_s3_bucket.this.bucket
    path           = "reports"
    namespace_type = "BUILD_ID"
    name           = "/"
    packaging      = "NONE"
  }

  environment {
    type         = strcontains(var.image, "aarch64") ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    image        = var.image
    compute_type = var.compute_type

    dynamic "environment_variable" {
      for_each = local.environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }

  depends_on = [aws_iam_role_policy.project, aws_s3_object.look]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/codebuild/${local.project}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_s3_bucket" "this" {
  bucket        = lower(replace("${local.project}-${local.account}-${local.region}", "_", "-"))
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.report_retention_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "reports"
    status = "Enabled"

    filter {
      prefix = "reports/"
    }

    expiration {
      days = var.report_retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_object" "look" {
  for_each = local.look_files

  bucket      = aws_s3_bucket.this.id
  key         = "look/${each.value}"
  source      = "${path.module}/look/${each.value}"
  source_hash = filemd5("${path.module}/look/${each.value}")

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this]
}
