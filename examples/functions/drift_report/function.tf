# terraform plan -refresh-only -out drift.tfplan
# TF_VAR_plan_json="$(terraform show -json drift.tfplan)" terraform apply
variable "plan_json" {
  type      = string
  sensitive = true
}

output "critical" {
  value     = [for item in provider::reliability::drift_report(var.plan_json) : item.address if item.category == "critical"]
  sensitive = true
}
