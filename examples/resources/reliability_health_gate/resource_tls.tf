variable "queue_ca_pem" {
  type = string
}

# Certificates that verify and do not expire within three weeks.
resource "reliability_health_gate" "certificates" {
  checks = {
    web   = { tls = { address = "www.example.com:443", min_days_remaining = 21 } }
    queue = { tls = { address = "192.0.2.30:5671", server_name = "mq.example.internal", ca_pem = var.queue_ca_pem } }
  }
}
