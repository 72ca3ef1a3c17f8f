variable "topic_arn" {
  description = "The topic that people and their tools subscribe to."
  type        = string
}

provider "reliability" {
  # CloudWatch metrics are sent only with this block.
  metrics = {
    dimensions = { Environment = "prod" }
  }

  notify = {
    sns_topic_arn  = var.topic_arn
    event_bus_name = "default"
  }
}

resource "reliability_health_gate" "shop" {
  checks = { page = { http = { url = "https://shop.example.com/health" } } }
}
