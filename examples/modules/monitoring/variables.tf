variable "name" {
  description = "Begins the names of everything the module makes."
  type        = string
  default     = "reliability"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,200}$", var.name))
    error_message = "name takes letters, digits, \"-\" and \"_\", up to 200: it becomes part of an SNS topic's name."
  }
}

variable "deployments" {
  description = "Names of the deployments to watch: the `name` of each reliability_deployment_snapshot."
  type        = set(string)

  validation {
    condition     = length(var.deployments) > 0 && alltrue([for name in var.deployments : trimspace(name) != ""])
    error_message = "deployments needs at least one name, and none may be empty."
  }
}

variable "switches" {
  description = "Switches to watch: a name of your own to the `id` of the reliability_blue_green_switch, which may be known only once it is applied."
  type        = map(string)
  default     = {}
}

variable "dimensions" {
  description = "The same as `metrics.dimensions` of the provider block: CloudWatch finds a metric only by all of its dimensions."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.dimensions) <= 29 && !contains(keys(var.dimensions), "Deployment") && !contains(keys(var.dimensions), "Switch")
    error_message = "dimensions takes up to 29 names (CloudWatch takes 30 a metric, one is the provider's own), and neither \"Deployment\" nor \"Switch\", which the provider sets itself."
  }
}

variable "namespace" {
  description = "The same as `metrics.namespace` of the provider block."
  type        = string
  default     = "Custom/DeploymentHealth"
}

variable "drift_namespace" {
  description = "The same as `metrics.drift_namespace` of the provider block."
  type        = string
  default     = "Custom/AdvancedInfrastructureDrift"
}

variable "subscriptions" {
  description = "Who is told: under names of your own, a protocol of SNS and its endpoint. An e-mail address must be confirmed by its owner."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}

  validation {
    condition     = alltrue([for s in var.subscriptions : contains(["email", "email-json", "http", "https", "lambda", "sms", "sqs", "firehose", "application"], s.protocol)])
    error_message = "protocol is one of email, email-json, http, https, lambda, sms, sqs, firehose and application."
  }
}

variable "log_groups" {
  description = "Log groups to make, such as those of the CodeBuild projects that run the pipelines (\"/aws/codebuild/PROJECT\")."
  type        = set(string)
  default     = []
}

variable "log_retention_days" {
  description = "How long the log groups keep what was written."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs keeps for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "kms_key_arn" {
  description = "A customer managed key for the topic and the log groups; its policy must let cloudwatch.amazonaws.com, sns.amazonaws.com and logs.REGION.amazonaws.com use it. The key alias/aws/sns does not do: alarms cannot publish through it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "health_check_duration_ms" {
  description = "A gate that took longer than this, in milliseconds, raises an alarm."
  type        = number
  default     = 120000

  validation {
    condition     = var.health_check_duration_ms > 0
    error_message = "health_check_duration_ms is a positive number of milliseconds."
  }
}

variable "recovery_seconds" {
  description = "The time that a recovery may take: drawn as a line over the recoveries on the dashboard. The same as `max_recovery_time`."
  type        = number
  default     = 300

  validation {
    condition     = var.recovery_seconds > 0
    error_message = "recovery_seconds is a positive number of seconds."
  }
}

variable "tags" {
  description = "Tags of everything the module makes."
  type        = map(string)
  default     = {}
}
