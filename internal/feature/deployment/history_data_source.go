package deployment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
)

var _ datasource.DataSourceWithConfigure = (*historyDataSource)(nil)

type historyDataSource struct{ data *configured.Data }

// NewHistoryDataSource returns data reliability_deployments.
func NewHistoryDataSource() datasource.DataSource { return &historyDataSource{} }

type historyModel struct {
	Name                types.String  `tfsdk:"name"`
	Deployments         types.List    `tfsdk:"deployments"`
	SuccessRate         types.Float64 `tfsdk:"success_rate"`
	ChangeFailureRate   types.Float64 `tfsdk:"change_failure_rate"`
	MeanRecoverySeconds types.Float64 `tfsdk:"mean_recovery_seconds"`
	Report              types.Object  `tfsdk:"report"`
}

var lineType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"id": types.StringType, "version": types.StringType, "release": types.StringType, "status": types.StringType, "started_at": types.StringType,
	"ended_at": types.StringType, "duration_seconds": types.Float64Type, "reason": types.StringType,
}}

func (d *historyDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_deployments"
}

func (d *historyDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

func (d *historyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "All deployments of a name, oldest first, and how well they went. A name without a deployment has an empty list.",
		Attributes: map[string]schema.Attribute{
			"name":   schema.StringAttribute{Required: true, MarkdownDescription: nameDescription, Validators: []validator.String{nameValidator{}}},
			"report": reports.DataSource(),
			"deployments": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The deployments, oldest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":               text("`NAME/VERSION`."),
					"version":          text("Six digits."),
					"release":          text("What was deployed."),
					"status":           text(statusDescription),
					"started_at":       text("When its snapshot was taken (RFC 3339)."),
					"ended_at":         text("When it was judged or undone (RFC 3339); null while it is open."),
					"duration_seconds": schema.Float64Attribute{Computed: true, MarkdownDescription: "From start to end; null while it is open."},
					"reason":           text("Why it ended so."),
				}},
			},
			"success_rate": rate("Share of the judged deployments (succeeded, failed or rolled back) that succeeded, from 0 to 1; null when none was judged."),
			"change_failure_rate": rate("Share of the judged deployments that failed or were rolled back, from 0 to 1; null when none was judged. One that held, and was undone only along with a later one, counts as a success. " +
				"This is DORA's [change fail rate](https://dora.dev/guides/dora-metrics-four-keys/)."),
			"mean_recovery_seconds": rate("Mean time from when a deployment was found to have failed until it was rolled back (from the start of the rollback where no gate had judged it); null when there was none. " +
				"This is DORA's failed deployment recovery time."),
		},
	}
}

func rate(description string) schema.Float64Attribute {
	return schema.Float64Attribute{Computed: true, MarkdownDescription: description}
}

func (d *historyDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m historyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	opened := targetset.OpenStore(ctx, d.data, &resp.Diagnostics)
	if opened == nil {
		return
	}
	history, err := ledger.New(opened, d.data.Clock).History(ctx, m.Name.ValueString())
	if err != nil {
		targetset.WordStore(&resp.Diagnostics, "The ledger cannot be read", err)
		return
	}
	m.fromHistory(history)
	document := toDocument(history, d.data.Clock.Now())
	reportset.Write(m.Report, document.Write, "The history was read, but its report could not be written", "make the folder writable or name another path.", &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *historyModel) fromHistory(history ledger.History) {
	lines := []attr.Value{}
	for _, d := range history.Deployments {
		var line deploymentModel
		line.fromDeployment(d)
		lines = append(lines, basetypes.NewObjectValueMust(lineType.AttrTypes, map[string]attr.Value{
			"id": line.ID, "version": line.Version, "release": line.Release, "status": line.Status, "started_at": line.StartedAt,
			"ended_at": line.EndedAt, "duration_seconds": line.DurationSeconds, "reason": line.Reason,
		}))
	}
	m.Deployments = basetypes.NewListValueMust(lineType, lines)
	rates := history.Rates()
	m.SuccessRate, m.ChangeFailureRate, m.MeanRecoverySeconds = types.Float64Null(), types.Float64Null(), types.Float64Null()
	if rates.Judged > 0 {
		m.SuccessRate, m.ChangeFailureRate = types.Float64Value(rates.Success), types.Float64Value(rates.ChangeFailure)
	}
	if rates.RolledBack > 0 {
		m.MeanRecoverySeconds = types.Float64Value(rates.MeanRecovery.Seconds())
	}
}
