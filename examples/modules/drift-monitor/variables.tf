variable "name" {
  description = "Begins the names of everything the module makes."
  type        = string
  default     = "reliability"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{0,39}$", var.name))
    error_message = "name begins with a letter and takes letters, digits, \"-\" and \"_\", up to 40: it becomes part of the names of roles, a project and a state machine."
  }
}

variable "state" {
  description = "The Terraform state to watch: an object of an S3 backend, and the key that encrypts it, where it is one of your own."
  type = object({
    bucket      = string
    key         = string
    region      = string
    kms_key_arn = optional(string)
  })

  validation {
    condition     = var.state.bucket != "" && var.state.key != "" && !startswith(var.state.key, "/")
    error_message = "state needs a bucket and a key; the key does not begin with \"/\"."
  }
}

variable "services" {
  description = "Services of which a write starts a look, as the prefix of CloudTrail's eventSource. What comes of the others is found by the sweep."
  type        = set(string)
  default = [
    "apigateway", "autoscaling", "cloudfront", "dynamodb", "ec2", "ecs", "elasticloadbalancing", "iam", "kms", "lambda", "logs", "monitoring", "rds", "route53", "s3",
    "secretsmanager", "sns", "sqs", "ssm",
  ]

  validation {
    condition     = length(var.services) > 0 && alltrue([for service in var.services : can(regex("^[a-z0-9-]+$", service))])
    error_message = "services are prefixes such as \"ec2\" or \"monitoring\", at least one."
  }
}

variable "ignored_events" {
  description = "Names of calls that never start a look: what machines do all day, and no Terraform resource shows. Every other write does, also one that is not known yet."
  type        = set(string)
  default = [
    "CompleteLifecycleAction", "CreateGrant", "CreateLogStream", "DeleteLogStream", "PutComplianceItems", "PutInventory", "RecordLifecycleActionHeartbeat", "ResumeSession", "RetireGrant",
    "StartSession", "SubmitContainerStateChange", "SubmitTaskStateChange", "TerminateSession", "UpdateInstanceAssociationStatus", "UpdateInstanceInformation",
  ]

  validation {
    condition     = length(var.ignored_events) > 0 && alltrue([for name in var.ignored_events : can(regex("^[A-Za-z0-9_]+$", name))])
    error_message = "ignored_events are names of API calls, at least one: without CreateLogStream every look would start another."
  }
}

variable "pipelines" {
  description = "CodeBuild projects that apply the watched configuration, under names of your own: while one applies, what its role changes is no drift yet. apply_phases are the phases of its buildspec that change something."
  type = map(object({
    project_name = string
    role_arn     = string
    apply_phases = optional(set(string), ["BUILD", "POST_BUILD"])
  }))
  default = {}

  validation {
    condition     = alltrue([for pipeline in var.pipelines : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,149}$", pipeline.project_name)) && can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", pipeline.role_arn))])
    error_message = "A pipeline is the name of a CodeBuild project and the ARN of its role, arn:aws:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition     = alltrue([for pipeline in var.pipelines : length(pipeline.apply_phases) > 0 && alltrue([for phase in pipeline.apply_phases : contains(["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"], phase)])])
    error_message = "apply_phases are of INSTALL, PRE_BUILD, BUILD and POST_BUILD, at least one."
  }
}

variable "sweep_hours" {
  description = "How often a look is made whether or not anything was heard of."
  type        = number
  default     = 6

  validation {
    condition     = var.sweep_hours == floor(var.sweep_hours) && var.sweep_hours >= 1 && var.sweep_hours <= 20
    error_message = "sweep_hours is a whole number from 1 to 20: an alarm watches that the sweep ran, and sees one day."
  }
}

variable "settle_seconds" {
  description = "How long after a write the look is made, so that a storm of writes is one look."
  type        = number
  default     = 60

  validation {
    condition     = var.settle_seconds == floor(var.settle_seconds) && var.settle_seconds >= 1 && var.settle_seconds <= 900
    error_message = "settle_seconds is a whole number from 1 to 900."
  }
}

variable "poll_seconds" {
  description = "How often the state machine asks how far a build is."
  type        = number
  default     = 30

  validation {
    condition     = var.poll_seconds == floor(var.poll_seconds) && var.poll_seconds >= 5 && var.poll_seconds <= 300
    error_message = "poll_seconds is a whole number from 5 to 300."
  }
}

