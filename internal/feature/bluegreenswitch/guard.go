package bluegreenswitch

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// defaultGuard is how long a guard waits after the last sign of life.
const defaultGuard = 5 * time.Minute

type guardModel struct {
	ScheduleRoleARN types.String `tfsdk:"schedule_role_arn"`
	After           types.String `tfsdk:"after"`
}

func guardAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "A dead man's switch, for the case that the provider and its machine die half-way. Before anything is moved, a one-time schedule is set in Amazon EventBridge Scheduler for each route " +
			"that puts traffic back where it was; the switch extends it at each step and every quarter of `after`, and takes it away at its end. If the switch dies, traffic is back at most `after` plus a minute later, and the " +
			"next plan shows `status = \"interrupted\"`. The schedule's call has no condition: it also undoes what somebody else changed of the same records, alias or actions during the switch. A route that cannot be moved " +
			"back by one call with fixed parameters is refused at plan: those of CloudFront, whose calls need the version that is current then.",
		Attributes: map[string]schema.Attribute{
			"schedule_role_arn": required("ARN of the role that EventBridge Scheduler assumes. It must trust `scheduler.amazonaws.com` and be allowed the one call of each route: `route53:ChangeResourceRecordSets`, "+
				"`lambda:UpdateAlias`, `elasticloadbalancing:ModifyListener` or `ModifyRule`, `apigateway:PATCH`. The provider itself needs `iam:PassRole` on it, and `scheduler:CreateSchedule`, `UpdateSchedule` and `DeleteSchedule`.",
				stringvalidator.RegexMatches(regexp.MustCompile(`^arn:aws(-[a-z]+)*:iam::\d{12}:role/.+$`), "must be the ARN of a role")),
			"after": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{positive: true}},
				MarkdownDescription: fmt.Sprintf("How long after the last sign of life of the switch. Default `\"5m\"`, at least `%q`: EventBridge Scheduler works to the minute.", "2m"),
			},
		},
	}
}

// toGuard returns the guard; nil where none is configured, or while it is not known.
func (m *model) toGuard(ctx context.Context, diags *diag.Diagnostics) *traffic.Guard {
	if m.Guard.IsNull() || m.Guard.IsUnknown() {
		return nil
	}
	var configured guardModel
	diags.Append(m.Guard.As(ctx, &configured, basetypes.ObjectAsOptions{})...)
	after, known := durationOf(configured.After)
	if !known || configured.ScheduleRoleARN.IsUnknown() {
		return nil
	}
	if configured.After.IsNull() {
		after = defaultGuard
	}
	if after < traffic.MinGuard {
		tfdiag.ErrorAt(diags, path.Root("guard").AtName("after"), tfdiag.Message{
			Summary: "The guard is too quick", Happened: fmt.Sprintf("%s is less than %s, and EventBridge Scheduler works to the minute.", after, traffic.MinGuard), Next: "give it at least two minutes.",
		})
	}
	return &traffic.Guard{RoleARN: configured.ScheduleRoleARN.ValueString(), After: after}
}

// checkGuard refuses a guard over routes that it cannot move back.
func (m *model) checkGuard(routes []traffic.Route, where map[string]route, diags *diag.Diagnostics) {
	if m.Guard.IsNull() {
		return
	}
	var cannot []string
	for _, route := range routes {
		if _, ok := route.Router.(traffic.Reversible); !ok {
			cannot = append(cannot, fmt.Sprintf("%q (%s)", route.Key, where[route.Key].kind.name))
		}
	}
	if len(cannot) > 0 {
		tfdiag.ErrorAt(diags, path.Root("guard"), tfdiag.Message{
			Summary:  "The guard cannot move a route back",
			Happened: fmt.Sprintf("A schedule does one call with parameters that are fixed beforehand, and moving the route %s back needs the version that is current by then (If-Match).", strings.Join(cannot, ", ")),
			Next:     "leave guard out, or put these routes into a switch of their own without one.",
		})
	}
}

// scheduler makes the client for guards.
func (r *switchResource) scheduler(region string) func(context.Context) (traffic.SchedulerAPI, error) {
	return func(ctx context.Context) (traffic.SchedulerAPI, error) {
		client, err := r.data.AWS.Scheduler(ctx, region)
		if err != nil {
			return nil, err
		}
		return client, nil
	}
}

// guardText is the time within which a guard that stands fires.
func guardText(plan *model) string {
	var ignored diag.Diagnostics
	if guard := plan.toGuard(context.Background(), &ignored); guard != nil {
		return (guard.After + time.Minute).String()
	}
	return (defaultGuard + time.Minute).String()
}
