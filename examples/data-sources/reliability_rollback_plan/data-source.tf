# What a rollback would change, how long it would take, and what it could not restore. Nothing is changed.
data "reliability_rollback_plan" "shop" {
  snapshot_id = "shop/last_good"
}

output "rollback" {
  value = data.reliability_rollback_plan.shop.changes
}
