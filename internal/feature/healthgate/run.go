package healthgate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// run is one run of a gate; options say who is told meanwhile. ok is false when none took place; diags then say why.
func (in *inputs) run(ctx context.Context, data *configured.Data, deployment string, options gate.Options, diags *diag.Diagnostics) (result gate.Result, out outputs, ok bool) {
	checks, policy, more := in.Build(ctx, path.Empty(), checkset.Deps{Data: data, Region: in.Region.ValueString()})
	diags.Append(more...)
	if diags.HasError() {
		return result, out, false
	}
	options.Clock, options.Log = data.Clock, configured.Logger(ctx)
	result = gate.Run(ctx, checks, policy, options)
	document := checkset.Document(result, deployment)
	out = fromResult(ctx, result, document, diags)
	reportset.Write(in.Report, document.Write, "The checks ran, but their report could not be written", "make the folder writable or name another path; report_json holds the same evidence.", diags)
	advise(result, diags)
	return result, out, true
}

// advise warns of checks that did not pass and block nothing.
func advise(result gate.Result, diags *diag.Diagnostics) {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(result.Checks)) {
		if check := result.Checks[name]; (check.Advisory || check.Excused) && check.Status != gate.CheckPassed {
			lines = append(lines, fmt.Sprintf("  - %s (%s) %s: %s", name, check.Kind, strings.ReplaceAll(string(check.Status), "_", " "), strings.TrimPrefix(check.Reason, "skipped: ")))
		}
	}
	if len(lines) > 0 {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "Checks that block nothing did not pass", Happened: "These checks are advisory, or inconclusive where on_inconclusive lets that pass:\n" + strings.Join(lines, "\n"), Next: "look into them when there is time.",
		})
	}
}

// message words a gate that did not pass.
func message(ctx context.Context, result gate.Result, live string) tfdiag.Message {
	took := result.Duration.Round(10 * time.Millisecond)
	m := tfdiag.Message{
		Summary:  "Health checks failed",
		Happened: fmt.Sprintf("%d of %d checks did not pass, after %s:\n%s", len(result.Blocking()), len(result.Checks), took, checkset.Describe(result)),
		Live:     live,
		Next: "mend what the reasons name, then apply again: the checks run again until they pass. If the release is at fault, put the last good one back, by hand or with reliability_rollback. " +
			"If it only needs longer, raise max_retries, retry_delay and timeout.",
	}
	switch {
	case context.Cause(ctx) != nil:
		m.Summary, m.Next = "Health checks interrupted", "apply again: nothing was decided."
	case result.Verdict == gate.Inconclusive:
		m.Summary = "Health checks inconclusive"
		m.Next = "wait until there is something to measure, then apply again; allow_insufficient_data of an alarm, advisory = true, or on_inconclusive = \"pass\" lets it pass unmeasured."
	}
	return m
}
