terraform {
  required_providers {
    aws         = { source = "hashicorp/aws" }
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "release" {
  type = string
}

variable "page" {
  type    = string
  default = "<h1>Hello</h1>"
}

resource "aws_s3_bucket" "site" {
  bucket_prefix = "first-release-"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = aws_s3_bucket.site.id

  versioning_configuration {
    status = "Enabled"
  }
}

# 1. Remember what serves now, before anything changes.
resource "reliability_deployment_snapshot" "site" {
  name    = "site"
  release = var.release
  targets = { pages = { s3_bucket = { bucket = aws_s3_bucket_versioning.site.bucket } } }
}

# 2. Bring the release out.
resource "aws_s3_object" "index" {
  bucket       = aws_s3_bucket.site.id
  key          = "index.html"
  content      = var.page
  content_type = "text/html"
  etag         = md5(var.page) # shows what a rollback put back
  depends_on   = [reliability_deployment_snapshot.site]
}

# 3. Judge it: a page of less than ten bytes is no page.
resource "reliability_health_gate" "site" {
  deployment_id = reliability_deployment_snapshot.site.id
  on_failure    = "record" # the rollback decides
  max_retries   = 1
  retry_delay   = "1s"
  checks = {
    page = { s3_object = { bucket = aws_s3_object.index.bucket, key = "index.html", content_type = "text/html", min_bytes = 10 } }
  }
}

# 4. Put back what served before, unless the release is well.
resource "reliability_rollback" "site" {
  snapshot_id = reliability_deployment_snapshot.site.id
  when        = !reliability_health_gate.site.healthy
}
