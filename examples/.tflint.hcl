# Only the rules that come with tflint: nothing is downloaded. `make lint` runs them over the modules and the pipelines.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# The provider of a checkout has no version that a release could ask for.
rule "terraform_required_providers" {
  enabled = true
  version = false
}
