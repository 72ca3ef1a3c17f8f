package deployment

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
)

const (
	nameDescription = "Name of the deployed thing. It begins with a letter or digit and has up to 64 letters, digits, dots, underscores and hyphens."
	defaultKeepLast = 10
)

var itemType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"service": types.StringType, "summary": types.StringType, "objects": types.Int64Type, "bytes": types.Int64Type,
}}

func snapshotSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: nameDescription + " Another name is another history: the resource is replaced, and no snapshot is removed.",
			Validators: []validator.String{nameValidator{}}, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"release": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "What is about to be deployed: a version, a commit, a build. A new release is a new deployment; one that was rolled back is refused at plan until `allow_redeploy`.",
			Validators:          []validator.String{stringvalidator.LengthBetween(1, 256)},
		},
		"targets": targetset.Attribute(),
		"timeout": schema.StringAttribute{
			Optional: true, Validators: []validator.String{timeoutValidator{}},
			MarkdownDescription: "How long the deployment may stay open, such as `30m`: time enough for the apply and its health gate. Afterwards it is overdue: `data.reliability_deployment` says so (`overdue`), which " +
				"can be the `when` of a `reliability_rollback`, and the next plan warns of it. Default: no limit.",
		},
		"triggers": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: "Values of your own; when one changes, a new snapshot is taken.",
		},
		"retention": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Which older snapshots stay. Removed are those that neither rule keeps, after a new one was taken; never the one that " +
				"`NAME/last_good` stands for, never that of the last good deployment, and never one whose deployment is open.",
			Attributes: map[string]schema.Attribute{
				"keep_last": schema.Int64Attribute{
					Optional: true, Computed: true, Default: int64default.StaticInt64(defaultKeepLast), Validators: []validator.Int64{int64validator.AtLeast(1)},
					MarkdownDescription: "How many of the newest snapshots stay. Default `10`, also without `retention`.",
				},
				"keep_days": schema.Int64Attribute{
					Optional: true, Validators: []validator.Int64{int64validator.Between(1, 36500)}, MarkdownDescription: "How many days a snapshot stays. Default: age keeps none.",
				},
			},
		},
		"allow_redeploy": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Deploy a release although it was rolled back. Default `false`. Once it succeeds it is an ordinary release again.",
		},
		"region": schema.StringAttribute{
			Optional: true, MarkdownDescription: "AWS Region of the targets. Default: that of the provider block.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
	for name, description := range map[string]string{
		"id":           "`NAME/VERSION`, such as `web/000012`: what `reliability_rollback` takes.",
		"version":      "Version of the snapshot, six digits, counted up from `000001`.",
		"uri":          "Where the manifest is kept.",
		"digest":       "SHA-256 of the manifest, in hex. It is verified whenever the manifest is read.",
		"captured_at":  "When the capture began (RFC 3339).",
		"previous_id":  "The snapshot before this one; null for the first.",
		"last_good_id": "The last deployment that had succeeded when this snapshot was taken; null when none had. What that deployment left behind is restored by `NAME/last_good`, while a snapshot's own id stands for what was there before its release.",
	} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	attributes["items"] = schema.MapNestedAttribute{
		Computed: true, MarkdownDescription: "What was captured, by the name of the target.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"service": schema.StringAttribute{Computed: true, MarkdownDescription: "Kind of the target."},
			"summary": schema.StringAttribute{Computed: true, MarkdownDescription: "What it was like, in a line."},
			"objects": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many things were captured."},
			"bytes":   schema.Int64Attribute{Computed: true, MarkdownDescription: "How large they are, where that means something."},
		}},
	}
	attributes["warnings"] = schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What the snapshot could not hold."}
	return schema.Schema{
		MarkdownDescription: "Captures what targets are like before a release, and opens a deployment. Create and update take a **new** snapshot; older ones stay until `retention` removes them, " +
			"and destroy removes none. Let what the release changes depend on this resource (`depends_on`), so that the capture comes first.",
		Attributes: attributes,
	}
}
