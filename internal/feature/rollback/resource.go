// Package rollback is reliability_rollback, and the data source that previews one.
package rollback

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var (
	_ resource.ResourceWithConfigure      = (*rollbackResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*rollbackResource)(nil)
	_ resource.ResourceWithValidateConfig = (*rollbackResource)(nil)
)

type rollbackResource struct{ data *configured.Data }

// NewResource returns reliability_rollback.
func NewResource() resource.Resource { return &rollbackResource{} }

func (r *rollbackResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_rollback"
}

func (r *rollbackResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = rollbackSchema()
}

func (r *rollbackResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = configured.From(req.ProviderData, &resp.Diagnostics)
}
