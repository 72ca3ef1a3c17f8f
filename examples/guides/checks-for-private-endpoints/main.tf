variable "release" {
  type = string
}

variable "private_ca_pem" {
  type = string
}

variable "api_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "reliability_health_gate" "private" {
  triggers = { release = var.release }

  checks = {
    # A private name, a private certificate authority, a key that is in no plan and no state.
    orders = {
      http = {
        url        = "https://orders.example.internal/health"
        ca_pem     = var.private_ca_pem
        headers_wo = { "X-Api-Key" = var.api_key }
        wo_version = 1
      }
    }

    # One side of a pair, before DNS points to it: Host and certificate are those of the URL.
    green = { http = { url = "https://www.example.com/health", connect_to = "10.0.2.20:443" } }

    # The private zone, asked where it is served.
    name = { dns = { name = "orders.example.internal", resolver = "10.0.0.2:53", min_answers = 2 } }

    # A REST API behind an interface endpoint: the stage is asked for in AWS, the call goes to the endpoint's own name.
    api = {
      api_gateway = {
        api_id = "a1b2c3d4e5"
        stage  = "prod"
        url    = "https://vpce-0123456789abcdef0-abcdefgh.execute-api.eu-west-1.vpce.amazonaws.com/prod/health"
      }
    }

    # What the build cannot reach, a function in the VPC can.
    database = { lambda = { function_name = "check-database", qualifier = "live", expect = { success = "payload.connected == true" } } }
    cache    = { tcp = { address = "cache.example.internal:6379", send = "PING\r\n", expect = "+PONG" } }
  }
}
