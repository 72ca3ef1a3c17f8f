# Two releases of each deployment that the examples speak of, in each of the stores that they name.

terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "release" {
  type = string
}

provider "reliability" {
  s3_use_path_style = true
  store             = { s3 = { bucket = "shop-deployments" } }
}

provider "reliability" {
  alias             = "example"
  s3_use_path_style = true
  store             = { s3 = { bucket = "example-deployments" } }
}

resource "reliability_deployment_snapshot" "shop" {
  name    = "shop"
  release = var.release
  targets = { api = { lambda_alias = { function_name = "shop-api", name = "live" } } }
}

resource "reliability_health_gate" "shop" {
  deployment_id = reliability_deployment_snapshot.shop.id
  checks        = { site = { http = { url = "https://www.shop.example" } } }
}

resource "reliability_deployment_snapshot" "web" {
  provider = reliability.example
  name     = "web"
  release  = var.release
  targets  = { api = { lambda_alias = { function_name = "shop-api", name = "live" } } }
}

resource "reliability_health_gate" "web" {
  provider      = reliability.example
  deployment_id = reliability_deployment_snapshot.web.id
  checks        = { site = { http = { url = "https://www.example.com" } } }
}
