# A change of infrastructure: what must hold before it is asked at plan and blocks it; then what is live is captured, the change
# is made, and its health decides. Where the apply itself fails, the next phase of the pipeline puts back what was captured.

provider "aws" {}

provider "reliability" {
  store   = var.store == null ? null : { s3 = var.store }
  metrics = {}
  notify  = { sns_topic_arn = var.topic_arn }
}

# 1. At plan: permissions, the result of the security scan, and that the system is well.
data "reliability_health" "before" {
  max_retries = 1
  retry_delay = "1s"
  checks = merge(
    {
      permissions = { iam = { principal_arn = var.deployer_role_arn, actions = ["ssm:PutParameter", "iam:CreateRole", "ec2:AuthorizeSecurityGroupIngress"] } }
      application = { http = { url = var.health_url } }
    },
    var.scan == "" ? {} : { scan = { scan = { path = var.scan } } },
  )
  report = { junit = "${var.reports}/before.xml", html = "${var.reports}/before.html" }
}

# 2. At plan: nobody changed critically by hand what this configuration is about to change.
data "reliability_drift" "before" {
  count = var.state == "" ? 0 : 1

  state   = { path = var.state }
  fail_on = "critical"
  report  = { json = "${var.reports}/drift.json", html = "${var.reports}/drift.html" }
}

# 3. Capture, before anything changes: whatever can be put back depends on it.
resource "reliability_deployment_snapshot" "before" {
  count = var.bootstrap ? 0 : 1

  name    = var.name
  release = var.release
  targets = { settings = { ssm_parameter = { name = "/${var.name}/settings" } } }

  depends_on = [data.reliability_health.before, data.reliability_drift.before]
}

# 4. The infrastructure.
resource "aws_vpc" "shop" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_security_group" "application" {
  name        = var.name
  description = "The application"
  vpc_id      = aws_vpc.shop.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.shop.cidr_block]
  }
}

resource "aws_ssm_parameter" "settings" {
  name       = "/${var.name}/settings"
  type       = "String"
  value      = var.settings
  depends_on = [reliability_deployment_snapshot.before]
}

resource "aws_iam_role" "worker" {
  for_each = var.workers

  name = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
  depends_on = [aws_ssm_parameter.settings]
}

# 5. Prove and commit: well, and the deployment is closed as succeeded; not well, and it is closed as failed and put back.
resource "reliability_health_gate" "after" {
  triggers      = { release = var.release }
  deployment_id = one(reliability_deployment_snapshot.before[*].id)
  max_retries   = 2
  retry_delay   = "1s"
  checks        = { application = { http = { url = var.health_url } } }
  report        = { junit = "${var.reports}/after.xml", html = "${var.reports}/after.html" }

  depends_on = [aws_security_group.application, aws_iam_role.worker]
}
