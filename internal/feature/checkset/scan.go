package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

type scanModel struct {
	Path     types.String `tfsdk:"path"`
	MaxLevel types.String `tfsdk:"max_level"`
}

var scanLevel = text{"Invalid level", `write "note", "warning" or "error".`, func(s string) error {
	_, err := probe.ParseScanLevel(s)
	return err
}}

func scanKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Reads what a scanner (tfsec, checkov, trivy, semgrep, CodeQL, ...) wrote in [SARIF](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html); passes when it holds no result at or above a level. " +
			"A result without a level has that of its rule, else `warning`; one that is suppressed does not count. A file in which nothing was scanned, or whose scanner says that it did not finish, is inconclusive, and blocks.",
		Attributes: map[string]schema.Attribute{
			"path":      schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Path of the file, up to 256 MiB."},
			"max_level": schema.StringAttribute{Optional: true, Validators: []validator.String{scanLevel}, MarkdownDescription: "Level that blocks, with everything above it: `\"note\"`, `\"warning\"` or `\"error\"` (default)."},
		},
	}
	return kind{
		name: "scan", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[scanModel](ctx, object, attribute, diags)
			limit := probe.LevelError
			if !model.MaxLevel.IsNull() {
				var err error
				limit, err = probe.ParseScanLevel(model.MaxLevel.ValueString())
				invalid(diags, at.AtName("max_level"), err)
			}
			return &probe.Scan{Path: model.Path.ValueString(), Limit: limit}
		},
	}
}
