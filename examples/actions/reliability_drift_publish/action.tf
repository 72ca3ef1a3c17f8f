data "reliability_drift" "network" {
  state = { path = "../network/terraform.tfstate" }
}

# From a schedule of the CI:  terraform apply -invoke=action.reliability_drift_publish.network
action "reliability_drift_publish" "network" {
  config {
    report_json = data.reliability_drift.network.report_json
  }
}

# metrics and notify say where it goes.
provider "reliability" {
  metrics = { dimensions = { Stack = "network" } }
  notify  = { sns_topic_arn = "arn:aws:sns:us-east-1:123456789012:drift" }
}
