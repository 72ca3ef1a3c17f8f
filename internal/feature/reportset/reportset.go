// Package reportset is the `report` attribute: the files that a result is written to as well, one for each format.
package reportset

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	action "github.com/hashicorp/terraform-plugin-framework/action/schema"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// Texts describe the attribute: as a whole, and the file of each format by its name.
type Texts struct {
	Whole string
	Files map[string]string
}

// Resource is the attribute of a resource.
func (t Texts) Resource() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: t.Whole, Attributes: files(t, func(text string, validators []validator.String) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: text, Validators: validators}
	})}
}

// DataSource is the attribute of a data source.
func (t Texts) DataSource() datasource.SingleNestedAttribute {
	return datasource.SingleNestedAttribute{Optional: true, MarkdownDescription: t.Whole, Attributes: files(t, func(text string, validators []validator.String) datasource.Attribute {
		return datasource.StringAttribute{Optional: true, MarkdownDescription: text, Validators: validators}
	})}
}

// Action is the attribute of an action.
func (t Texts) Action() action.SingleNestedAttribute {
	return action.SingleNestedAttribute{Optional: true, MarkdownDescription: t.Whole, Attributes: files(t, func(text string, validators []validator.String) action.Attribute {
		return action.StringAttribute{Optional: true, MarkdownDescription: text, Validators: validators}
	})}
}

func files[T any](t Texts, attribute func(string, []validator.String) T) map[string]T {
	all := make(map[string]T, len(t.Files))
	for format, text := range t.Files {
		all[format] = attribute(text, []validator.String{stringvalidator.LengthAtLeast(1)})
	}
	return all
}

// Write has each file that the attribute names written, in order of their formats. happened says what took place all the same when
// one cannot be: a warning, for the result itself stands.
func Write(report types.Object, write func(format, file string) error, happened, next string, diags *diag.Diagnostics) {
	for _, format := range slices.Sorted(maps.Keys(report.Attributes())) {
		file, ok := report.Attributes()[format].(types.String)
		if !ok || file.ValueString() == "" {
			continue
		}
		if err := write(format, file.ValueString()); err != nil {
			tfdiag.WarningAt(diags, path.Root("report").AtName(format), tfdiag.Message{Summary: "Report not written", Happened: happened, Err: err, Next: next})
		}
	}
}
