package deployment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type model struct {
	Name          types.String `tfsdk:"name"`
	Release       types.String `tfsdk:"release"`
	Targets       types.Map    `tfsdk:"targets"`
	Timeout       types.String `tfsdk:"timeout"`
	Triggers      types.Map    `tfsdk:"triggers"`
	Retention     types.Object `tfsdk:"retention"`
	AllowRedeploy types.Bool   `tfsdk:"allow_redeploy"`
	Region        types.String `tfsdk:"region"`

	ID         types.String `tfsdk:"id"`
	Version    types.String `tfsdk:"version"`
	URI        types.String `tfsdk:"uri"`
	Digest     types.String `tfsdk:"digest"`
	CapturedAt types.String `tfsdk:"captured_at"`
	PreviousID types.String `tfsdk:"previous_id"`
	LastGoodID types.String `tfsdk:"last_good_id"`
	Items      types.Map    `tfsdk:"items"`
	Warnings   types.List   `tfsdk:"warnings"`
}

type retentionModel struct {
	KeepLast types.Int64 `tfsdk:"keep_last"`
	KeepDays types.Int64 `tfsdk:"keep_days"`
}

func (m *model) toRetention(ctx context.Context, diags *diag.Diagnostics) snapshot.Retention {
	retention := snapshot.Retention{KeepLast: defaultKeepLast}
	if m.Retention.IsNull() || m.Retention.IsUnknown() {
		return retention
	}
	var set retentionModel
	diags.Append(m.Retention.As(ctx, &set, basetypes.ObjectAsOptions{})...)
	if !set.KeepLast.IsNull() {
		retention.KeepLast = int(set.KeepLast.ValueInt64())
	}
	retention.KeepFor = time.Duration(set.KeepDays.ValueInt64()) * 24 * time.Hour
	return retention
}

// toTimeout returns how long the deployment may stay open; zero is for ever.
func (m *model) toTimeout() time.Duration {
	d, err := time.ParseDuration(m.Timeout.ValueString())
	if err != nil {
		return 0 // null: a validator has seen the rest
	}
	return d
}

// fromManifest fills in what the manifest says.
func (m *model) fromManifest(kept snapshot.Manifest) {
	m.ID = types.StringValue(kept.ID())
	m.Version = types.StringValue(versionText(kept.Version))
	m.URI = types.StringValue(kept.URI)
	m.Digest = types.StringValue(kept.Digest)
	m.CapturedAt = timeValue(kept.CapturedAt)
	items := map[string]attr.Value{}
	warnings := []attr.Value{}
	for _, name := range targetset.Names(kept.Items) {
		item := kept.Items[name]
		items[name] = basetypes.NewObjectValueMust(itemType.AttrTypes, map[string]attr.Value{
			"service": types.StringValue(item.Spec.Kind), "summary": types.StringValue(item.Summary),
			"objects": types.Int64Value(int64(item.Objects)), "bytes": types.Int64Value(item.Bytes),
		})
		for _, warning := range item.Warnings {
			warnings = append(warnings, types.StringValue(name+": "+warning))
		}
	}
	m.Items = basetypes.NewMapValueMust(itemType, items)
	m.Warnings = basetypes.NewListValueMust(types.StringType, warnings)
}

// fromImport fills in what the user would have written, for a state that an import left almost empty.
func (m *model) fromImport(kept snapshot.Manifest, providerRegion string) error {
	specs := map[string]service.Spec{}
	for name, item := range kept.Items {
		specs[name] = item.Spec
	}
	targets, err := targetset.Value(specs)
	if err != nil {
		return err
	}
	m.Name, m.Release, m.Targets = types.StringValue(kept.Name), types.StringValue(kept.Release), targets
	if kept.Region != providerRegion {
		m.Region = types.StringValue(kept.Region)
	}
	return nil
}

func versionText(version int) string { return fmt.Sprintf("%06d", version) }

func timeValue(at time.Time) types.String { return types.StringValue(at.UTC().Format(time.RFC3339)) }

// previous returns the id of the version before version, or null.
func previous(name string, version int, versions []int) types.String {
	i := slices.Index(versions, version)
	if i < 1 {
		return types.StringNull()
	}
	return types.StringValue(snapshot.FormatID(name, versions[i-1]))
}

// nameValidator takes the names that a deployment can have.
type nameValidator struct{}

func (nameValidator) Description(context.Context) string { return "a deployment name" }

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := snapshot.CheckName(req.ConfigValue.ValueString()); err != nil {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{Summary: "Invalid deployment name", Err: err, Next: "choose another name."})
	}
}

// timeoutValidator takes positive durations.
type timeoutValidator struct{}

func (timeoutValidator) Description(context.Context) string {
	return `a positive duration, such as "30m"`
}

func (v timeoutValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v timeoutValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{
			Summary: "Invalid duration", Happened: fmt.Sprintf("%q is not %s.", req.ConfigValue.ValueString(), v.Description(ctx)),
			Next: "write a number with a unit: s, m or h. There is no unit for a day: write \"24h\".",
		})
	}
}
