package drift

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

const (
	defaultParallelism = 16
	// readDeadline ends a read that AWS keeps waiting; the largest states take a minute.
	readDeadline = 15 * time.Minute
)

// Read compares, writes the report, and decides whether the plan may go on.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data model
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() || d.provider == nil {
		return
	}
	ctx, cancel := d.provider.Clock.WithTimeout(ctx, readDeadline)
	defer cancel()
	options, ok := d.options(ctx, &data, &resp.Diagnostics)
	if !ok {
		return
	}
	result, err := engine.Detect(ctx, options)
	if err != nil {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{
			Summary: "Drift could not be looked for", Happened: "nothing was compared", Err: err, Next: adviceFor(err),
			Live: "unknown; nothing was changed.",
		})
		return
	}
	text, err := result.JSON(false)
	if err != nil {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{Summary: "Drift report could not be made", Err: err})
		return
	}
	writeReport(ctx, data.Report, result, &resp.Diagnostics)
	gate := gateOf(data)
	blocked := gate.blocks(result)
	gate.diagnose(result, os.Getenv(overrideVariable), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	data.fromResult(result, string(text), blocked)
	data.State = withoutJSON(ctx, data.State, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

// adviceFor says what to do about what tfdiag does not know; of AWS's own refusals it knows.
func adviceFor(err error) string {
	var unreachable *engine.UnreachableError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "AWS kept us waiting for too long. Look at fewer types or regions, or try again later."
	case !errors.As(err, &unreachable):
		return ""
	case unreachable.NoRegion():
		return "set region here or in the provider block, or AWS_REGION."
	case unreachable.NoCredentials():
		return "set or renew the AWS credentials (profile, role or environment), then plan again."
	}
	return "check the network path, the proxy and the endpoints to AWS, then plan again."
}

// options makes the engine's options out of the configuration. ok is false when there is an error among diags.
func (d *dataSource) options(ctx context.Context, data *model, diags *diag.Diagnostics) (options engine.Options, ok bool) {
	options = engine.Options{
		Readers: live.Readers(d.provider.AWS), Parallelism: defaultParallelism, Account: d.provider.AWS.AccountID,
		Clock: d.provider.Clock, Log: configured.Logger(ctx),
	}
	if !data.Parallelism.IsNull() {
		options.Parallelism = int(data.Parallelism.ValueInt64())
	}
	for _, list := range []struct {
		from types.List
		to   *[]string
	}{{data.Types, &options.Types}, {data.ExcludeTypes, &options.ExcludeTypes}, {data.Regions, &options.Regions}} {
		diags.Append(list.from.ElementsAs(ctx, list.to, false)...)
	}
	options.Ignores = readIgnores(ctx, data.Ignore, d.provider.Clock.Now(), diags)
	var rules []ruleModel
	diags.Append(data.Rules.ElementsAs(ctx, &rules, false)...)
	for _, rule := range rules {
		options.Overrides = append(options.Overrides, engine.Override{
			Type: rule.Type.ValueString(), Attribute: rule.Attribute.ValueString(), Category: engine.Category(rule.Category.ValueString()),
		})
	}
	options.State = readState(ctx, data.State, engine.Specs(options.Readers), diags)
	options.Region = func(ctx context.Context) (string, error) {
		return d.provider.AWS.Region(ctx, data.Region.ValueString())
	}
	return options, !diags.HasError()
}

func readIgnores(ctx context.Context, list types.List, now time.Time, diags *diag.Diagnostics) []engine.Ignore {
	var models []ignoreModel
	diags.Append(list.ElementsAs(ctx, &models, false)...)
	var ignores []engine.Ignore
	for i, entry := range models {
		ignore, err := entry.toSpec()
		validateIgnore(entry, path.Root("ignore").AtListIndex(i), diags)
		if err != nil {
			continue
		}
		if ignore.Expired(now) {
			warningAt(diags, path.Root("ignore").AtListIndex(i), tfdiag.Message{
				Summary:  "Ignore entry has expired",
				Happened: "it ended on " + entry.Expires.ValueString() + " and no longer counts. Its reason was: " + ignore.Reason,
				Next:     "put the drift right and take the entry out, or give it a later date.",
			})
		}
		ignores = append(ignores, ignore)
	}
	return ignores
}

// writeReport writes the file that report asks for, whole or not at all.
func writeReport(ctx context.Context, object types.Object, result *engine.Result, diags *diag.Diagnostics) {
	var report reportModel
	if object.IsNull() {
		return
	}
	diags.Append(object.As(ctx, &report, asOptions)...)
	if report.JSON.ValueString() == "" {
		return
	}
	text, err := result.JSON(true)
	if err == nil {
		err = writeFile(report.JSON.ValueString(), append(text, '\n'))
	}
	if err != nil {
		errorAt(diags, path.Root("report").AtName("json"), tfdiag.Message{
			Summary: "Report could not be written", Happened: "the comparison is done, and its report is not on disk", Err: err,
			Live: "nothing was changed.", Next: "choose a path in a folder that exists and can be written.",
		})
	}
}

func writeFile(name string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".drift-report-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		if gone := os.Remove(temporary.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return errors.Join(err, gone)
		}
	}
	return err
}
