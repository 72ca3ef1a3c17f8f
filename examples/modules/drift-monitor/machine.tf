# One execution an event. It ends well once a look that began after the event has ended; it never runs two looks at a time:
#   settle -> wait for the apply of a pipeline, if the event is its own -> a look after the event is done? Done. One runs? Wait. Else start one.
# The token of a start is the look before it, so that a hundred executions that start the next one at the same moment start it once.
# Language: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html (JSONata)

locals {
  pipelines = [for name in sort(keys(var.pipelines)) : {
    project = var.pipelines[name].project_name
    phases  = sort(tolist(var.pipelines[name].apply_phases))
  }]

  # CodeBuild answers a busy account with an error, and so does anything that is down for a moment.
  patient = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 6, MaxDelaySeconds = 120, JitterStrategy = "FULL" }]

  machine = {
    Comment        = "Looks for drift of ${var.state.key}"
    QueryLanguage  = "JSONata"
    StartAt        = "Event"
    TimeoutSeconds = (var.apply_wait_minutes + 120) * 60
    States = {
      Event = {
        Type = "Pass"
        Assign = {
          happened = "{% $states.input.time %}"
          # The clock waits for an apply, as the pipeline's own writes do; what anybody else writes is looked at meanwhile.
          waits = "{% $states.input.source = 'aws.events' or $states.input.detail.userIdentity.sessionContext.sessionIssuer.arn in ${jsonencode(sort([for pipeline in var.pipelines : pipeline.role_arn]))} %}"
        }
        Next = "Settle"
      }
      Settle = { Type = "Wait", Seconds = var.settle_seconds, Next = "Waits" }
      Waits = {
        Type    = "Choice"
        Choices = [{ Condition = "{% $waits %}", Next = "Applies" }]
        Default = "Newest"
      }

      Applies = {
        Type  = "Map"
        Items = local.pipelines
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "Builds"
          States = {
            Builds = {
              Type      = "Task"
              Resource  = "arn:${local.partition}:states:::aws-sdk:codebuild:listBuildsForProject"
              Arguments = { ProjectName = "{% $states.input.project %}", SortOrder = "DESCENDING" }
              Output    = { phases = "{% $states.input.phases %}", ids = "{% [$states.result.Ids[[0..9]]] %}" }
              Retry     = local.patient
              Next      = "Any"
            }
            Any = {
              Type    = "Choice"
              Choices = [{ Condition = "{% $count($states.input.ids) > 0 %}", Next = "Phases" }]
              Default = "None"
            }
            None = { Type = "Pass", Output = false, End = true }
            Phases = {
              Type      = "Task"
              Resource  = "arn:${local.partition}:states:::aws-sdk:codebuild:batchGetBuilds"
              Arguments = { Ids = "{% $states.input.ids %}" }
              Output    = "{% $count($states.result.Builds[BuildStatus = 'IN_PROGRESS' and CurrentPhase in $states.input.phases]) > 0 %}"
              Retry     = local.patient
              End       = true
            }
          }
        }
        Assign = { applying = "{% true in $states.result %}" }
        Next   = "Applying"
      }
      Applying = {
        Type = "Choice"
        Choices = [
          { Condition = "{% $applying and $toMillis($states.context.State.EnteredTime) - $toMillis($states.context.Execution.StartTime) > ${var.apply_wait_minutes * 60000} %}", Next = "ApplyDoesNotEnd" },
          { Condition = "{% $applying %}", Next = "Patience" },
        ]
        Default = "Newest"
      }
      Patience        = { Type = "Wait", Seconds = var.poll_seconds, Next = "Applies" }
      ApplyDoesNotEnd = { Type = "Fail", Error = "ApplyDoesNotEnd", Cause = "An apply has run for longer than apply_wait_minutes: no look was made." }

      Newest = {
        Type      = "Task"
        Resource  = "arn:${local.partition}:states:::aws-sdk:codebuild:listBuildsForProject"
        Arguments = { ProjectName = local.project, SortOrder = "DESCENDING" }
        Assign = {
          newest = "{% $exists($states.result.Ids[0]) ? $states.result.Ids[0] : 'none' %}"
          recent = "{% [$states.result.Ids[[0..2]]] %}"
        }
        Retry = local.patient
        Next  = "First"
      }
      First = {
        Type    = "Choice"
        Choices = [{ Condition = "{% $newest = 'none' %}", Next = "Start" }]
        Default = "Looks"
      }
      Looks = {
        Type      = "Task"
        Resource  = "arn:${local.partition}:states:::aws-sdk:codebuild:batchGetBuilds"
        Arguments = { Ids = "{% $recent %}" }
        # The time of an event has whole seconds.
        Output = {
          running = "{% $count($states.result.Builds[BuildStatus = 'IN_PROGRESS']) > 0 %}"
          ended = join(" ", [
            "{% [$states.result.Builds[BuildStatus != 'IN_PROGRESS' and $toMillis(StartTime) >= $toMillis($happened) + 1000].",
            "{ 'began': StartTime, 'look': [ExportedEnvironmentVariables[Name = 'LOOK'].Value, 'none'][0] }] %}",
          ])
        }
        Retry = local.patient
        Next  = "Covered"
      }
      Covered = {
        Type = "Choice"
        Choices = [
          { Condition = "{% 'told' in $states.input.ended.look %}", Next = "Looked" },
          { Condition = "{% $states.input.running %}", Next = "Running" },
          # It saw an apply, and kept to itself what it found. After the apply comes another.
          { Condition = "{% 'held' in $states.input.ended.look %}", Assign = { happened = "{% $max($states.input.ended.$toMillis(began)) ~> $fromMillis %}" }, Next = "Applies" },
          { Condition = "{% $count($states.input.ended) > 2 %}", Next = "NoLook" },
        ]
        Default = "Start"
      }
      Running = { Type = "Wait", Seconds = var.poll_seconds, Next = "Looks" }
      Start = {
        Type      = "Task"
        Resource  = "arn:${local.partition}:states:::aws-sdk:codebuild:startBuild"
        Arguments = { ProjectName = local.project, IdempotencyToken = "{% 'after ' & $newest %}" }
        Retry     = concat([{ ErrorEquals = ["CodeBuild.AccountLimitExceededException"], MaxAttempts = 0 }], local.patient)
        Catch     = [{ ErrorEquals = ["CodeBuild.AccountLimitExceededException"], Next = "Started" }] # by another execution
        Next      = "Started"
      }
      Started = { Type = "Wait", Seconds = var.poll_seconds, Next = "Newest" }
      Looked  = { Type = "Succeed" }
      NoLook  = { Type = "Fail", Error = "NoLook", Cause = "Three builds after the event ended without a look: see their log." }
    }
  }
}

resource "aws_sfn_state_machine" "this" {
  name       = local.project
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(local.machine)
  tags       = var.tags

  depends_on = [aws_iam_role_policy.machine]
}

data "aws_iam_policy_document" "assumed_by_machine" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "${local.project}-machine"
  description        = "Starts looks, and sees which builds run."
  assume_role_policy = data.aws_iam_policy_document.assumed_by_machine.json
  tags               = var.tags
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid       = "Start"
    actions   = ["codebuild:StartBuild"]
    resources = [local.project_arn]
  }

  statement {
    sid       = "See"
    actions   = ["codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds"]
    resources = concat([local.project_arn], local.pipeline_arns)
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "look"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}
