variable "release" {
  type = string
}

variable "distribution_id" {
  type = string
}

# What serves before the release. Its id opens a deployment in the ledger, which the gate below closes.
resource "reliability_deployment_snapshot" "web" {
  name    = "web"
  release = var.release
  targets = {
    site = { s3_bucket = { bucket = "www.example.com" } }
    api  = { lambda_alias = { function_name = "api", name = "live" } }
  }
}

# Stands for what brings the release out: aws_s3_object, aws_lambda_alias, an upload by the pipeline.
resource "terraform_data" "release" {
  input      = var.release
  depends_on = [reliability_deployment_snapshot.web]
}

resource "reliability_health_gate" "web" {
  deployment_id = reliability_deployment_snapshot.web.id
  triggers      = { release = terraform_data.release.output }

  checks = {
    # Is the right release there, and does it say that it is well?
    site = {
      http = {
        url = "https://www.example.com/health"
        expect = {
          json        = { "json.release" = var.release, "json.status" = "ok" }
          failure     = "json.status == \"broken\"" # waiting does not mend it
          max_latency = "800ms"
        }
      }
    }
    edge = { cloudfront = { distribution_id = var.distribution_id, paths = ["/", "/index.html"] } }

    # Do browsers get through to the API, from the pages of the site?
    orders = { cors = { url = "https://api.example.com/orders", origin = "https://www.example.com", method = "POST" }, needs = ["site"] }

    # A journey of a user, once the parts are well.
    basket = {
      needs   = ["site", "orders"]
      timeout = "30s"
      workflow = {
        steps = [
          { name = "new", url = "https://api.example.com/baskets", method = "POST", capture = { id = "json.id" } },
          { name = "look", url = "https://api.example.com/baskets/{{id}}" },
          { name = "clean up", url = "https://api.example.com/baskets/{{id}}", method = "DELETE", always = true },
        ]
      }
    }

    # Good to know, no reason to stop.
    certificate = { tls = { address = "www.example.com:443", min_days_remaining = 21 }, advisory = true }
  }

  success_threshold = 3 # in a row: one lucky answer is not enough
  max_retries       = 10
  retry_delay       = "5s"
  timeout           = "5m"

  report = {
    junit    = "reports/health.xml"
    markdown = "reports/health.md"
    html     = "reports/health.html"
  }
}

# Happens only once the release is proven healthy.
resource "terraform_data" "announced" {
  input      = var.release
  depends_on = [reliability_health_gate.web]
}
