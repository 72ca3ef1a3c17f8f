# The last change of the distribution has reached all edge locations, which takes some minutes, and pages are served.
resource "reliability_health_gate" "cdn" {
  checks = {
    cdn = {
      cloudfront = {
        distribution_id = "E1A2B3C4D5E6F7"
        paths           = ["/", "/health"]
        url             = "https://www.example.com" # instead of https://d111111abcdef8.cloudfront.net
      }
    }
  }
  timeout     = "20m"
  max_retries = 40
  retry_delay = "15s"
  backoff     = { multiplier = 1 }
}
