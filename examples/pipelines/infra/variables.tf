variable "release" {
  description = "What identifies the change, such as the commit. One that was rolled back cannot be brought out again."
  type        = string
}

variable "name" {
  description = "Begins the names of what is made, and is the name of the deployment."
  type        = string
  default     = "shop-infra"
}

variable "settings" {
  description = "What the application reads at its start."
  type        = string
  default     = "{}"
}

variable "workers" {
  description = "Roles of the workers, by name."
  type        = set(string)
  default     = []
}

variable "deployer_role_arn" {
  description = "The role that the build runs as: what it may not do stops the change before it starts."
  type        = string
}

variable "health_url" {
  description = "Where the application answers when it is well."
  type        = string
}

variable "scan" {
  description = "A SARIF file of a scanner that ran before: an error in it stops the change. Empty: none ran."
  type        = string
  default     = ""
}

variable "state" {
  description = "The state as the pipeline pulled it, to be held against the account before anything changes. Empty: there is none yet."
  type        = string
  default     = ""
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

variable "bootstrap" {
  description = "The very first change: there is nothing to capture yet."
  type        = bool
  default     = false
}
