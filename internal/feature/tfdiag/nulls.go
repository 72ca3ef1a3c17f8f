package tfdiag

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// NoNulls refuses a list or set that holds a null, which would otherwise have to be left out unseen.
type NoNulls struct{}

// Description implements validator.Describer.
func (NoNulls) Description(context.Context) string { return "holds no null" }

// MarkdownDescription implements validator.Describer.
func (v NoNulls) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateList implements validator.List.
func (NoNulls) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	refuseNulls(req.ConfigValue.Elements(), req.Path, &resp.Diagnostics)
}

// ValidateSet implements validator.Set.
func (NoNulls) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	refuseNulls(req.ConfigValue.Elements(), req.Path, &resp.Diagnostics)
}

func refuseNulls(elements []attr.Value, at path.Path, diags *diag.Diagnostics) {
	for _, element := range elements {
		if element.IsNull() {
			ErrorAt(diags, at, Message{
				Summary: "Null among values", Happened: at.String() + " holds a null, which would mean something else if it were left out.",
				Next: "give a value, or take the null out on purpose, for example with compact(...).",
			})
			return
		}
	}
}
