# Compares the state of the network stack with AWS, and stops the plan when something critical was changed by hand.
data "reliability_drift" "network" {
  state   = { path = "../network/terraform.tfstate" }
  types   = ["aws_vpc", "aws_security_group"]
  fail_on = "critical"

  ignore = [{
    type      = "aws_security_group"
    attribute = "description"
    reason    = "renamed by hand, agreed with the owner"
    expires   = "2027-01-31T00:00:00Z"
  }]
}

output "drift" {
  value = data.reliability_drift.network.items
}
