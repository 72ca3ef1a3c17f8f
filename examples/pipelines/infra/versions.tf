terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
    reliability = {
      source = "project3-ls/reliability"
    }
  }

  # backend "s3" {} # the state of the infrastructure: bucket, key and region are given to `terraform init` by the pipeline
}
