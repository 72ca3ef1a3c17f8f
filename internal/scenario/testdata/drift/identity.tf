resource "aws_iam_role" "app" {
  name        = "drift-app"
  description = "runs the app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"] }, Action = "sts:AssumeRole" }]
  })
  tags = { Name = "app" }
}

resource "aws_iam_policy" "read" {
  name = "drift-read"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }]
  })
}

resource "aws_iam_role_policy" "inline" {
  name = "inline"
  role = aws_iam_role.app.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "read" {
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_user" "ops" {
  name = "drift-ops"
}

resource "aws_iam_group" "ops" {
  name = "drift-ops"
}

resource "aws_iam_policy" "shared" {
  name = "drift-shared"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ec2:Describe*", Resource = "*" }]
  })
}

resource "aws_iam_policy_attachment" "shared" {
  name       = "shared"
  policy_arn = aws_iam_policy.shared.arn
  users      = [aws_iam_user.ops.name]
  groups     = [aws_iam_group.ops.name]
  roles      = [aws_iam_role.app.name]
}

resource "aws_kms_key" "main" {
  description         = "drift"
  enable_key_rotation = true
  tags                = { Name = "main" }
}

resource "aws_ssm_parameter" "plain" {
  name  = "/drift/plain"
  type  = "String"
  value = "one"
  tags  = { Name = "plain" }
}

resource "aws_ssm_parameter" "secret" {
  name  = "/drift/secret"
  type  = "SecureString"
  value = "hush-hush"
}

resource "aws_secretsmanager_secret" "db" {
  name        = "drift-db"
  description = "password"
  tags        = { Name = "db" }
}
