terraform {
  required_providers {
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

provider "reliability" {
  region = "eu-west-1"

  # Snapshots, the deployment ledger, the journal and leases. A build machine is thrown away, so they live in S3.
  store = {
    s3 = {
      bucket = "example-deployments"
      prefix = "shop/"
    }
  }

  # What a check gets that says nothing else.
  health = {
    timeout     = "5m"
    max_retries = 5
    retry_delay = "10s"
  }

  # Sent only because they are set.
  metrics = {
    namespace  = "Custom/DeploymentHealth"
    dimensions = { Environment = "prod" }
  }
  notify = {
    sns_topic_arn = "arn:aws:sns:eu-west-1:123456789012:deployments"
  }
}
