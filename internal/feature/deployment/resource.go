// Package deployment is reliability_deployment_snapshot, and the data sources of what became of deployments.
package deployment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ resource.ResourceWithConfigure      = (*snapshotResource)(nil)
	_ resource.ResourceWithImportState    = (*snapshotResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*snapshotResource)(nil)
	_ resource.ResourceWithValidateConfig = (*snapshotResource)(nil)
)

type snapshotResource struct{ data *configured.Data }

// NewResource returns reliability_deployment_snapshot.
func NewResource() resource.Resource { return &snapshotResource{} }

func (r *snapshotResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_deployment_snapshot"
}

func (r *snapshotResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = snapshotSchema()
}

func (r *snapshotResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

// ImportState takes NAME/VERSION; Read fills in the rest from the snapshot.
func (r *snapshotResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name, version, err := snapshot.ParseID(req.ID)
	if err != nil {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{
			Summary: "Invalid import identifier", Happened: fmt.Sprintf("%q cannot be imported", req.ID), Err: err,
			Next: "import by the id of a snapshot, NAME/VERSION, such as web/000012; data.reliability_deployments lists them.",
		})
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), snapshot.FormatID(name, version))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("allow_redeploy"), false)...)
}
