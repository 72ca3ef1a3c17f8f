variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "database_ca_pem" {
  type = string
}

# The databases take connections, and the migrations have run.
resource "reliability_health_gate" "databases" {
  checks = {
    orders = {
      database = {
        engine     = "postgres"
        dsn_wo     = "postgres://health:${urlencode(var.database_password)}@orders.example.internal:5432/orders" # in no plan and no state
        wo_version = 1
        ca_pem     = var.database_ca_pem # encrypted and verified
        query      = "SELECT max(version) FROM schema_migrations"
        expect     = "42"
      }
    }
    sessions = {
      database = {
        engine = "mysql"
        dsn_wo = "health:${var.database_password}@tcp(sessions.example.internal:3306)/sessions?tls=true"
        query  = "SELECT @@read_only"
        expect = "0"
      }
    }
  }
}
