data "reliability_deployments" "shop" {
  name = "shop"

  # A page to look at: how they went, recovery against its budget, the traffic of the latest switches.
  report = { html = "reports/deployments.html" }
}

output "change_failure_rate" {
  value = data.reliability_deployments.shop.change_failure_rate
}
