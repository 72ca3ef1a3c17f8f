package healthgate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ datasource.DataSourceWithConfigure      = (*health)(nil)
	_ datasource.DataSourceWithValidateConfig = (*health)(nil)
)

type health struct{ data *configured.Data }

// NewDataSource returns reliability_health.
func NewDataSource() datasource.DataSource { return &health{} }

func (d *health) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_health"
}

func (d *health) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

func (d *health) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig reports what single attributes cannot see.
func (d *health) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config dataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		config.Validate(ctx, path.Empty(), &resp.Diagnostics)
	}
}

// Read runs the checks. It sends no metrics and closes no deployment: a plan changes nothing.
func (d *health) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, out, ok := config.run(ctx, d.data, "", gate.Options{}, &resp.Diagnostics)
	if !ok {
		return
	}
	if result.Verdict != gate.Passed {
		m := message(ctx, result, "what was there when the checks ran; the checks themselves change nothing.")
		if !config.records() || context.Cause(ctx) != nil {
			tfdiag.Error(&resp.Diagnostics, m)
			return
		}
		tfdiag.Warning(&resp.Diagnostics, m)
	}
	config.outputs = out
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}
