package bluegreenswitch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// wordDoubt words what of a route lets itself be switched and may not do what is expected.
func wordDoubt(diags *diag.Diagnostics, route route, doubt *traffic.UnfitError) {
	attribute, remedy := route.kind.blame(doubt.Reason)
	tfdiag.WarningAt(diags, route.at.AtName(attribute), tfdiag.Message{
		Summary: "The route may not do what its weights say", Happened: fmt.Sprintf("Route %q: %s.", route.key, doubt.Detail), Next: remedy,
	})
}

// doubtColours warns of colours that look swapped: by their names, or because the plan exchanges them and leaves active as it is.
func doubtColours(plan, prior *model, routes []route, diags *diag.Diagnostics) {
	for _, route := range routes {
		blue, green := colourNames(route.value)
		if blue == "" || green == "" {
			continue
		}
		message := tfdiag.Message{Summary: "The colours look swapped", Next: "check which colour serves which; when it is meant, nothing is wrong."}
		if named(blue, traffic.Green) && named(green, traffic.Blue) {
			message.Happened = fmt.Sprintf("Route %q: blue is %q and green is %q.", route.key, blue, green)
			tfdiag.WarningAt(diags, route.at, message)
			continue
		}
		if prior == nil || !prior.Active.Equal(plan.Active) {
			continue
		}
		for _, before := range routesOf(prior.Routes, &diag.Diagnostics{}) {
			wasBlue, wasGreen := colourNames(before.value)
			if before.key == route.key && before.kind.name == route.kind.name && wasBlue == green && wasGreen == blue {
				message.Happened = fmt.Sprintf("Route %q: blue was %q and is %q now, and the other way round, while active stays %s: that moves all traffic.", route.key, wasBlue, blue, plan.Active.ValueString())
				tfdiag.WarningAt(diags, route.at, message)
			}
		}
	}
}

// colourNames are what names blue and green in a router's value; empty where a router has no such names, or they are unknown.
func colourNames(router types.Object) (blue, green string) {
	name := func(colour traffic.Colour) string {
		object, ok := router.Attributes()[string(colour)].(types.Object)
		if !ok || len(object.Attributes()) != 1 {
			return ""
		}
		for _, member := range object.Attributes() {
			text, _ := member.(types.String)
			return text.ValueString()
		}
		return ""
	}
	return name(traffic.Blue), name(traffic.Green)
}

// named tells whether a name speaks of one colour and not of the other.
func named(name string, colour traffic.Colour) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, string(colour)) && !strings.Contains(name, string(colour.Other()))
}

// fightKey is where it is kept in private state how often somebody else moved the traffic.
const fightKey = "moved_elsewhere"

// fight counts how often traffic was found elsewhere than this resource had left it, since the last change of active.
type fight struct {
	Count int `json:"count"`
	// Seen says that what is live now has been counted: a plan may look at it many times before it is put right.
	Seen bool `json:"seen"`
}

// next is the count after one more look.
func (f fight) next(elsewhere bool) fight {
	if elsewhere && !f.Seen {
		return fight{Count: f.Count + 1, Seen: true}
	}
	return fight{Count: f.Count, Seen: f.Seen && elsewhere}
}

// settled is the count after a switch has put it right.
func (f fight) settled() fight { return fight{Count: f.Count} }

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

func readFight(ctx context.Context, private privateReader) (kept fight) {
	raw, diags := private.GetKey(ctx, fightKey)
	if diags.HasError() || raw == nil || json.Unmarshal(raw, &kept) != nil {
		return fight{}
	}
	return kept
}

func (f fight) save(ctx context.Context, private privateState, diags *diag.Diagnostics) {
	raw, err := json.Marshal(f)
	if err != nil {
		return // then it is counted anew
	}
	diags.Append(private.SetKey(ctx, fightKey, raw)...)
}

// wordFight warns that somebody else moves the traffic.
func wordFight(prior *model, count int, diags *diag.Diagnostics) {
	message := tfdiag.Message{
		Summary:  "Somebody else moved the traffic",
		Happened: fmt.Sprintf("The last switch left everything at %s, and what is live is %s. The plan moves it back.", prior.Active.ValueString(), liveText(prior.Live)),
		Next:     "when that was a one-off, apply. When hashicorp/aws manages the same records, alias, stage or listener, give them ignore_changes for what the switch owns (see its routes), or both will go on undoing each other's work.",
	}
	if count > 1 {
		message.Summary = "Somebody else keeps moving the traffic"
		message.Happened = fmt.Sprintf("Traffic was found elsewhere than the switch had left it for the %d. time since the last switch: everything was at %s, and what is live is %s.", count, prior.Active.ValueString(), liveText(prior.Live))
		message.Next = "two owners write the same weights. Give them to one: in hashicorp/aws, ignore_changes = [weighted_routing_policy] on the aws_route53_record, [function_version, routing_config] on the aws_lambda_alias, " +
			"[default_action] on the aws_lb_listener or [action] on the rule, [deployment_id, canary_settings] on the aws_api_gateway_stage; else look into CloudTrail for who it is."
	}
	tfdiag.WarningAt(diags, path.Root("active"), message)
}

func liveText(live types.Object) string {
	var parts []string
	for _, colour := range []string{"blue", "green"} {
		share, _ := live.Attributes()[colour].(types.Int64)
		parts = append(parts, fmt.Sprintf("%s %d %%", colour, share.ValueInt64()))
	}
	return strings.Join(parts, " / ")
}
