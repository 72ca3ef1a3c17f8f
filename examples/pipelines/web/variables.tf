variable "release" {
  description = "What identifies the release, such as the commit. One that was rolled back cannot be brought out again."
  type        = string
}

variable "package" {
  description = "The zip with the function's code."
  type        = string
}

variable "active" {
  description = "The colour that is to serve once the release is out: the other one than today's."
  type        = string

  validation {
    condition     = contains(["blue", "green"], var.active)
    error_message = "active is \"blue\" or \"green\"."
  }
}

variable "name" {
  description = "Begins the names of what is made."
  type        = string
  default     = "shop"
}

variable "domain" {
  description = "The zone; customers come to www below it."
  type        = string
  default     = "shop.example"
}

variable "sides" {
  description = "The two sides of the site: the address that DNS gives out, and the URL at which the side itself can be reached."
  type        = map(object({ address = string, url = string }))

  validation {
    condition     = join(",", sort(keys(var.sides))) == "blue,green"
    error_message = "sides needs \"blue\" and \"green\"."
  }
}

variable "reports" {
  description = "The folder that reports are written to."
  type        = string
  default     = "reports"
}

variable "topic_arn" {
  description = "Who is told: output `topic_arn` of the module monitoring."
  type        = string
  default     = null
}

variable "store" {
  description = "Where snapshots and the history of deployments are kept: a bucket of its own, versioned. Without one they are kept on this machine, which a build throws away."
  type        = object({ bucket = string, prefix = optional(string) })
  default     = null
}

variable "interval" {
  description = "How long a step of the switch is watched before the next."
  type        = string
  default     = "30s"
}

variable "bootstrap" {
  description = "The very first release: there is no alias and no stage to capture yet."
  type        = bool
  default     = false
}