variable "apply_wait_minutes" {
  description = "How long a look may wait for an apply before the alarm `unlooked` says so."
  type        = number
  default     = 60

  validation {
    condition     = var.apply_wait_minutes == floor(var.apply_wait_minutes) && var.apply_wait_minutes >= 5 && var.apply_wait_minutes <= 240
    error_message = "apply_wait_minutes is a whole number from 5 to 240."
  }
}

variable "rules" {
  description = "`rules` of data.reliability_drift: categories of your own, before the built-in ones."
  type        = list(object({ type = optional(string), attribute = optional(string), category = string }))
  default     = []

  validation {
    condition     = alltrue([for rule in var.rules : contains(["critical", "major", "minor"], rule.category)])
    error_message = "category is \"critical\", \"major\" or \"minor\"."
  }
}

variable "ignore" {
  description = "`ignore` of data.reliability_drift: drift to live with, each with its reason."
  type        = list(object({ address = optional(string), type = optional(string), attribute = optional(string), reason = string, expires = optional(string) }))
  default     = []

  validation {
    condition     = alltrue([for entry in var.ignore : trimspace(entry.reason) != "" && (entry.address != null || entry.type != null || entry.attribute != null)])
    error_message = "An entry of ignore names an address, a type or an attribute, and gives a reason."
  }
}

variable "unmanaged" {
  description = "`unmanaged` of data.reliability_drift: types to look for in the account that no state manages."
  type        = list(string)
  default     = []
}

variable "cost" {
  description = "Whether to ask the Price List API what the drift costs."
  type        = bool
  default     = true
}

variable "dimensions" {
  description = "Dimensions of the metrics. The same for `dimensions` of the module monitoring: CloudWatch finds a metric only by all of its dimensions."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.dimensions) <= 30
    error_message = "CloudWatch takes 30 dimensions a metric."
  }
}

variable "drift_namespace" {
  description = "Namespace of the metrics. The same for `drift_namespace` of the module monitoring."
  type        = string
  default     = "Custom/AdvancedInfrastructureDrift"

  validation {
    condition     = can(regex("^[^:].{0,254}$", var.drift_namespace)) && !startswith(var.drift_namespace, "AWS/")
    error_message = "drift_namespace has 1 to 255 characters, and begins neither with \":\" nor with \"AWS/\"."
  }
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

variable "image" {
  description = "The image that a look runs on: bash, curl, unzip and the AWS CLI are on those of CodeBuild; Terraform is installed where it is not."
  type        = string
  default     = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
}

variable "compute_type" {
  description = "The machine that a look runs on."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"

  validation {
    condition     = startswith(var.compute_type, "BUILD_GENERAL1_")
    error_message = "compute_type is one of CodeBuild's, such as \"BUILD_GENERAL1_SMALL\"."
  }
}

variable "terraform_version" {
  description = "The Terraform that is installed where the image has none: 1.14.1 or newer, for what is found is told by an action."
  type        = string
  default     = "1.16.3"

  validation {
    condition     = can(regex("^(1\\.14\\.[1-9][0-9]*|1\\.(1[5-9]|[2-9][0-9])\\.[0-9]+)$", var.terraform_version))
    error_message = "terraform_version is 1.14.1 or newer."
  }
}

variable "log_retention_days" {
  description = "How long the log of the looks is kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs keeps for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "report_retention_days" {
  description = "How long the reports of the looks are kept; null: for ever."
  type        = number
  default     = 90

  validation {
    condition     = var.report_retention_days == null || try(var.report_retention_days == floor(var.report_retention_days) && var.report_retention_days >= 1, false)
    error_message = "report_retention_days is a whole number of days, 1 or more."
  }
}

variable "force_destroy" {
  description = "Whether destroying the module also throws away the reports that are kept."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "A customer managed key for topic, bucket, builds and log group; its policy must let cloudwatch.amazonaws.com, sns.amazonaws.com and logs.REGION.amazonaws.com use it. Without one the bucket is encrypted by a key of S3."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "tags" {
  description = "Tags of everything the module makes."
  type        = map(string)
  default     = {}
}
