package healthgate

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ action.ActionWithConfigure      = (*healthCheck)(nil)
	_ action.ActionWithValidateConfig = (*healthCheck)(nil)
)

type healthCheck struct{ data *configured.Data }

// NewAction returns the action reliability_health_check.
func NewAction() action.Action { return &healthCheck{} }

func (a *healthCheck) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_health_check"
}

func (a *healthCheck) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	attributes := checkset.ActionAttributes()
	files := reportset.Texts{Whole: reports.Whole, Files: maps.Clone(reports.Files)}
	files.Files["json"] = "Path of the JSON document." // there is no report_json that it could be the same as
	maps.Copy(attributes, map[string]schema.Attribute{
		"on_failure": schema.StringAttribute{
			Optional: true, Validators: onFailureValidators, MarkdownDescription: "`\"error\"` (default): the invocation fails. `\"record\"`: it is only a warning.",
		},
		"region": schema.StringAttribute{Optional: true, Validators: notEmpty, MarkdownDescription: regionText},
		"report": files.Action(),
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs health checks when it is invoked, by hand (`terraform apply -invoke=action.reliability_health_check.NAME`) or by a trigger of a resource, with a line of progress " +
			"for each check. It changes nothing and saves nothing. Needs Terraform 1.14.1 or newer: 1.14.0 starts `after_*` triggers too early. A failing `after_update` leaves the update in place and is " +
			"not repeated by the next apply; what must block until it is well is a `reliability_health_gate`.",
		Attributes: attributes,
	}
}

func (a *healthCheck) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig reports what single attributes cannot see.
func (a *healthCheck) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var config inputs
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		config.Validate(ctx, path.Empty(), &resp.Diagnostics)
	}
}

// Invoke runs the checks and tells of each as it ends. Metrics and notifications are sent as a gate sends them.
func (a *healthCheck) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config inputs
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	lines := newProgress(func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) })
	result, _, ok := config.run(ctx, a.data, "", gate.Options{Observer: lines.attempted, Ended: lines.ended}, &resp.Diagnostics)
	if ok {
		lines.add(fmt.Sprintf("verdict: %s, after %s", result.Verdict, result.Duration.Round(time.Millisecond)))
	}
	lines.close()
	if !ok {
		return
	}
	tell(ctx, a.data, []event{completed(a.data.Clock.Now(), result, circumstances{})}, &resp.Diagnostics)
	if result.Verdict == gate.Passed {
		return
	}
	m := message(ctx, result, "everything as it was: this action changes nothing.")
	m.Next = strings.ReplaceAll(m.Next, "apply again: the checks run again until they pass", "invoke it again")
	if config.records() && context.Cause(ctx) == nil {
		tfdiag.Warning(&resp.Diagnostics, m)
		return
	}
	tfdiag.Error(&resp.Diagnostics, m)
}

// progress hands lines to Terraform one at a time, in order, without making a check wait for it.
type progress struct {
	lines chan string
	done  chan struct{}
}

// waitingLines are held back while Terraform is slow to take them; what exceeds them is left out.
const waitingLines = 4096

func newProgress(send func(string)) *progress {
	p := &progress{lines: make(chan string, waitingLines), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for line := range p.lines {
			send(line)
		}
	}()
	return p
}

// close returns when every line was handed over; nothing may be added after it.
func (p *progress) close() {
	close(p.lines)
	<-p.done
}

func (p *progress) add(line string) {
	select {
	case p.lines <- line:
	default:
	}
}

// attempted tells of an attempt that did not pass.
func (p *progress) attempted(check string, attempt int, seen probe.Observation) {
	if seen.Status != probe.Pass {
		p.add(fmt.Sprintf("%s: attempt %d: %s", check, attempt, short(seen.Reason)))
	}
}

// ended tells of a check's end.
func (p *progress) ended(check gate.CheckResult) {
	line := fmt.Sprintf("%s (%s): %s", check.Name, check.Kind, strings.ReplaceAll(string(check.Status), "_", " "))
	if n := len(check.Attempts); n > 0 {
		line += fmt.Sprintf(" after %s, %d ms", attempts(n), check.Latency.Milliseconds())
	}
	if check.Status != gate.CheckPassed && len(check.Attempts) == 0 {
		line += ": " + short(strings.TrimPrefix(check.Reason, "skipped: "))
	}
	if check.Advisory {
		line += " (advisory)"
	}
	p.add(line)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// short keeps a reason to one line that a terminal shows whole.
func short(reason string) string {
	const most = 160
	line := []rune(strings.Join(strings.Fields(reason), " "))
	if len(line) > most {
		return string(line[:most-1]) + "…"
	}
	return string(line)
}
