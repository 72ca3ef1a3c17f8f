# Read at plan: when the database's port does not answer, the plan fails and nothing is changed.
data "reliability_health" "ready" {
  checks = {
    database = { tcp = { address = "db.shop.internal:5432" } }
    name     = { dns = { name = "www.shop.example", type = "A", min_answers = 1 } }
  }
  max_retries = 2
  retry_delay = "5s"
}
