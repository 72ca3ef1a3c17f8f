# Whole objects that are not known: from variables while Terraform validates, from terraform_data at plan.

terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}
variable "store" {
  type    = object({ s3 = optional(object({ bucket = string })), local = optional(object({ path = string })) })
  default = { local = { path = ".rel" } }
}
variable "x" {
  description = "Unset, yet unknown while Terraform validates."
  type        = any
  default     = null
}
provider "reliability" {
  store       = var.store
  health      = var.x
  metrics     = var.x
  notify      = var.x
  assume_role = var.x
}
resource "terraform_data" "u" { input = timestamp() }
locals { u = jsondecode(terraform_data.u.output) }
resource "reliability_health_gate" "a" {
  checks   = local.u
  backoff  = local.u
  report   = local.u
  triggers = local.u
}
resource "reliability_health_gate" "b" {
  checks = { a = local.u, b = { http = local.u }, c = { http = { url = "http://x", expect = local.u } }, d = { workflow = { steps = local.u } }, e = { database = local.u }, f = { metric = local.u }, g = { dns = local.u }, h = { s3_website = local.u } }
}
resource "reliability_deployment_snapshot" "a" {
  name      = "n"
  release   = "r"
  targets   = local.u
  retention = local.u
  triggers  = local.u
}
resource "reliability_deployment_snapshot" "b" {
  name    = "n2"
  release = "r"
  targets = { a = local.u, b = { lambda_alias = local.u }, c = { s3_bucket = local.u }, d = { route53_record = local.u }, e = { ecs_service = local.u } }
}
resource "reliability_rollback" "a" {
  snapshot_id = reliability_deployment_snapshot.a.id
  reason      = "x"
  verify      = local.u
  cleanup     = local.u
  targets     = local.u
  triggers    = local.u
}
data "reliability_rollback_plan" "a" {
  snapshot_id = reliability_deployment_snapshot.a.id
  targets     = local.u
  cleanup     = local.u
}
resource "reliability_blue_green_switch" "a" {
  active   = "blue"
  routes   = local.u
  strategy = local.u
  checks   = local.u
  backoff  = local.u
  timeouts = local.u
}
resource "reliability_blue_green_switch" "b" {
  active   = terraform_data.u.id
  routes   = { a = local.u, b = { route53 = local.u }, c = { lambda_alias = { function_name = "f", name = "n", blue = local.u, green = local.u } }, d = { listener = local.u } }
  strategy = { type = "linear", steps = local.u }
}
data "reliability_drift" "a" {
  state  = local.u
  ignore = local.u
  rules  = local.u
  report = local.u
  types  = local.u
}
data "reliability_health" "a" {
  checks  = local.u
  backoff = local.u
  report  = local.u
}
