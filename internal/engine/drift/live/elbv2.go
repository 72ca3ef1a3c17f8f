package live

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const elbDoc = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"

// elbPage is the largest page, https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html.
// The ids that its calls take fail the whole call: everything is listed.
const elbPage = 400

// newELBV2 reads load balancers, listeners and target groups.
func newELBV2(clients *awsapi.Clients) Reader {
	return service{
		listing[liveBalancer, *awsapi.ELBV2]{
			client: clients.ELBV2, outcome: balancerOutcome, table: balancerTable, id: func(b liveBalancer) string { return aws.ToString(b.LoadBalancerArn) },
			pages: func(ctx context.Context, client *awsapi.ELBV2, caller *Caller, _ []Resource) ([]liveBalancer, error) {
				return balancers(ctx, client, caller, &elbv2.DescribeLoadBalancersInput{PageSize: aws.Int32(elbPage)})
			},
			probe: func(ctx context.Context, client *awsapi.ELBV2, caller *Caller, resource Resource) (*liveBalancer, error) {
				found, err := balancers(ctx, client, caller, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{resource.ID}})
				return only(found), err
			},
			thing: func(b liveBalancer) Thing {
				return Thing{
					ID: aws.ToString(b.LoadBalancerArn), Name: aws.ToString(b.LoadBalancerName), Attributes: map[string]any{"load_balancer_type": string(b.Type)},
				}
			},
		}.kind(Spec{Type: "aws_lb", Doc: elbDoc + "API_LoadBalancer.html", Context: []string{"load_balancer_type"}}),
		listing[liveListener, *awsapi.ELBV2]{
			client: clients.ELBV2, pages: listeners, probe: probeListener, outcome: listenerOutcome, table: listenerTable,
			id: func(l liveListener) string { return aws.ToString(l.ListenerArn) },
		}.kind(Spec{Type: "aws_lb_listener", Doc: elbDoc + "API_Listener.html", Context: []string{"load_balancer_arn"}}),
		listing[liveTargetGroup, *awsapi.ELBV2]{
			client: clients.ELBV2, outcome: targetGroupOutcome, table: targetGroupTable, id: func(g liveTargetGroup) string { return aws.ToString(g.TargetGroupArn) },
			pages: func(ctx context.Context, client *awsapi.ELBV2, caller *Caller, _ []Resource) ([]liveTargetGroup, error) {
				return targetGroups(ctx, client, caller, &elbv2.DescribeTargetGroupsInput{PageSize: aws.Int32(elbPage)})
			},
			probe: func(ctx context.Context, client *awsapi.ELBV2, caller *Caller, resource Resource) (*liveTargetGroup, error) {
				found, err := targetGroups(ctx, client, caller, &elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{resource.ID}})
				return only(found), err
			},
			thing: func(g liveTargetGroup) Thing {
				return Thing{ID: aws.ToString(g.TargetGroupArn), Name: aws.ToString(g.TargetGroupName)}
			},
		}.kind(Spec{Type: "aws_lb_target_group", Doc: elbDoc + "API_TargetGroup.html"}),
	}
}

