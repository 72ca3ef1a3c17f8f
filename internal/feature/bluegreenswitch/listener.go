package bluegreenswitch

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// The forms of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html#awselasticloadbalancingv2-resources-for-iam-policies.
var (
	listenerForm = stringvalidator.RegexMatches(regexp.MustCompile(`^arn:[^:]+:elasticloadbalancing:[^:]+:\d{12}:listener(-rule)?/app/.+$`),
		"must be the ARN of a listener of an Application Load Balancer or of a rule of one, such as arn of an aws_lb_listener or an aws_lb_listener_rule")
	groupForm = stringvalidator.RegexMatches(regexp.MustCompile(`^arn:[^:]+:elasticloadbalancing:[^:]+:\d{12}:targetgroup/.+$`),
		"must be the ARN of a target group, such as arn of an aws_lb_target_group")
	targetGroups = colours{member: "target_group_arn", what: "target group"}
)

var listenerKind = kind{
	name: "listener",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Two target groups behind the default actions of a listener of an Application Load Balancer, or behind one of its rules. The weights of the forward action are whole percent afterwards; " +
			"stickiness and all other actions stay, and a target group that is not listed yet is added. Elastic Load Balancing has no conditional update: the actions are read again right before they are changed, and the switch " +
			"stops when they are not as it left them, but a change that somebody makes within those milliseconds is overwritten. With stickiness of the target groups, clients may go on to the old " +
			"colour for its duration. Where hashicorp/aws manages the listener or the rule, give it `lifecycle { ignore_changes = [default_action] }` or `[action]`: the switch owns the weights.",
		Attributes: map[string]schema.Attribute{
			"arn":   required("ARN of the listener (its default actions are meant), or of a rule.", listenerForm),
			"blue":  targetGroups.attribute("The blue target group.", "ARN of the target group.", groupForm),
			"green": targetGroups.attribute("The green target group.", "ARN of the target group.", groupForm),
		},
	},
	validate: func(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
		targetGroups.differ(value, at, diags)
	},
	build: buildListener,
	usage: "listener,ARN,BLUE_TARGET_GROUP_ARN,GREEN_TARGET_GROUP_ARN",
	read: func(fields []string) (types.Object, error) {
		return targetGroups.imported([]string{"arn"}, fields)
	},
	blame: blameListener,
}

func buildListener(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.ELBV2(ctx, region)
	if err != nil {
		noClient(diags, "Elastic Load Balancing", err)
		return nil
	}
	return traffic.NewListener(client, traffic.ListenerTarget{
		ARN: text(value, "arn"), BlueARN: targetGroups.name(value, traffic.Blue).ValueString(), GreenARN: targetGroups.name(value, traffic.Green).ValueString(),
	})
}

func blameListener(reason traffic.UnfitReason) (attribute, remedy string) {
	switch reason {
	case traffic.UnfitForeignGroup:
		return "arn", "take the target group out of the forward action, or set its weight to 0: the switch moves traffic between two colours."
	case traffic.UnfitElsewhere:
		return "green", "name two target groups of the same load balancer: a target group belongs to one load balancer only."
	default:
		return "arn", "use a listener or a rule that forwards to target groups; for the default rule, name its listener."
	}
}
