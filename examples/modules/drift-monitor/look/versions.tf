terraform {
  required_version = ">= 1.14.1" # actions

  required_providers {
    reliability = {
      source = "project3-ls/reliability"
    }
  }
}
