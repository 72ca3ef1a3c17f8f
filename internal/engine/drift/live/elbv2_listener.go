package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// liveListener is a listener with its tags, which have a call of their own; nil where that call failed.
type liveListener struct {
	types.Listener
	tags map[string]string
}

// An action is told from the listener's others by its kind. Weighted target groups are written as "arn=weight". Passwords
// of identity providers are not told, and not compared.
var listenerActions = Blocks{
	Key: []string{"type"},
	Fields: []string{
		"target_group_arn", "target_groups", "forward.0.stickiness.0.enabled", "forward.0.stickiness.0.duration",
		"redirect.0.host", "redirect.0.path", "redirect.0.port", "redirect.0.protocol", "redirect.0.query", "redirect.0.status_code",
		"fixed_response.0.content_type", "fixed_response.0.message_body", "fixed_response.0.status_code",
		"authenticate_oidc.0.issuer", "authenticate_oidc.0.client_id", "authenticate_cognito.0.user_pool_arn", "authenticate_cognito.0.user_pool_client_id",
	},
	Canon: nothingIsAbsent,
}

var listenerTable = []field[liveListener]{
	{Attribute{Path: "port", API: "Port", Default: 0}, func(l liveListener, _ Resource) any { return l.Port }},
	{Attribute{Path: "protocol", API: "Protocol"}, func(l liveListener, _ Resource) any { return string(l.Protocol) }},
	{Attribute{Path: "ssl_policy", API: "SslPolicy"}, func(l liveListener, _ Resource) any {
		if l.Protocol != types.ProtocolEnumHttps && l.Protocol != types.ProtocolEnumTls { // nothing is encrypted
			return nil
		}
		return l.SslPolicy
	}},
	{Attribute{Path: "certificate_arn", API: "Certificates.CertificateArn"}, func(l liveListener, _ Resource) any {
		if len(l.Certificates) == 0 {
			return nil
		}
		return l.Certificates[0].CertificateArn
	}},
	{Attribute{Path: "alpn_policy", API: "AlpnPolicy"}, func(l liveListener, _ Resource) any {
		if len(l.AlpnPolicy) == 0 {
			return nil
		}
		return l.AlpnPolicy[0]
	}},
	{
		Attribute{Path: "default_action", API: "DefaultActions", Kind: Map, Blocks: &listenerActions, Expect: func(resource Resource) (any, bool) {
			return withPairs(resource, "default_action", func(action map[string]any) {
				groups := blockPairs(inside(action, "forward.0.target_group"), "arn", "weight")
				if len(groups) == 1 { // the same as target_group_arn
					action["target_group_arn"], groups = inside(action, "forward.0.target_group.0.arn"), nil
				}
				action["target_groups"] = groups
			})
		}},
		func(l liveListener, _ Resource) any {
			blocks := make([]map[string]any, 0, len(l.DefaultActions))
			for _, action := range l.DefaultActions {
				blocks = append(blocks, liveAction(action))
			}
			return blocks
		},
	},
	{tagsAttribute("DescribeTags.Tags"), func(l liveListener, _ Resource) any {
		if l.tags == nil {
			return unread
		}
		return l.tags
	}},
}

func liveAction(action types.Action) map[string]any {
	block := map[string]any{"type": string(action.Type), "target_group_arn": action.TargetGroupArn}
	if forward := action.ForwardConfig; forward != nil {
		if len(forward.TargetGroups) == 1 {
			block["target_group_arn"] = forward.TargetGroups[0].TargetGroupArn
		} else {
			groups := make([]string, 0, len(forward.TargetGroups))
			for _, group := range forward.TargetGroups {
				groups = append(groups, aws.ToString(group.TargetGroupArn)+"="+scalar(group.Weight))
			}
			block["target_group_arn"], block["target_groups"] = nil, groups
		}
		if sticky := forward.TargetGroupStickinessConfig; sticky != nil && aws.ToBool(sticky.Enabled) {
			block["forward"] = []any{map[string]any{"stickiness": []any{map[string]any{"enabled": sticky.Enabled, "duration": sticky.DurationSeconds}}}}
		}
	}
	if redirect := action.RedirectConfig; redirect != nil {
		block["redirect"] = []any{map[string]any{
			"host": redirect.Host, "path": redirect.Path, "port": redirect.Port, "protocol": redirect.Protocol, "query": redirect.Query, "status_code": string(redirect.StatusCode),
		}}
	}
	if fixed := action.FixedResponseConfig; fixed != nil {
		block["fixed_response"] = []any{map[string]any{"content_type": fixed.ContentType, "message_body": fixed.MessageBody, "status_code": fixed.StatusCode}}
	}
	if oidc := action.AuthenticateOidcConfig; oidc != nil {
		block["authenticate_oidc"] = []any{map[string]any{"issuer": oidc.Issuer, "client_id": oidc.ClientId}}
	}
	if cognito := action.AuthenticateCognitoConfig; cognito != nil {
		block["authenticate_cognito"] = []any{map[string]any{"user_pool_arn": cognito.UserPoolArn, "user_pool_client_id": cognito.UserPoolClientId}}
	}
	return block
}

// listeners lists those of every load balancer that resources belong to. A load balancer that is gone has none.
func listeners(ctx context.Context, client *awsapi.ELBV2, caller *Caller, resources []Resource) ([]liveListener, error) {
	seen := map[string]bool{}
	var all []liveListener
	for _, resource := range resources {
		balancer := resource.Text("load_balancer_arn")
		if seen[balancer] {
			continue
		}
		seen[balancer] = true
		found, err := describeListeners(ctx, client, caller, &elbv2.DescribeListenersInput{LoadBalancerArn: aws.String(balancer), PageSize: aws.Int32(elbPage)})
		if err != nil && !awsapi.IsNotFound(err) {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func probeListener(ctx context.Context, client *awsapi.ELBV2, caller *Caller, resource Resource) (*liveListener, error) {
	found, err := describeListeners(ctx, client, caller, &elbv2.DescribeListenersInput{ListenerArns: []string{resource.ID}})
	return only(found), err
}

func describeListeners(ctx context.Context, client *awsapi.ELBV2, caller *Caller, input *elbv2.DescribeListenersInput) ([]liveListener, error) {
	return pages(ctx, caller, client.DescribeListeners, input, func(page *elbv2.DescribeListenersOutput) ([]liveListener, bool) {
		input.Marker = page.NextMarker
		items := make([]liveListener, 0, len(page.Listeners))
		for _, listener := range page.Listeners {
			items = append(items, liveListener{Listener: listener})
		}
		return items, aws.ToString(page.NextMarker) != ""
	})
}

func listenerOutcome(ctx context.Context, client *awsapi.ELBV2, caller *Caller, listener liveListener, resource Resource) Outcome {
	tags, err := elbTags(ctx, client, caller, listener.ListenerArn)
	listener.tags = tags
	return withElbProblem(found(listenerTable, listener, resource), err)
}
