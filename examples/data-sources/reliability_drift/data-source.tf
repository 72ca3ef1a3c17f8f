# Compares the state of the network stack with AWS, and stops the plan when something critical was changed by hand.
data "reliability_drift" "network" {
  state   = { path = "../network/terraform.tfstate" }
  types   = ["aws_vpc", "aws_security_group"]
  fail_on = "critical"

  ignore = [{
    address   = "module.legacy.*"
    attribute = "tags"
    reason    = "the cost team tags these by hand until they are gone"
    expires   = "2027-01-31"
  }]

  # Whoever moves this VPC's name servers gets a call.
  rules = [{
    type      = "aws_vpc"
    attribute = "enable_dns_*"
    category  = "critical"
  }]

  report = { json = "drift.json" }
}

output "drift" {
  value = data.reliability_drift.network.items
}
