resource "aws_lambda_function" "fn" {
  function_name = "drift-fn"
  role          = aws_iam_role.app.arn
  handler       = "index.handler"
  runtime       = "python3.12"
  filename      = "code.zip"
  publish       = true
  memory_size   = 256
  timeout       = 10
  environment {
    variables = { STAGE = "prod" }
  }
  tags = { Name = "fn" }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.fn.function_name
  function_version = aws_lambda_function.fn.version
  description      = "what customers get"
}

resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  function_name = aws_lambda_function.fn.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = "arn:aws:events:us-east-1:123456789012:rule/nightly"
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn  = aws_dynamodb_table.streamed.stream_arn
  function_name     = aws_lambda_function.fn.arn
  starting_position = "LATEST"
  batch_size        = 50
}

resource "aws_dynamodb_table" "streamed" {
  name             = "streamed"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_sns_topic" "alerts" {
  name         = "alerts"
  display_name = "Alerts"
  tags         = { Name = "alerts" }
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "publish", Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }, Action = "sns:Publish", Resource = aws_sns_topic.alerts.arn }]
  })
}

resource "aws_sns_topic_subscription" "fn" {
  topic_arn     = aws_sns_topic.alerts.arn
  protocol      = "lambda"
  endpoint      = aws_lambda_function.fn.arn
  filter_policy = jsonencode({ kind = ["order"] })
}

resource "aws_api_gateway_rest_api" "rest" {
  name        = "rest"
  description = "the old API"
  tags        = { Name = "rest" }
}

resource "aws_api_gateway_resource" "items" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  parent_id   = aws_api_gateway_rest_api.rest.root_resource_id
  path_part   = "items"
}

resource "aws_api_gateway_method" "items" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = aws_api_gateway_resource.items.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "items" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  resource_id = aws_api_gateway_resource.items.id
  http_method = aws_api_gateway_method.items.http_method
  type        = "MOCK"
}

resource "aws_api_gateway_deployment" "v1" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  depends_on  = [aws_api_gateway_integration.items]
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  deployment_id = aws_api_gateway_deployment.v1.id
  stage_name    = "prod"
  variables     = { colour = "blue" }
}

resource "aws_apigatewayv2_api" "http" {
  name          = "http"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins = ["https://example.com"]
    allow_methods = ["GET", "POST"]
    max_age       = 300
  }
  tags = { Name = "http" }
}

resource "aws_apigatewayv2_stage" "live" {
  api_id          = aws_apigatewayv2_api.http.id
  name            = "live"
  stage_variables = { colour = "blue" }
}

resource "aws_apigatewayv2_integration" "fn" {
  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.fn.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "items" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "GET /items"
  target    = "integrations/${aws_apigatewayv2_integration.fn.id}"
}

resource "aws_ecs_cluster" "main" {
  name = "main"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
  tags = { Name = "main" }
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  cpu                      = "256"
  memory                   = "512"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.app.arn
  container_definitions    = jsonencode([{ name = "web", image = "nginx:1", essential = true, portMappings = [{ containerPort = 80 }] }])
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "drift-errors"
  alarm_description   = "too many errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 60
  statistic           = "Sum"
  threshold           = 5
  alarm_actions       = [aws_sns_topic.alerts.arn]
  dimensions          = { FunctionName = aws_lambda_function.fn.function_name }
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/drift/app"
  retention_in_days = 30
  tags              = { Name = "app" }
}
