# The build has been uploaded, whole and today.
resource "reliability_health_gate" "artifact" {
  checks = {
    bundle = {
      s3_object = {
        bucket       = "example-artifacts"
        key          = "web/bundle.js"
        content_type = "text/javascript"
        min_bytes    = 100000
        max_age      = "24h"
      }
    }
  }
}
