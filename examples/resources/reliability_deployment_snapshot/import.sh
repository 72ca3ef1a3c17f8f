# By NAME/VERSION; data.reliability_deployments lists them.
terraform import reliability_deployment_snapshot.before shop/000012
