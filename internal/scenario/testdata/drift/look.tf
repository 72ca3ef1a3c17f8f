variable "look" {
  type        = bool
  description = "Compare the state with AWS, and stop at the slightest difference."
  default     = false
}

provider "reliability" {}

data "reliability_drift" "stack" {
  count   = var.look ? 1 : 0
  state   = { path = "${path.module}/terraform.tfstate" }
  fail_on = "minor"
}
