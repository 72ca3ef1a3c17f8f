variable "state" {
  description = "The object of the S3 backend that holds the state to look at."
  type        = object({ bucket = string, key = string, region = string })
}

variable "topic_arn" {
  description = "The topic that hears of critical drift."
  type        = string
}

variable "namespace" {
  description = "Namespace of the metrics."
  type        = string
  default     = "Custom/AdvancedInfrastructureDrift"
}

variable "dimensions" {
  description = "Dimensions of the metrics."
  type        = map(string)
  default     = {}
}

variable "rules" {
  description = "Categories of your own."
  type        = list(object({ type = optional(string), attribute = optional(string), category = string }))
  default     = []
}

variable "ignore" {
  description = "Drift to live with."
  type        = list(object({ address = optional(string), type = optional(string), attribute = optional(string), reason = string, expires = optional(string) }))
  default     = []
}

variable "unmanaged" {
  description = "Types to look for in the account that no state manages."
  type        = list(string)
  default     = []
}

variable "cost" {
  description = "Whether to ask the Price List API what the drift costs."
  type        = bool
  default     = true
}

variable "pipeline_roles" {
  description = "ARNs of the roles that apply what is looked at: what they did during an apply is no drift yet."
  type        = set(string)
  default     = []
}

variable "since" {
  description = "When the apply that runs began, or this look, RFC 3339: only what others did after it is theirs for sure."
  type        = string
  default     = "1970-01-01T00:00:00Z"
}

variable "reports" {
  description = "The folder that reports are written to."
  type        = string
  default     = "reports"
}
