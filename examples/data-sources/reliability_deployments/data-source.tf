data "reliability_deployments" "shop" {
  name = "shop"
}

output "change_failure_rate" {
  value = data.reliability_deployments.shop.change_failure_rate
}
