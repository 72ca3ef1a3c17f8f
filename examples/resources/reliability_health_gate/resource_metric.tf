# The release is watched until it has had a hundred requests, then judged by its errors and its slowest one in a hundred.
resource "reliability_health_gate" "watch" {
  checks = {
    errors = {
      metric = {
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        statistic   = "Sum"
        period      = "5m"
        comparison  = "<"
        threshold   = 5
        dimensions  = { LoadBalancer = "app/web/50dc6c495c0c9188" }
      }
      advisory = true # without any error there is no data, which says nothing
    }
    latency = {
      metric = {
        namespace   = "AWS/ApplicationELB"
        metric_name = "TargetResponseTime"
        statistic   = "p99"
        period      = "5m"
        comparison  = "LessThanOrEqualToThreshold"
        threshold   = 0.8
        dimensions  = { LoadBalancer = "app/web/50dc6c495c0c9188" }
        min_samples = 100
      }
    }
  }
  initial_delay = "5m"
  timeout       = "15m"
}
