package healthgate

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// closing bounds what is done after the verdict, even when Terraform was interrupted meanwhile.
const closing = 30 * time.Second

// judge runs the checks, closes the deployment and tells the sinks. ok is false when nothing ran.
func (r *healthGate) judge(ctx context.Context, config *resourceModel, diags *diag.Diagnostics) (result gate.Result, out outputs, ok bool) {
	deployment := config.DeploymentID.ValueString()
	if deployment != "" && !r.knows(ctx, deployment, diags) {
		return result, out, false
	}
	result, out, ok = config.run(ctx, r.data, deployment, diags)
	if !ok {
		return result, out, false
	}
	interrupted := context.Cause(ctx) != nil // then nothing was decided, and the deployment stays open
	after, cancel := r.data.Clock.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	events := []notify.Event{completed(r.data.Clock.Now(), result, deployment)}
	if deployment != "" && !interrupted {
		r.close(after, deployment, result, diags)
		events = append(events, ended(r.data.Clock.Now(), result, deployment))
	}
	var errs []error
	for _, event := range events {
		errs = append(errs, r.data.Sink.Send(after, event))
	}
	if err := errors.Join(errs...); err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "Nobody was told", Happened: "The checks ran, but a metric or notification could not be sent", Err: err,
			Next: "check metrics and notify of the provider block; the verdict stands.",
		})
	}
	return result, out, true
}

// knows tells whether the ledger has the deployment, and says so where it has not.
func (r *healthGate) knows(ctx context.Context, id string, diags *diag.Diagnostics) bool {
	book, err := r.ledger(ctx)
	if err == nil {
		var history ledger.History
		name, _, _ := strings.Cut(id, "/")
		history, err = book.History(ctx, name)
		for _, deployment := range history.Deployments {
			if deployment.ID == id {
				return true
			}
		}
	}
	m := tfdiag.Message{Summary: "Ledger not readable", Happened: "The ledger of deployment " + id + " could not be read", Err: err, Next: "check store of the provider block."}
	if err == nil {
		m = tfdiag.Message{
			Summary: "Unknown deployment", Happened: "The ledger in this provider's store has no deployment " + id + ".",
			Next: "give the id of a reliability_deployment_snapshot that uses the same store.",
		}
	}
	tfdiag.ErrorAt(diags, path.Root("deployment_id"), m)
	return false
}

func (r *healthGate) ledger(ctx context.Context) (*ledger.Ledger, error) {
	kept, err := r.data.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	return ledger.New(kept, r.data.Clock), nil
}

// close writes the verdict down. Where it cannot, the apply fails, so that the next one does it again: a deployment that
// looks open is never the last good one.
func (r *healthGate) close(ctx context.Context, id string, result gate.Result, diags *diag.Diagnostics) {
	status, reason := ledger.Succeeded, ""
	if result.Verdict != gate.Passed {
		status, reason = ledger.Failed, "health gate "+string(result.Verdict)+": "+strings.Join(result.Blocking(), ", ")
	}
	book, err := r.ledger(ctx)
	if err == nil {
		err = book.Close(ctx, id, status, reason)
	}
	if err != nil {
		tfdiag.ErrorAt(diags, path.Root("deployment_id"), tfdiag.Message{
			Summary: "Deployment not closed", Happened: "The verdict is " + string(result.Verdict) + ", but it could not be written into the ledger of " + id, Err: err,
			Live: liveAfterGate, Next: "check store of the provider block, then apply again: the checks run again.",
		})
	}
}

func completed(at time.Time, result gate.Result, deployment string) notify.Event {
	return notify.Event{
		Kind: notify.HealthCheckCompleted, At: at, Subject: "Health checks " + string(result.Verdict), Labels: labels(deployment), Detail: detail(result, deployment),
		Metrics: []notify.Metric{{Name: "HealthCheckDuration", Value: float64(result.Duration.Milliseconds()), Unit: "Milliseconds"}},
	}
}

func ended(at time.Time, result gate.Result, deployment string) notify.Event {
	event := notify.Event{
		Kind: notify.DeploymentSucceeded, At: at, Subject: subject("Deployment succeeded: " + deployment), Labels: labels(deployment), Detail: detail(result, deployment),
		Metrics: []notify.Metric{{Name: "DeploymentSuccess", Value: 1, Unit: "Count"}},
	}
	if result.Verdict != gate.Passed {
		event.Kind, event.Subject = notify.DeploymentFailed, subject("Deployment failed: "+deployment)
		event.Metrics = []notify.Metric{{Name: "DeploymentFailure", Value: 1, Unit: "Count"}}
	}
	return event
}

// labels become dimensions: the deployment's name, not its version, so that an alarm can watch it.
func labels(deployment string) map[string]string {
	name, _, ok := strings.Cut(deployment, "/")
	if !ok {
		return nil
	}
	return map[string]string{"Deployment": name}
}

func detail(result gate.Result, deployment string) map[string]any {
	detail := map[string]any{"verdict": string(result.Verdict), "failed_checks": append([]string{}, result.Blocking()...), "duration_ms": result.Duration.Milliseconds()}
	if deployment != "" {
		detail["deployment_id"] = deployment
	}
	return detail
}

// subject is at most 100 bytes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func subject(text string) string {
	if len(text) > 100 {
		return text[:100]
	}
	return text
}
