# The databases are available before the migrations begin.
resource "reliability_health_gate" "rds" {
  checks = {
    reports = { rds = { db_instance_identifier = "reports" } }
    orders  = { rds = { db_cluster_identifier = "orders" } }
  }
  timeout     = "15m"
  max_retries = 60
}
