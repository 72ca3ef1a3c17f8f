package rollback

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

type model struct {
	SnapshotID      types.String `tfsdk:"snapshot_id"`
	Reason          types.String `tfsdk:"reason"`
	When            types.Bool   `tfsdk:"when"`
	Targets         types.Set    `tfsdk:"targets"`
	Verify          types.Object `tfsdk:"verify"`
	MaxRecoveryTime types.String `tfsdk:"max_recovery_time"`
	Cleanup         types.Object `tfsdk:"cleanup"`
	OnComplete      types.String `tfsdk:"on_complete"`
	Triggers        types.Map    `tfsdk:"triggers"`
	Region          types.String `tfsdk:"region"`
	Report          types.Object `tfsdk:"report"`

	Executed        types.Bool    `tfsdk:"executed"`
	Status          types.String  `tfsdk:"status"`
	Changes         types.List    `tfsdk:"changes"`
	RecoverySeconds types.Float64 `tfsdk:"recovery_seconds"`
}

type cleanupModel struct {
	LambdaVersions types.Bool `tfsdk:"lambda_versions"`
	NewObjects     types.Bool `tfsdk:"new_objects"`
	APIDeployments types.Bool `tfsdk:"api_deployments"`
}

var changeType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"target": types.StringType, "action": types.StringType, "detail": types.StringType, "reversible": types.BoolType,
}}

// maxListed is how many changes a list shows: a bucket may have a hundred thousand.
const maxListed = 200

func (m *model) maxRecovery() time.Duration {
	d, err := time.ParseDuration(m.MaxRecoveryTime.ValueString())
	if err != nil {
		return 0 // a validator has seen it: unknown or null
	}
	return d
}

// cleanupOf returns the kinds of targets of which what is newer is to be taken away.
func cleanupOf(ctx context.Context, object types.Object, diags *diag.Diagnostics) []string {
	if object.IsNull() || object.IsUnknown() {
		return nil
	}
	var cleanup cleanupModel
	diags.Append(object.As(ctx, &cleanup, basetypes.ObjectAsOptions{})...)
	var kinds []string
	for kind, asked := range map[string]types.Bool{"lambda_alias": cleanup.LambdaVersions, "s3_bucket": cleanup.NewObjects, "rest_api_stage": cleanup.APIDeployments} {
		if asked.ValueBool() {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func namesOf(ctx context.Context, set types.Set, diags *diag.Diagnostics) []string {
	if set.IsNull() || set.IsUnknown() {
		return nil
	}
	var names []types.String
	diags.Append(set.ElementsAs(ctx, &names, false)...)
	var known []string
	for _, name := range names {
		if !name.IsNull() && !name.IsUnknown() {
			known = append(known, name.ValueString())
		}
	}
	return known
}

// fromNothing says that no rollback was asked for.
func (m *model) fromNothing() {
	m.Executed, m.Status = types.BoolValue(false), types.StringValue(string(restore.NotNeeded))
	m.Changes, m.RecoverySeconds = listOf(nil), types.Float64Null()
}

func (m *model) fromResult(result restore.Result) {
	m.Executed, m.Status = types.BoolValue(len(result.Changes) > 0), types.StringValue(string(result.Status))
	m.Changes, m.RecoverySeconds = listOf(result.Changes), types.Float64Value(result.Recovery.Seconds())
}

func listOf(changes []service.Change) types.List {
	listed := []attr.Value{}
	for _, change := range changes[:min(len(changes), maxListed)] {
		listed = append(listed, changeObject(change.Target, string(change.Action), change.Detail, change.Reversible))
	}
	if more := len(changes) - maxListed; more > 0 {
		last := changes[len(changes)-1]
		listed = append(listed, changeObject(last.Target, string(last.Action), fmt.Sprintf("and %d more", more), last.Reversible))
	}
	return basetypes.NewListValueMust(changeType, listed)
}

func changeObject(target, action, detail string, reversible bool) attr.Value {
	return basetypes.NewObjectValueMust(changeType.AttrTypes, map[string]attr.Value{
		"target": types.StringValue(target), "action": types.StringValue(action), "detail": types.StringValue(detail), "reversible": types.BoolValue(reversible),
	})
}

// things is how many things the changes are about.
func things(changes []service.Change) int {
	n := 0
	for _, change := range changes {
		n += change.Things()
	}
	return n
}
