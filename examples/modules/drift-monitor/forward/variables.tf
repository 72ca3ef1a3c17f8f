variable "name" {
  description = "Begins the names of what is made: the same as that of the monitor."
  type        = string
  default     = "reliability"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{0,34}$", var.name))
    error_message = "name begins with a letter and takes letters, digits, \"-\" and \"_\", up to 35."
  }
}

variable "to_region" {
  description = "The Region of the monitor."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.to_region))
    error_message = "to_region is a Region such as \"eu-west-1\"."
  }
}

variable "event_pattern" {
  description = "Output `event_pattern` of the monitor."
  type        = string

  validation {
    condition     = can(jsondecode(var.event_pattern))
    error_message = "event_pattern is JSON: the output of the monitor."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
