provider "reliability" {
  # Without this block HEALTH_CHECK_TIMEOUT, MAX_RETRIES and RETRY_DELAY are read from the environment, as the scripts did.
  health = { timeout = "5m", max_retries = 5, retry_delay = "10s" }

  # publish_metric: namespaces are the same as those of the scripts.
  metrics = {}

  # send_alert
  notify = { sns_topic_arn = var.topic_arn }
}

variable "release" {
  type = string
}

variable "topic_arn" {
  type = string
}

# automated-rollback.sh: save_state. Versioned, with a digest, in place of a JSON file in a bucket.
resource "reliability_deployment_snapshot" "before" {
  name    = "shop"
  release = var.release

  targets = {
    api  = { lambda_alias = { function_name = "shop-api", name = "live" } }
    site = { s3_bucket = { bucket = "shop-site" } }
  }
}

# enhanced-health-check.sh: one check a function of the script, side by side instead of one after the other.
resource "reliability_health_gate" "shop" {
  triggers      = { release = var.release }
  deployment_id = reliability_deployment_snapshot.before.id
  on_failure    = "record" # the rollback below decides

  checks = {
    api      = { lambda = { function_name = "shop-api", qualifier = "live", payload = jsonencode({ path = "/health" }), expect = { success = "payload.statusCode == 200" } } }
    site     = { s3_website = { bucket = "shop-site" } }
    cdn      = { cloudfront = { distribution_id = "E2EXAMPLE" } }
    gateway  = { api_gateway = { api_id = "a1b2c3d4e5", stage = "live", path = "/health", cors_origin = "https://shop.example.com" } }
    database = { rds = { db_instance_identifier = "shop" } }
  }
}

# automated-rollback.sh: rollback, with its reason. It runs only when the gate says so.
resource "reliability_rollback" "shop" {
  snapshot_id = reliability_deployment_snapshot.before.id
  when        = !reliability_health_gate.shop.healthy
  reason      = "release ${var.release} is not well: ${join(", ", reliability_health_gate.shop.failed_checks)}"
  triggers    = { release = var.release }
}

# advanced drift detection: compare, classify, block. The state is that of the configuration that made the network.
data "reliability_drift" "network" {
  state   = { path = "../network/terraform.tfstate" }
  fail_on = "critical"
  report  = { json = "reports/drift.json" }
}
