terraform {
  required_providers {
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

variable "release" {
  type        = string
  description = "Release to bring out."
}

variable "colour" {
  type        = string
  description = "Colour that serves once the release is out."
}

variable "interval" {
  type        = string
  description = "Time at each step."
  default     = "1m"
}

variable "urls" {
  type        = map(string)
  description = "Where each colour answers."
}

variable "zone_id" {
  type        = string
  description = "Hosted zone of www.shop.example."
}

# Stands for the resources that bring the release out: a Lambda alias, objects in a bucket, a service.
resource "terraform_data" "release" {
  input      = var.release
  depends_on = [reliability_deployment_snapshot.before]
}
