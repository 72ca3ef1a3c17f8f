data "reliability_deployment" "last_good" {
  name   = "shop"
  select = "last_good"
}

output "serves_after_a_rollback" {
  value = data.reliability_deployment.last_good.release
}
