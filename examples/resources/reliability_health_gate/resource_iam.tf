# What the pipeline will need, asked before it begins: as a data source it would stop the plan.
resource "reliability_health_gate" "permissions" {
  checks = {
    deploy = {
      iam = {
        principal_arn = "arn:aws:iam::123456789012:role/deploy"
        actions       = ["lambda:UpdateFunctionCode", "lambda:PublishVersion", "lambda:UpdateAlias"]
        resources     = ["arn:aws:lambda:eu-west-1:123456789012:function:web"]
      }
    }
  }
  max_retries = 0
}
