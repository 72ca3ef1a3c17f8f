terraform {
  required_version = ">= 1.9.0" # a validation may refer to other variables from here on

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
