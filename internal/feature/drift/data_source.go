// Package drift is data.reliability_drift: what differs between a Terraform state and AWS, how bad it is, what to do
// about it, and a plan that stops.
package drift

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var (
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

// NewDataSource returns data.reliability_drift.
func NewDataSource() datasource.DataSource { return &dataSource{} }

type dataSource struct{ provider *configured.Data }

// Metadata names the type.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_drift"
}

// Schema describes the attributes.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// Configure takes what the provider block says.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = configured.From(req.ProviderData, &resp.Diagnostics)
}