// elbTags reads the tags of one thing; nil where the call failed.
func elbTags(ctx context.Context, client *awsapi.ELBV2, caller *Caller, arn *string) (map[string]string, error) {
	answer, err := call(ctx, caller, client.DescribeTags, &elbv2.DescribeTagsInput{ResourceArns: []string{aws.ToString(arn)}})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, description := range answer.TagDescriptions {
		tags = tagMap(description.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	return tags, nil
}

// liveBalancer is a load balancer with what has calls of its own; nil where a call failed.
type liveBalancer struct {
	types.LoadBalancer
	attributes, tags map[string]string
}

// elbAttribute takes over one that has a name and a text; what a kind of load balancer does not have is unread.
func elbAttribute[T any](attributes func(T) map[string]string, name string) func(T, Resource) any {
	return func(item T, _ Resource) any {
		if value, ok := attributes(item)[name]; ok {
			return value
		}
		return unread
	}
}

func balancerAttribute(name string) func(liveBalancer, Resource) any {
	return elbAttribute(func(b liveBalancer) map[string]string { return b.attributes }, name)
}

// Scheme, kind and VPC of a load balancer cannot be changed.
var balancerTable = []field[liveBalancer]{
	{Attribute{Path: "security_groups", API: "SecurityGroups", Kind: Set}, func(b liveBalancer, _ Resource) any { return b.SecurityGroups }},
	{Attribute{Path: "subnets", API: "AvailabilityZones.SubnetId", Kind: Set}, func(b liveBalancer, _ Resource) any {
		return eachText(b.AvailabilityZones, func(z types.AvailabilityZone) *string { return z.SubnetId })
	}},
	{Attribute{Path: "ip_address_type", API: "IpAddressType"}, func(b liveBalancer, _ Resource) any { return string(b.IpAddressType) }},
	{Attribute{Path: "enable_deletion_protection", API: "Attributes.deletion_protection.enabled", Default: false}, balancerAttribute("deletion_protection.enabled")},
	{Attribute{Path: "idle_timeout", API: "Attributes.idle_timeout.timeout_seconds"}, balancerAttribute("idle_timeout.timeout_seconds")},
	{Attribute{Path: "client_keep_alive", API: "Attributes.client_keep_alive.seconds"}, balancerAttribute("client_keep_alive.seconds")},
	{Attribute{Path: "drop_invalid_header_fields", API: "Attributes.routing.http.drop_invalid_header_fields.enabled", Default: false}, balancerAttribute("routing.http.drop_invalid_header_fields.enabled")},
	{Attribute{Path: "preserve_host_header", API: "Attributes.routing.http.preserve_host_header.enabled", Default: false}, balancerAttribute("routing.http.preserve_host_header.enabled")},
	{Attribute{Path: "desync_mitigation_mode", API: "Attributes.routing.http.desync_mitigation_mode"}, balancerAttribute("routing.http.desync_mitigation_mode")},
	{Attribute{Path: "xff_header_processing_mode", API: "Attributes.routing.http.xff_header_processing.mode"}, balancerAttribute("routing.http.xff_header_processing.mode")},
	{Attribute{Path: "enable_http2", API: "Attributes.routing.http2.enabled"}, balancerAttribute("routing.http2.enabled")},
	{Attribute{Path: "enable_waf_fail_open", API: "Attributes.waf.fail_open.enabled", Default: false}, balancerAttribute("waf.fail_open.enabled")},
	{Attribute{Path: "access_logs.0.enabled", API: "Attributes.access_logs.s3.enabled", Default: false}, balancerAttribute("access_logs.s3.enabled")},
	{Attribute{Path: "access_logs.0.bucket", API: "Attributes.access_logs.s3.bucket"}, balancerAttribute("access_logs.s3.bucket")},
	{Attribute{Path: "access_logs.0.prefix", API: "Attributes.access_logs.s3.prefix"}, balancerAttribute("access_logs.s3.prefix")},
	{tagsAttribute("DescribeTags.Tags"), func(b liveBalancer, _ Resource) any {
		if b.tags == nil {
			return unread
		}
		return b.tags
	}},
}

func balancers(ctx context.Context, client *awsapi.ELBV2, caller *Caller, input *elbv2.DescribeLoadBalancersInput) ([]liveBalancer, error) {
	return pages(ctx, caller, client.DescribeLoadBalancers, input, func(page *elbv2.DescribeLoadBalancersOutput) ([]liveBalancer, bool) {
		input.Marker = page.NextMarker
		return wrapped(page.LoadBalancers, func(b types.LoadBalancer) liveBalancer { return liveBalancer{LoadBalancer: b} }), aws.ToString(page.NextMarker) != ""
	})
}

func balancerOutcome(ctx context.Context, client *awsapi.ELBV2, caller *Caller, balancer liveBalancer, resource Resource) Outcome {
	answer, err := call(ctx, caller, client.DescribeLoadBalancerAttributes, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: balancer.LoadBalancerArn})
	if err == nil {
		balancer.attributes = pairs(answer.Attributes, func(a types.LoadBalancerAttribute) (key, value *string) { return a.Key, a.Value })
	}
	tags, tagsErr := elbTags(ctx, client, caller, balancer.LoadBalancerArn)
	balancer.tags = tags
	return withElbProblem(found(balancerTable, balancer, resource), errors.Join(err, tagsErr))
}

func withElbProblem(outcome Outcome, err error) Outcome {
	if err != nil {
		outcome.Reason, outcome.Err = "its attributes or tags could not be read", err
	}
	return outcome
}

// liveTargetGroup is a target group with what has calls of its own; nil where a call failed.
type liveTargetGroup struct {
	types.TargetGroup
	attributes, tags map[string]string
}

func groupAttribute(name string) func(liveTargetGroup, Resource) any {
	return elbAttribute(func(g liveTargetGroup) map[string]string { return g.attributes }, name)
}

// Port, protocol and VPC of a target group cannot be changed. Its targets come and go.
var targetGroupTable = []field[liveTargetGroup]{
	{Attribute{Path: "health_check.0.enabled", API: "HealthCheckEnabled", Default: true}, func(g liveTargetGroup, _ Resource) any { return g.HealthCheckEnabled }},
	{Attribute{Path: "health_check.0.path", API: "HealthCheckPath"}, func(g liveTargetGroup, _ Resource) any { return g.HealthCheckPath }},
	{Attribute{Path: "health_check.0.port", API: "HealthCheckPort"}, func(g liveTargetGroup, _ Resource) any { return g.HealthCheckPort }},
	{Attribute{Path: "health_check.0.protocol", API: "HealthCheckProtocol"}, func(g liveTargetGroup, _ Resource) any { return string(g.HealthCheckProtocol) }},
	{Attribute{Path: "health_check.0.interval", API: "HealthCheckIntervalSeconds"}, func(g liveTargetGroup, _ Resource) any { return g.HealthCheckIntervalSeconds }},
	{Attribute{Path: "health_check.0.timeout", API: "HealthCheckTimeoutSeconds"}, func(g liveTargetGroup, _ Resource) any { return g.HealthCheckTimeoutSeconds }},
	{Attribute{Path: "health_check.0.healthy_threshold", API: "HealthyThresholdCount"}, func(g liveTargetGroup, _ Resource) any { return g.HealthyThresholdCount }},
	{Attribute{Path: "health_check.0.unhealthy_threshold", API: "UnhealthyThresholdCount"}, func(g liveTargetGroup, _ Resource) any { return g.UnhealthyThresholdCount }},
	{Attribute{Path: "health_check.0.matcher", API: "Matcher.HttpCode"}, func(g liveTargetGroup, _ Resource) any {
		return through(g.Matcher, func(m *types.Matcher) any { return m.HttpCode })
	}},
	{Attribute{Path: "deregistration_delay", API: "Attributes.deregistration_delay.timeout_seconds"}, groupAttribute("deregistration_delay.timeout_seconds")},
	{Attribute{Path: "slow_start", API: "Attributes.slow_start.duration_seconds", Default: 0}, groupAttribute("slow_start.duration_seconds")},
	{Attribute{Path: "load_balancing_algorithm_type", API: "Attributes.load_balancing.algorithm.type", IfSet: true}, groupAttribute("load_balancing.algorithm.type")},
	{Attribute{Path: "stickiness.0.enabled", API: "Attributes.stickiness.enabled", Default: false}, groupAttribute("stickiness.enabled")},
	{Attribute{Path: "preserve_client_ip", API: "Attributes.preserve_client_ip.enabled", IfSet: true}, groupAttribute("preserve_client_ip.enabled")},
	{Attribute{Path: "proxy_protocol_v2", API: "Attributes.proxy_protocol_v2.enabled", Default: false}, groupAttribute("proxy_protocol_v2.enabled")},
	{tagsAttribute("DescribeTags.Tags"), func(g liveTargetGroup, _ Resource) any {
		if g.tags == nil {
			return unread
		}
		return g.tags
	}},
}

func targetGroups(ctx context.Context, client *awsapi.ELBV2, caller *Caller, input *elbv2.DescribeTargetGroupsInput) ([]liveTargetGroup, error) {
	return pages(ctx, caller, client.DescribeTargetGroups, input, func(page *elbv2.DescribeTargetGroupsOutput) ([]liveTargetGroup, bool) {
		input.Marker = page.NextMarker
		return wrapped(page.TargetGroups, func(g types.TargetGroup) liveTargetGroup { return liveTargetGroup{TargetGroup: g} }), aws.ToString(page.NextMarker) != ""
	})
}

func targetGroupOutcome(ctx context.Context, client *awsapi.ELBV2, caller *Caller, group liveTargetGroup, resource Resource) Outcome {
	answer, err := call(ctx, caller, client.DescribeTargetGroupAttributes, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: group.TargetGroupArn})
	if err == nil {
		group.attributes = pairs(answer.Attributes, func(a types.TargetGroupAttribute) (key, value *string) { return a.Key, a.Value })
	}
	tags, tagsErr := elbTags(ctx, client, caller, group.TargetGroupArn)
	group.tags = tags
	return withElbProblem(found(targetGroupTable, group, resource), errors.Join(err, tagsErr))
}
