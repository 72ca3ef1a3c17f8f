variable "load_balancer_arn" {
  type        = string
  description = "The Application Load Balancer."
}

variable "vpc_id" {
  type        = string
  description = "Where the targets are."
}

resource "aws_lb_target_group" "web" {
  for_each = toset(["blue", "green"])

  name                 = "web-${each.key}"
  port                 = 8080
  protocol             = "HTTP"
  vpc_id               = var.vpc_id
  deregistration_delay = 60
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = var.load_balancer_arn
  port              = 80

  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.web["blue"].arn
        weight = 100
      }
      target_group {
        arn    = aws_lb_target_group.web["green"].arn
        weight = 0
      }
    }
  }

  lifecycle {
    ignore_changes = [default_action]
  }
}

resource "reliability_blue_green_switch" "web" {
  active   = var.active
  strategy = { type = "canary", steps = [10, 50], interval = "2m", bake = "5m", drain = "10m" }
  checks   = { healthy = { target_group = { arn = aws_lb_target_group.web[var.active].arn, min_healthy = 2 } } }
  routes = {
    web = { listener = {
      arn   = aws_lb_listener.web.arn
      blue  = { target_group_arn = aws_lb_target_group.web["blue"].arn }
      green = { target_group_arn = aws_lb_target_group.web["green"].arn }
    } }
  }
}
