package rollback

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var _ datasource.DataSourceWithConfigure = (*planDataSource)(nil)

type planDataSource struct{ data *configured.Data }

// NewDataSource returns data reliability_rollback_plan.
func NewDataSource() datasource.DataSource { return &planDataSource{} }

type planModel struct {
	SnapshotID types.String `tfsdk:"snapshot_id"`
	Targets    types.Set    `tfsdk:"targets"`
	Cleanup    types.Object `tfsdk:"cleanup"`
	Region     types.String `tfsdk:"region"`

	ResolvedID       types.String  `tfsdk:"resolved_id"`
	Changes          types.List    `tfsdk:"changes"`
	EstimatedSeconds types.Float64 `tfsdk:"estimated_seconds"`
	Unrestorable     types.Map     `tfsdk:"unrestorable"`
	Valid            types.Bool    `tfsdk:"valid"`
}

func (d *planDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_rollback_plan"
}

func (d *planDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

func (d *planDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What `reliability_rollback` would do now, without doing it. A snapshot that does not exist, is corrupt or is of another account is an error.",
		Attributes: map[string]schema.Attribute{
			"snapshot_id": schema.StringAttribute{Required: true, MarkdownDescription: snapshotDescription, Validators: []validator.String{snapshotValidator{}}},
			"targets": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, MarkdownDescription: targetsDescription, Validators: []validator.Set{setvalidator.SizeAtLeast(1), tfdiag.NoNulls{}},
			},
			"cleanup": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: cleanupDescription,
				Attributes: flags(func(text string) schema.Attribute {
					return schema.BoolAttribute{Optional: true, MarkdownDescription: text}
				}),
			},
			"region":      schema.StringAttribute{Optional: true, MarkdownDescription: "AWS Region of the snapshot. Default: that of the provider block."},
			"resolved_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The snapshot that `snapshot_id` stands for; null where `NAME/open` stands for none."},
			"changes": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The changes in the order in which they would be done; none when everything is as captured. Of a long list the first are shown.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"target":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the target."},
					"action":     schema.StringAttribute{Computed: true, MarkdownDescription: "`update`, `create` (brought back) or `delete` (newer than the snapshot)."},
					"detail":     schema.StringAttribute{Computed: true, MarkdownDescription: "What would be changed to what."},
					"reversible": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the change itself can be undone."},
				}},
			},
			"estimated_seconds": schema.Float64Attribute{Computed: true, MarkdownDescription: "How long it would take: the longest chain of targets that wait for each other, and the clean-up."},
			"unrestorable":      schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Targets that cannot be put back, or not wholly, and why."},
			"valid":             schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether every target can be put back wholly: manifest and parts have the digests that they were written with, and every version that would be needed is still there."},
		},
	}
}

func (d *planDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m planModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	request, ok := newRequest(ctx, d.data, m.SnapshotID.ValueString(), m.Region.ValueString(), "", &resp.Diagnostics)
	if !ok {
		return
	}
	if request.nothing != "" {
		m.fromPlan(restore.Plan{})
		m.ResolvedID = types.StringNull()
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	request.Targets, request.Cleanup = namesOf(ctx, m.Targets, &resp.Diagnostics), cleanupOf(ctx, m.Cleanup, &resp.Diagnostics)
	plan, err := restore.Preview(ctx, request.Request)
	if err != nil {
		wordPreview(&resp.Diagnostics, request.SnapshotID, err)
		return
	}
	m.fromPlan(plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *planModel) fromPlan(plan restore.Plan) {
	m.ResolvedID = types.StringValue(plan.Snapshot.ID())
	m.Changes, m.EstimatedSeconds, m.Valid = listOf(plan.Changes()), types.Float64Value(plan.Estimate.Seconds()), types.BoolValue(plan.Valid())
	why := map[string]attr.Value{}
	for name, err := range plan.Unrestorable() {
		why[name] = types.StringValue(tfdiag.Words(err))
	}
	m.Unrestorable = basetypes.NewMapValueMust(types.StringType, why)
}
