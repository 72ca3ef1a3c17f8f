# The site is served from its bucket: index, pages, and no error document in their place.
resource "reliability_health_gate" "site" {
  checks = {
    site = {
      s3_website = {
        bucket = "www.example.com"
        paths  = ["/", "/docs/", "/robots.txt"]
      }
    }
  }
}
