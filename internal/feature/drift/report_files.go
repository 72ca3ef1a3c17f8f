package drift

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/blocks"
	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// writeReports writes the files that report asks for, each whole or not at all.
func writeReports(ctx context.Context, data *model, result *engine.Result, diags *diag.Diagnostics) {
	if data.Report.IsNull() {
		return
	}
	var files reportModel
	diags.Append(data.Report.As(ctx, &files, asOptions)...)
	text, err := result.JSON(true)
	var document report.Drift
	if err == nil {
		document, err = report.ParseDrift(text)
	}
	if !files.SARIF.IsNull() { // nothing else tells of lines
		document.Locate = locator(configDir(ctx, data, files, diags))
	}
	for _, file := range []struct {
		format string
		path   types.String
	}{{"html", files.HTML}, {"json", files.JSON}, {"junit", files.JUnit}, {"markdown", files.Markdown}, {"sarif", files.SARIF}} {
		failure := err
		if file.path.ValueString() == "" {
			continue
		}
		if failure == nil && context.Cause(ctx) == nil {
			failure = document.Write(file.format, file.path.ValueString())
		}
		if failure != nil {
			errorAt(diags, path.Root("report").AtName(file.format), tfdiag.Message{
				Summary: "Report could not be written", Happened: "the comparison is done, and its report is not on disk", Err: failure,
				Live: "nothing was changed.", Next: "choose a path that can be written.",
			})
		}
	}
}

// configDir is the folder of the configuration whose state is compared, as far as that is known, or "".
func configDir(ctx context.Context, data *model, files reportModel, diags *diag.Diagnostics) string {
	if dir := files.ConfigDir.ValueString(); dir != "" {
		if !blocks.Holds(dir) {
			warningAt(diags, path.Root("report").AtName("config_dir"), tfdiag.Message{
				Summary: "No configuration in config_dir", Happened: dir + " holds no *.tf file, so that the SARIF report names no lines of it.",
				Next: "check the path, which is relative to the directory in which Terraform runs.",
			})
		}
		return dir
	}
	var source stateModel
	diags.Append(data.State.As(ctx, &source, asOptions)...)
	if dir := source.WorkingDir.ValueString(); dir != "" {
		return dir
	}
	if name := source.Path.ValueString(); name != "" {
		dir := filepath.Dir(name)
		// The local backend keeps workspaces in terraform.tfstate.d/NAME: https://developer.hashicorp.com/terraform/language/backend/local.
		if above := filepath.Dir(dir); filepath.Base(above) == "terraform.tfstate.d" {
			dir = filepath.Dir(above)
		}
		if blocks.Holds(dir) {
			return dir
		}
	}
	return ""
}

// locator tells where a resource is written: its block in dir, else the beginning of dir's configuration. Where there is no dir, it is
// the block that asked for the comparison, which is in the configuration that runs.
func locator(dir string) func(address, attribute string) (report.Place, bool) {
	if blocks.Holds(dir) {
		finder := blocks.NewFinder(dir, blocks.Root(dir))
		return func(address, attribute string) (report.Place, bool) {
			place, ok := finder.Resource(engine.WithoutKeys(address), attribute)
			if !ok {
				place, ok = finder.First()
			}
			return report.Place(place), ok
		}
	}
	own := blocks.NewFinder(".", blocks.Root("."))
	place, ok := own.Data("reliability_drift")
	if !ok {
		place, ok = own.First()
	}
	return func(string, string) (report.Place, bool) { return report.Place(place), ok }
}
