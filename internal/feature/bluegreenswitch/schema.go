package bluegreenswitch

import (
	"context"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

const (
	defaultMaxRecovery = "5m"
	// defaultTimeout is for a whole switch with all its steps.
	defaultTimeout = 2 * time.Hour
)

const description = "Moves traffic from one colour of a deployment to the other, step by step, watches its health at every step, and moves it back by itself when a check fails, a call fails, " +
	"the deadline passes or somebody presses Ctrl-C.\n\n" +
	"* A failed switch ends the apply in an error that says what is live, and keeps the old `active` in the state: the next apply tries again. A failed *create* saves nothing.\n" +
	"* The weights belong to this resource. Somebody else's change, and a switch that died half-way, show up in the next plan as an update back to `active`.\n" +
	"* Destroying it never moves traffic."

func switchSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The targets of the routes when the switch was created, separated by semicolons. It stays when routes are added, taken away or renamed later, so that nothing that refers to it is replaced.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"active": required("Colour that gets all the traffic: `blue` or `green`.", stringvalidator.OneOf(string(traffic.Blue), string(traffic.Green))),
		"region": schema.StringAttribute{Optional: true, MarkdownDescription: "AWS Region of the routes. Default: the provider's.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"routes": schema.MapNestedAttribute{
			Required: true,
			MarkdownDescription: "What is moved, under names of your own: exactly one router each (" + kindNames() + "). Several routes move together at each step, the ones nearest to the client last, " +
				"and back together, the ones nearest to the client first.",
			Validators:   []validator.Map{mapvalidator.SizeAtLeast(1)},
			NestedObject: schema.NestedAttributeObject{Attributes: routeAttributes()},
		},
		"strategy": strategyAttribute(),
		"on_failure": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(string(traffic.OnFailureRevert)),
			MarkdownDescription: "What a failed switch does: `revert` (default) moves traffic back in one step, `hold` leaves it where it is. Either way the apply ends in an error.",
			Validators:          []validator.String{stringvalidator.OneOf(string(traffic.OnFailureRevert), string(traffic.OnFailureHold))},
		},
		"max_recovery_time": schema.StringAttribute{
			Optional: true, Computed: true, // the default depends on the routes: see planRecovery
			MarkdownDescription: "The longest that moving traffic back may take, and the deadline of doing so. Default `\"5m\"`, and `\"15m\"` with a route whose changes CloudFront propagates (`cloudfront_origin`, " +
				"`cloudfront_staging`). A plan whose `estimated_recovery_seconds` is longer is an error.",
			Validators: []validator.String{durationValidator{positive: true}},
		},
		"snapshot_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "`id` of a `reliability_deployment_snapshot`. When the switch fails and traffic is back where it was, the snapshot is restored, so that one apply puts traffic *and* code " +
				"back and ends in an error; the deployment is marked as rolled back, and planning its release again is refused. When the switch succeeds, the deployment is closed as succeeded if " +
				"nobody has judged it yet. A switch that is held, or whose traffic could not be moved back, restores nothing and closes the deployment as failed; one that moves nothing judges nothing.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"guard":    guardAttribute(),
		"report":   reports.Resource(),
		"timeouts": timeoutsAttribute(ctx),
		"live": schema.SingleNestedAttribute{
			Computed: true, MarkdownDescription: "Share of the traffic in percent, of the route in which `active` has least.",
			Attributes: map[string]schema.Attribute{
				"blue":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Percent for blue."},
				"green": schema.Int64Attribute{Computed: true, MarkdownDescription: "Percent for green."},
			},
		},
		"status": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "How the last switch ended: `steady` (the target has all traffic), `reverted` (it failed, and traffic is where it was before), `held` (it failed and stands where it was, as " +
				"`on_failure` says), `interrupted` (it died, could not be moved back, or somebody else took over: the next apply looks after it).",
		},
		"switched_at":         schema.StringAttribute{Computed: true, MarkdownDescription: "When the last successful switch ended, in RFC 3339. Null when this resource has not moved traffic yet."},
		"last_switch_seconds": schema.Float64Attribute{Computed: true, MarkdownDescription: "How long the last successful switch took. Null when this resource has not moved traffic yet."},
		"estimated_recovery_seconds": schema.Int64Attribute{
			Computed: true,
			MarkdownDescription: "How long a bad target keeps traffic, as far as one can say beforehand: the time that the checks take to call it bad (the pause between two rounds plus the retries), the calls (2 s), " +
				"the propagation in AWS (Route 53: 60 s; an alias of Lambda, a stage of API Gateway and a listener: 0 s, for which AWS gives no figure; CloudFront: about 300 s for a distribution or its continuous deployment) and the time that clients go on with what they know (the TTL; 60 s for an alias).",
		},
	}
	maps.Copy(attributes, gateAttributes())
	return schema.Schema{MarkdownDescription: description, Attributes: attributes}
}

func strategyAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How traffic gets to the target. Default: all at once.",
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf(string(traffic.AllAtOnce), string(traffic.Linear), string(traffic.Canary))},
				MarkdownDescription: "`all_at_once` (default): everything in one step. `canary`: the listed `steps`, then everything. `linear`: equal steps.",
			},
			"steps": schema.ListAttribute{
				Optional: true, ElementType: types.Int64Type, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
				MarkdownDescription: "Percent of the traffic at each step before the last, which is always 100: whole, increasing, between 1 and 99. Default for `canary`: `[10, 50]`. For `linear` a single number is the " +
					"increment (`[25]` is 25, 50, 75, 100), several are taken as they are, and without any it is `[20]`.",
			},
			"interval": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{}},
				MarkdownDescription: "How long each step before the last is watched, once the change has reached clients. Default `\"0s\"`: the checks run while the change reaches clients and once more after that.",
			},
			"bake": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{}},
				MarkdownDescription: "The same for the last step, when the target has all traffic. Default `\"0s\"`.",
			},
			"drain": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{}},
				MarkdownDescription: "How long the switch goes on after the target got all traffic, so that what depends on it (taking the other colour down) waits for the connections and calls that the other colour still " +
					"serves: it counts from the moment at which no client is led there any more. `bake` counts towards it; what is left of it is waited out without checks. Default `\"0s\"`.",
			},
			"check_interval": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{positive: true}},
				MarkdownDescription: "Pause between two rounds of checks while a step is watched. Default `\"10s\"`.",
			},
		},
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute, ok := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true,
		CreateDescription: "For a whole switch at creation, such as \"3h\". Default 2h. When it passes, traffic is moved back.",
		UpdateDescription: "For a whole switch at update, such as \"3h\". Default 2h. When it passes, traffic is moved back.",
	}).(schema.SingleNestedAttribute)
	if ok {
		attribute.MarkdownDescription = "Deadlines. Moving back has its own, `max_recovery_time`."
	}
	return attribute
}

// liveType is the type of live.
var liveType = map[string]attr.Type{"blue": types.Int64Type, "green": types.Int64Type}
