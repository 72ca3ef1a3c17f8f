package rollback

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

const (
	snapshotDescription = "What to go back to: the id of a snapshot (`NAME/VERSION`), which holds what was there before its release, or `NAME/last_good`, which undoes the latest deployment: " +
		"back to what the last one before it that succeeded left behind (the first snapshot after that one; where none ever succeeded, the snapshot before the releases that failed). " +
		"`NAME/open` does the same as long as the latest deployment is not committed, that is, open or failed; when it succeeded, was undone already, or there is none, nothing is done (`not_needed`): for the step of a " +
		"pipeline that runs whether or not the apply before it failed."
	targetsDescription = "Names of the targets to put back. Default: all of the snapshot."
	cleanupDescription = "What to take away of a failed release, once every target is back: only what the snapshot proves to be newer than itself, and nothing that is still in use. " +
		"`data.reliability_rollback_plan` lists it. Default: nothing."

	onCompleteError = "error"
	onCompleteOK    = "ok"
	lastGood        = "last_good"
	uncommitted     = "open"
)

func rollbackSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Puts captured targets back. What moves the traffic is begun first (Route 53, CloudFront, listeners); a stage waits for the functions that it calls, a service for the parameters that it reads; everything " +
			"else goes side by side, and each is read back. One that fails does not keep the others from being put back. It runs at apply, when the resource is created or changed and `when` is true; refresh and destroy change nothing.\n\n" +
			"A rollback that was done ends the apply with an error, because the release that was wanted is not live (`on_complete`). It is not repeated: the next apply finds nothing to put back. " +
			"Where nothing has to be put back, a deployment that had failed is still rolled back in name (status, quarantine, the error); one that nobody had judged is closed as abandoned, without a quarantine and without an error. " +
			"A rollback that failed, wholly or in part, is tried again by the next apply, which does what is left.",
		Attributes: map[string]schema.Attribute{
			"snapshot_id": schema.StringAttribute{Required: true, MarkdownDescription: snapshotDescription, Validators: []validator.String{snapshotValidator{}}},
			"reason":      schema.StringAttribute{Optional: true, MarkdownDescription: "Why, for the ledger, the journal and the notices."},
			"when": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether to roll back, usually `!reliability_health_gate.NAME.healthy`. Default `true`.",
			},
			"targets": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, MarkdownDescription: targetsDescription, Validators: []validator.Set{setvalidator.SizeAtLeast(1), tfdiag.NoNulls{}},
			},
			"verify": schema.SingleNestedAttribute{
				Optional: true, Attributes: checkset.Attributes(),
				MarkdownDescription: "Checks that have to hold once everything is back, as in `reliability_health_gate`. When they do not, the apply ends in an error, whatever `on_complete` says.",
			},
			"max_recovery_time": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("5m"), Validators: []validator.String{durationValidator{}},
				MarkdownDescription: "How long the rollback may take before it is given up, without `verify`. Default `5m`. What was put back by then stays. A plan whose estimate is longer is refused; in the middle of an apply, where " +
					"a refusal would leave the release as it is, it is only a warning.",
			},
			"cleanup": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: cleanupDescription,
				Attributes: flags(func(text string) schema.Attribute {
					return schema.BoolAttribute{Optional: true, MarkdownDescription: text}
				}),
			},
			"on_complete": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(onCompleteError), Validators: []validator.String{stringvalidator.OneOf(onCompleteError, onCompleteOK)},
				MarkdownDescription: "`error` (default): the apply that rolled a deployment back ends red. `ok`: it ends green.",
			},
			"triggers": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Values of your own; when one changes, the rollback runs again."},
			"region": schema.StringAttribute{
				Optional: true, MarkdownDescription: "AWS Region of the snapshot. Default: that of the provider block. A snapshot of another Region or account is refused.",
			},
			"report":   reports.Resource(),
			"executed": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether anything was put back."},
			"status":   schema.StringAttribute{Computed: true, MarkdownDescription: "`not_needed`, `restored`, `partial` or `failed`."},
			"changes": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "What was put back, in order. Of a long list the first are shown.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"target":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the target."},
					"action":     schema.StringAttribute{Computed: true, MarkdownDescription: "`update`, `create` (brought back) or `delete` (newer than the snapshot)."},
					"detail":     schema.StringAttribute{Computed: true, MarkdownDescription: "What was changed to what."},
					"reversible": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the change itself can be undone."},
				}},
			},
			"recovery_seconds": schema.Float64Attribute{Computed: true, MarkdownDescription: "From the start of the rollback until everything was read back; null when none ran."},
		},
	}
}

// cleanupTexts describe what can be taken away.
var cleanupTexts = map[string]string{
	"lambda_versions": "Delete versions of the functions of `lambda_alias` targets that were published after the snapshot. A version stays that an alias uses (its routing weights included) once the rollback is done, or that has " +
		"provisioned concurrency, an event source mapping or a resource policy of its own. A deleted version cannot be brought back. Default `false`.",
	"new_objects":     "Put a delete marker on objects that the snapshot does not know. Their versions stay. Default `false`.",
	"api_deployments": "Delete deployments of the REST APIs of `rest_api_stage` targets that were made after the snapshot, unless a stage or its canary serves them. A deleted deployment cannot be brought back. Default `false`.",
}

// flags makes an attribute of each, for whichever kind of schema.
func flags[T any](attribute func(text string) T) map[string]T {
	all := map[string]T{}
	for name, text := range cleanupTexts {
		all[name] = attribute(text)
	}
	return all
}

// splitID takes NAME/VERSION, NAME/last_good or NAME/open apart; word is empty for the first, and version 0 for the others.
func splitID(id string) (name string, version int, word string, err error) {
	for _, word := range []string{lastGood, uncommitted} {
		if name, ok := strings.CutSuffix(id, "/"+word); ok {
			return name, 0, word, snapshot.CheckName(name)
		}
	}
	name, version, err = snapshot.ParseID(id)
	return name, version, "", err
}

// snapshotValidator takes what splitID takes.
type snapshotValidator struct{}

func (snapshotValidator) Description(context.Context) string {
	return "NAME/VERSION, NAME/last_good or NAME/open"
}

func (v snapshotValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (snapshotValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, _, _, err := splitID(req.ConfigValue.ValueString()); err != nil {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{
			Summary: "Invalid snapshot id", Err: err, Next: "give the id of a reliability_deployment_snapshot, NAME/last_good or NAME/open.",
		})
	}
}

// durationValidator takes positive durations.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `a positive duration, such as "5m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{
			Summary: "Invalid duration", Happened: fmt.Sprintf("%q is not %s.", req.ConfigValue.ValueString(), v.Description(ctx)), Next: "write a number with a unit: s, m or h. There is no unit for a day: write \"24h\".",
		})
	}
}
