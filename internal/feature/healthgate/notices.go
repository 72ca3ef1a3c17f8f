package healthgate

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// event is what a gate tells the sinks.
type event = notify.Event

// circumstances are what a verdict alone does not say.
type circumstances struct {
	deployment  string // its id, or ""
	unhealthy   bool   // before this run
	interrupted bool   // nothing was decided
}

// The outcomes that a subscription can filter by, as the message attribute "outcome".
const (
	outcomeSuccess     = "success"
	outcomeFailure     = "failure"
	outcomeRecovery    = "recovery"
	outcomeInterrupted = "interrupted"
)

func (c circumstances) outcome(verdict gate.Verdict) string {
	switch {
	case c.interrupted:
		return outcomeInterrupted
	case verdict != gate.Passed:
		return outcomeFailure
	case c.unhealthy:
		return outcomeRecovery
	default:
		return outcomeSuccess
	}
}

// tell sends the events. What could not be sent is one warning, however many sinks and events it was.
func tell(ctx context.Context, data *configured.Data, events []event, diags *diag.Diagnostics) {
	ctx, cancel := data.Clock.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	var errs []error
	said := map[string]bool{}
	for _, event := range events {
		if err := data.Sink.Send(ctx, event); err != nil && !said[err.Error()] {
			said[err.Error()] = true
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "Nobody was told", Happened: "The checks ran, but a metric or notification could not be sent", Err: err,
			Next: "check metrics and notify of the provider block; the verdict stands.",
		})
	}
}

// completed is the end of a run. People are told when it failed and when it is well again, unless its deployment, which
// ends with it, tells them already.
func completed(at time.Time, result gate.Result, c circumstances) event {
	e := event{
		Kind: notify.HealthCheckCompleted, At: at, Subject: "Health checks " + string(result.Verdict),
		Labels: labels(c.deployment), Attributes: attributes(result, c), Detail: detail(result, c),
		Metrics: []notify.Metric{notify.MetricHealthCheckDuration.Of(float64(result.Duration.Milliseconds()))},
	}
	if c.deployment != "" {
		return e
	}
	switch c.outcome(result.Verdict) {
	case outcomeFailure:
		e.Kind = notify.HealthCheckFailed
		e.Subject += ": " + strings.Join(result.Blocking(), ", ")
	case outcomeRecovery:
		e.Kind, e.Subject = notify.HealthRecovered, "Health checks pass again"
	}
	e.Subject = subject(e.Subject)
	return e
}

// ended is the end of a deployment.
func ended(at time.Time, result gate.Result, c circumstances) event {
	e := event{
		Kind: notify.DeploymentSucceeded, At: at, Subject: subject("Deployment succeeded: " + c.deployment),
		Labels: labels(c.deployment), Attributes: attributes(result, c), Detail: detail(result, c),
		Metrics: []notify.Metric{notify.MetricDeploymentSuccess.Of(1)},
	}
	switch c.outcome(result.Verdict) {
	case outcomeFailure:
		e.Kind, e.Subject = notify.DeploymentFailed, subject("Deployment failed: "+c.deployment)
		e.Metrics = []notify.Metric{notify.MetricDeploymentFailure.Of(1)}
	case outcomeRecovery:
		e.Subject = subject("Deployment recovered: " + c.deployment)
	}
	return e
}

// labels become dimensions: the deployment's name, not its version, so that an alarm can watch it.
func labels(deployment string) map[string]string {
	name, _, ok := strings.Cut(deployment, "/")
	if !ok {
		return nil
	}
	return map[string]string{"Deployment": name}
}

func attributes(result gate.Result, c circumstances) map[string]string {
	return map[string]string{"verdict": string(result.Verdict), "outcome": c.outcome(result.Verdict)}
}

// A message holds this many reasons, each so long: a topic takes 256 KiB, a person reads less.
const (
	mostReasons   = 50
	longestReason = 300
)

func detail(result gate.Result, c circumstances) map[string]any {
	failed := append([]string{}, result.Blocking()...)
	reasons := map[string]string{}
	for _, name := range failed[:min(len(failed), mostReasons)] {
		reasons[name] = cut(result.Checks[name].Reason, longestReason)
	}
	detail := map[string]any{
		"verdict": string(result.Verdict), "outcome": c.outcome(result.Verdict), "failed_checks": failed, "reasons": reasons,
		"checks": len(result.Checks), "duration_ms": result.Duration.Milliseconds(),
	}
	if c.deployment != "" {
		detail["deployment_id"] = c.deployment
	}
	return detail
}

// subject is at most 100 characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func subject(text string) string { return cut(text, 100) }

// cut keeps the first characters of text.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
