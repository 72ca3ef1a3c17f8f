# Two targets of the new side have passed the load balancer's own health checks.
resource "reliability_health_gate" "targets" {
  checks = {
    green = {
      target_group = {
        arn         = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/green/6d0ecf831eec9f09"
        min_healthy = 2
      }
    }
  }
}
