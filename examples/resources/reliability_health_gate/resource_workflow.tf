# A user's journey: what one step captures, later steps use as {{name}}. What it leaves behind is removed, come what may.
resource "reliability_health_gate" "journey" {
  checks = {
    order = {
      timeout = "30s" # for the whole journey
      workflow = {
        steps = [
          {
            name    = "log in"
            url     = "https://api.example.com/login"
            method  = "POST"
            headers = { "Content-Type" = "application/json" }
            body    = jsonencode({ user = "health", password = "public" })
            capture = { token = "json.token" }
          },
          {
            name    = "order"
            url     = "https://api.example.com/orders"
            method  = "POST"
            headers = { "Authorization" = "Bearer {{token}}", "Content-Type" = "application/json" }
            body    = jsonencode({ item = "test" })
            expect  = { status = ["201"] }
            capture = { id = "json.id" }
          },
          {
            name    = "look"
            url     = "https://api.example.com/orders/{{id}}"
            headers = { "Authorization" = "Bearer {{token}}" }
            expect  = { json = { "json.id" = "{{id}}", "json.status" = "accepted" } }
          },
          {
            name    = "cancel"
            url     = "https://api.example.com/orders/{{id}}"
            method  = "DELETE"
            headers = { "Authorization" = "Bearer {{token}}" }
            always  = true # also when "look" failed
          },
        ]
      }
    }
  }
}
