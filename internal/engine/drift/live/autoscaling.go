package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// autoscalingPage is the largest page and the most names a call takes: the listing is narrowed by a filter of names, which need
// not exist, https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html.
const autoscalingPage = 100

// newAutoScaling reads autoscaling groups.
func newAutoScaling(clients *awsapi.Clients) Reader {
	return service{
		listing[types.AutoScalingGroup, *awsapi.AutoScaling]{
			client: clients.AutoScaling, table: scalingTable,
			id: func(g types.AutoScalingGroup) string { return aws.ToString(g.AutoScalingGroupName) },
			pages: func(ctx context.Context, client *awsapi.AutoScaling, caller *Caller, _ []Resource) ([]types.AutoScalingGroup, error) {
				return scalingGroups(ctx, client, caller, nil)
			},
			// A name without a group is no error: the answer is empty.
			probe: func(ctx context.Context, client *awsapi.AutoScaling, caller *Caller, resource Resource) (*types.AutoScalingGroup, error) {
				groups, err := scalingGroups(ctx, client, caller, []string{resource.ID})
				if err == nil && len(groups) == 0 {
					err = awsapi.ErrNotFound
				}
				return only(groups), err
			},
			thing: func(g types.AutoScalingGroup) Thing {
				return Thing{ID: aws.ToString(g.AutoScalingGroupName), Name: aws.ToString(g.AutoScalingGroupName), Aliases: []string{aws.ToString(g.AutoScalingGroupARN)}}
			},
		}.kind(Spec{Type: "aws_autoscaling_group", Doc: "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html"}),
	}
}

func scalingGroups(ctx context.Context, client *awsapi.AutoScaling, caller *Caller, names []string) ([]types.AutoScalingGroup, error) {
	input := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names, MaxRecords: aws.Int32(autoscalingPage)}
	return pages(ctx, caller, client.DescribeAutoScalingGroups, input, func(page *autoscaling.DescribeAutoScalingGroupsOutput) ([]types.AutoScalingGroup, bool) {
		input.NextToken = page.NextToken
		return page.AutoScalingGroups, aws.ToString(page.NextToken) != ""
	})
}

var scalingTags = Blocks{Key: []string{"key"}, Fields: []string{"value", "propagate_at_launch"}}

// How many instances there are is autoscaling's own affair: desired_capacity, between min_size and max_size, is not
// compared.
var scalingTable = []field[types.AutoScalingGroup]{
	{Attribute{Path: "min_size", API: "MinSize"}, func(g types.AutoScalingGroup, _ Resource) any { return g.MinSize }},
	{Attribute{Path: "max_size", API: "MaxSize"}, func(g types.AutoScalingGroup, _ Resource) any { return g.MaxSize }},
	{Attribute{Path: "vpc_zone_identifier", API: "VPCZoneIdentifier", Kind: Set}, func(g types.AutoScalingGroup, _ Resource) any { return commaList(g.VPCZoneIdentifier) }},
	{Attribute{Path: "launch_template.0.id", API: "LaunchTemplate.LaunchTemplateId"}, scalingTemplate(func(t *types.LaunchTemplateSpecification) any { return t.LaunchTemplateId })},
	{Attribute{Path: "launch_template.0.version", API: "LaunchTemplate.Version", Default: "$Default"}, scalingTemplate(func(t *types.LaunchTemplateSpecification) any { return t.Version })},
	{Attribute{Path: "launch_configuration", API: "LaunchConfigurationName"}, func(g types.AutoScalingGroup, _ Resource) any { return g.LaunchConfigurationName }},
	{Attribute{Path: "target_group_arns", API: "TargetGroupARNs", Kind: Set}, func(g types.AutoScalingGroup, _ Resource) any { return g.TargetGroupARNs }},
	{Attribute{Path: "load_balancers", API: "LoadBalancerNames", Kind: Set}, func(g types.AutoScalingGroup, _ Resource) any { return g.LoadBalancerNames }},
	{Attribute{Path: "health_check_type", API: "HealthCheckType"}, func(g types.AutoScalingGroup, _ Resource) any { return g.HealthCheckType }},
	{Attribute{Path: "health_check_grace_period", API: "HealthCheckGracePeriod", Default: 0}, func(g types.AutoScalingGroup, _ Resource) any { return g.HealthCheckGracePeriod }},
	{Attribute{Path: "default_cooldown", API: "DefaultCooldown"}, func(g types.AutoScalingGroup, _ Resource) any { return g.DefaultCooldown }},
	{Attribute{Path: "protect_from_scale_in", API: "NewInstancesProtectedFromScaleIn", Default: false}, func(g types.AutoScalingGroup, _ Resource) any { return g.NewInstancesProtectedFromScaleIn }},
	{Attribute{Path: "capacity_rebalance", API: "CapacityRebalance", Default: false}, func(g types.AutoScalingGroup, _ Resource) any { return g.CapacityRebalance }},
	{Attribute{Path: "max_instance_lifetime", API: "MaxInstanceLifetime", Default: 0}, func(g types.AutoScalingGroup, _ Resource) any { return g.MaxInstanceLifetime }},
	{Attribute{Path: "suspended_processes", API: "SuspendedProcesses.ProcessName", Kind: Set}, func(g types.AutoScalingGroup, _ Resource) any {
		return eachText(g.SuspendedProcesses, func(p types.SuspendedProcess) *string { return p.ProcessName })
	}},
	{Attribute{Path: "termination_policies", API: "TerminationPolicies", Kind: List}, func(g types.AutoScalingGroup, r Resource) any {
		if len(g.TerminationPolicies) == 1 && g.TerminationPolicies[0] == "Default" && empty(r.Value("termination_policies")) {
			return nil
		}
		return g.TerminationPolicies
	}},
	{Attribute{Path: "tag", API: "Tags", Kind: Map, Blocks: &scalingTags}, func(g types.AutoScalingGroup, _ Resource) any {
		blocks := make([]map[string]any, 0, len(g.Tags))
		for _, tag := range g.Tags {
			blocks = append(blocks, map[string]any{"key": tag.Key, "value": tag.Value, "propagate_at_launch": tag.PropagateAtLaunch})
		}
		return blocks
	}},
}

// scalingTemplate is unread for a group with a mixed instances policy, whose templates are elsewhere.
func scalingTemplate(get func(*types.LaunchTemplateSpecification) any) func(types.AutoScalingGroup, Resource) any {
	return func(g types.AutoScalingGroup, _ Resource) any {
		switch {
		case g.LaunchTemplate != nil:
			return get(g.LaunchTemplate)
		case g.MixedInstancesPolicy != nil:
			return unread
		}
		return nil
	}
}
