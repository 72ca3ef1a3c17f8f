// Package healthgate is reliability_health_gate, which blocks an apply until a deployment is proven healthy, and its sister
// data source reliability_health, which blocks a plan.
package healthgate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var (
	_ resource.ResourceWithConfigure      = (*healthGate)(nil)
	_ resource.ResourceWithValidateConfig = (*healthGate)(nil)
	_ resource.ResourceWithModifyPlan     = (*healthGate)(nil)
)

type healthGate struct{ data *configured.Data }

// NewResource returns reliability_health_gate.
func NewResource() resource.Resource { return &healthGate{} }

func (r *healthGate) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_health_gate"
}

func (r *healthGate) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema()
}

func (r *healthGate) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = configured.From(req.ProviderData, &resp.Diagnostics)
}
