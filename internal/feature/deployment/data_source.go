package deployment

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var _ datasource.DataSourceWithConfigure = (*deploymentDataSource)(nil)

type deploymentDataSource struct{ data *configured.Data }

// NewDataSource returns data reliability_deployment.
func NewDataSource() datasource.DataSource { return &deploymentDataSource{} }

type deploymentModel struct {
	Name   types.String `tfsdk:"name"`
	Select types.String `tfsdk:"select"`

	ID              types.String  `tfsdk:"id"`
	Version         types.String  `tfsdk:"version"`
	Release         types.String  `tfsdk:"release"`
	Status          types.String  `tfsdk:"status"`
	StartedAt       types.String  `tfsdk:"started_at"`
	EndedAt         types.String  `tfsdk:"ended_at"`
	DurationSeconds types.Float64 `tfsdk:"duration_seconds"`
	Reason          types.String  `tfsdk:"reason"`
	URI             types.String  `tfsdk:"uri"`
	Digest          types.String  `tfsdk:"digest"`
	CapturedAt      types.String  `tfsdk:"captured_at"`
	Deadline        types.String  `tfsdk:"deadline"`
	Overdue         types.Bool    `tfsdk:"overdue"`
}

// The words that select takes beside a version.
const (
	selectLatest   = "latest"
	selectLastGood = "last_good"
)

func (d *deploymentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_deployment"
}

func (d *deploymentDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

func (d *deploymentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One deployment of a name: what became of it, and the snapshot that was taken before it.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: nameDescription, Validators: []validator.String{nameValidator{}}},
			"select": schema.StringAttribute{
				Optional: true, Validators: []validator.String{selectValidator{}},
				MarkdownDescription: "`latest` (default), `last_good` (the newest deployment that succeeded and was not undone), or a version such as `000012`. " +
					"The snapshot of a deployment holds what was there *before* it; to go back to what the last good deployment left behind, give `NAME/last_good` to `reliability_rollback`.",
			},
			"id":               text("`NAME/VERSION`."),
			"version":          text("Six digits."),
			"release":          text("What was deployed."),
			"status":           text(statusDescription),
			"started_at":       text("When its snapshot was taken (RFC 3339)."),
			"ended_at":         text("When it was judged or undone (RFC 3339); null while it is open."),
			"duration_seconds": schema.Float64Attribute{Computed: true, MarkdownDescription: "From start to end; null while it is open."},
			"reason":           text("Why it ended so."),
			"uri":              text("Where the manifest of its snapshot is kept; null when retention has removed it."),
			"digest":           text("SHA-256 of the manifest, in hex; null when retention has removed it."),
			"deadline":         text("By when it should be judged (RFC 3339): its start and the `timeout` of its snapshot. Null when it is judged, or has no timeout."),
			"overdue": schema.BoolAttribute{
				Computed:            true,
				MarkdownDescription: "Whether it is open past its deadline: its apply died, or its health gate never ran. The `when` of a `reliability_rollback` that ends such deployments.",
			},
			"captured_at": text("When the capture began (RFC 3339); null when retention has removed it."),
		},
	}
}

const statusDescription = "`open` (nobody has judged it), `succeeded`, `failed`, `rolled_back`, or `abandoned` (nobody will judge it: the next one was opened first, or a rollback found nothing of it to undo)."

func text(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func (d *deploymentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m deploymentModel
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
	chosen, ok := m.choose(history, &resp.Diagnostics)
	if !ok {
		return
	}
	m.fromDeployment(chosen)
	m.Overdue, m.Deadline = types.BoolValue(chosen.Overdue(d.data.Clock.Now())), types.StringNull()
	if deadline, ok := chosen.Deadline(); ok {
		m.Deadline = timeValue(deadline)
	}
	kept, err := snapshot.Load(ctx, opened, history.Name, chosen.Version)
	switch {
	case err == nil:
		m.URI, m.Digest, m.CapturedAt = types.StringValue(kept.URI), types.StringValue(kept.Digest), timeValue(kept.CapturedAt)
	case errors.Is(err, store.ErrNotFound):
	default:
		targetset.WordSnapshot(&resp.Diagnostics, path.Root("name"), chosen.ID, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// choose reports at its place what there is none of.
func (m *deploymentModel) choose(history ledger.History, diags *diag.Diagnostics) (d ledger.Deployment, ok bool) {
	if len(history.Deployments) == 0 {
		tfdiag.ErrorAt(diags, path.Root("name"), tfdiag.Message{
			Summary: "No such deployment", Happened: fmt.Sprintf("The ledger knows no deployment of %q.", history.Name),
			Next: "check the name and the store of the provider block. Where a snapshot of this configuration opens the first deployment, let the data source depend on it.",
		})
		return d, false
	}
	switch chosen := m.Select.ValueString(); chosen {
	case "", selectLatest:
		return history.Latest()
	case selectLastGood:
		d, ok = history.LastGood()
	default:
		version, err := strconv.Atoi(chosen)
		if err == nil {
			d, ok = history.Get(version)
		}
	}
	if !ok {
		latest, _ := history.Latest()
		tfdiag.ErrorAt(diags, path.Root("select"), tfdiag.Message{
			Summary: "No such deployment", Happened: fmt.Sprintf("%s has no deployment %q; its latest is %s (%s).", history.Name, m.Select.ValueString(), latest.ID, latest.Status),
			Next: "select another one; data.reliability_deployments lists them.",
		})
	}
	return d, ok
}

func (m *deploymentModel) fromDeployment(d ledger.Deployment) {
	m.ID, m.Version, m.Release, m.Status = types.StringValue(d.ID), types.StringValue(versionText(d.Version)), types.StringValue(d.Release), types.StringValue(string(d.Status))
	m.StartedAt, m.Reason = timeValue(d.StartedAt), types.StringNull()
	m.EndedAt, m.DurationSeconds = ended(d)
	if d.Reason != "" {
		m.Reason = types.StringValue(d.Reason)
	}
}

func ended(d ledger.Deployment) (types.String, types.Float64) {
	if d.EndedAt == nil {
		return types.StringNull(), types.Float64Null()
	}
	return timeValue(*d.EndedAt), types.Float64Value(d.EndedAt.Sub(d.StartedAt).Seconds())
}

// selectValidator takes latest, last_good and versions.
type selectValidator struct{}

func (selectValidator) Description(context.Context) string {
	return `"latest", "last_good" or a version such as "000012"`
}

func (v selectValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v selectValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	value := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || value == selectLatest || value == selectLastGood {
		return
	}
	if version, err := strconv.Atoi(value); err != nil || version < 1 {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{Summary: "Invalid selection", Happened: fmt.Sprintf("%q is not %s.", value, v.Description(ctx)), Next: "correct it."})
	}
}
