# One of each type that drift reads and that moto and hashicorp/aws together can carry in reasonable time.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}

provider "aws" {
  s3_use_path_style          = true
  skip_metadata_api_check    = true
  skip_region_validation     = true
  skip_requesting_account_id = false
  max_retries                = 1

  default_tags {
    tags = { Team = "drift" }
  }
}
