package targetset

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// ruleARN: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
var ruleARN = regexp.MustCompile(`^arn:[^:]+:elasticloadbalancing:[^:]+:[0-9]+:listener-rule/.+$`)

var listenerRule = named{
	name: "listener_rule",
	description: "A rule of a load balancer's listener: all of its actions, such as the target groups that it forwards to and their weights. Conditions and priority are not part of it, nor is " +
		"the default rule of a listener. The secret of an OpenID Connect client is neither read nor changed.",
	attributes: map[string]schema.StringAttribute{
		"arn": {
			Required: true, MarkdownDescription: "ARN of the rule.",
			Validators: []validator.String{stringvalidator.RegexMatches(ruleARN, "must be the ARN of a listener rule (arn:aws:elasticloadbalancing:...:listener-rule/...)")},
		},
	},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.ELBV2(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewListenerRule(client, names["arn"]), nil
	},
}.kind()
