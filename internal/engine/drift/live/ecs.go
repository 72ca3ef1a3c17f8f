package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const ecsDoc = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"

// How many clusters and services one call takes. One that is not there is no error: it is named in the answer's failures.
const (
	ecsClusters = 100
	ecsServices = 10
)

// newECS reads clusters, services and task definitions.
func newECS(clients *awsapi.Clients) Reader {
	return service{
		listing[types.Cluster, *awsapi.ECS]{
			client: clients.ECS, pages: ecsClusterPages, table: ecsClusterTable, id: func(c types.Cluster) string { return aws.ToString(c.ClusterArn) },
			probe: func(ctx context.Context, client *awsapi.ECS, caller *Caller, resource Resource) (*types.Cluster, error) {
				answer, err := call(ctx, caller, client.DescribeClusters, &ecs.DescribeClustersInput{Clusters: []string{resource.ID}, Include: ecsClusterIncludes})
				if err != nil {
					return nil, err
				}
				found := activeClusters(answer.Clusters)
				return only(found), ecsMissing(len(answer.Clusters) > len(found), answer.Failures)
			},
		}.kind(Spec{Type: "aws_ecs_cluster", Doc: ecsDoc + "API_Cluster.html"}),
		listing[types.Service, *awsapi.ECS]{
			client: clients.ECS, pages: ecsServicePages, table: ecsServiceTable, id: func(s types.Service) string { return aws.ToString(s.ServiceArn) },
			probe: func(ctx context.Context, client *awsapi.ECS, caller *Caller, resource Resource) (*types.Service, error) {
				answer, err := call(ctx, caller, client.DescribeServices, serviceQuestion(resource.Text("cluster"), []string{resource.ID}))
				if err != nil {
					return nil, err
				}
				found := activeServices(answer.Services)
				return only(found), ecsMissing(len(answer.Services) > len(found), answer.Failures)
			},
		}.kind(Spec{Type: "aws_ecs_service", Doc: ecsDoc + "API_Service.html", Context: []string{"cluster", "launch_type"}}),
		single[map[string]string, *awsapi.ECS]{client: clients.ECS, get: taskDefinitionTags, table: taskDefinitionTable}.
			kind(Spec{Type: "aws_ecs_task_definition", Doc: ecsDoc + "API_TaskDefinition.html"}),
	}
}

func ecsTags(tags []types.Tag) map[string]string {
	return tagMap(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}

var ecsSettings = Blocks{Key: []string{"name"}, Fields: []string{"value"}}

var ecsClusterTable = []field[types.Cluster]{
	{Attribute{Path: "setting", API: "Settings", Kind: Map, Blocks: &ecsSettings}, func(c types.Cluster, _ Resource) any {
		blocks := make([]map[string]any, 0, len(c.Settings))
		for _, setting := range c.Settings {
			blocks = append(blocks, map[string]any{"name": string(setting.Name), "value": setting.Value})
		}
		return blocks
	}},
	{Attribute{Path: "service_connect_defaults.0.namespace", API: "ServiceConnectDefaults.Namespace"}, func(c types.Cluster, _ Resource) any {
		return through(c.ServiceConnectDefaults, func(d *types.ClusterServiceConnectDefaults) any { return d.Namespace })
	}},
	{tagsAttribute("Tags"), func(c types.Cluster, _ Resource) any { return ecsTags(c.Tags) }},
}

// ecsClusterPages asks for clusters by name, 100 a call. Clusters that were deleted are told for a while, as INACTIVE.
func ecsClusterPages(ctx context.Context, client *awsapi.ECS, caller *Caller, resources []Resource) ([]types.Cluster, error) {
	var all []types.Cluster
	for chunk := range slices.Chunk(resources, ecsClusters) {
		input := &ecs.DescribeClustersInput{Include: ecsClusterIncludes}
		for _, resource := range chunk {
			input.Clusters = append(input.Clusters, resource.ID)
		}
		answer, err := call(ctx, caller, client.DescribeClusters, input)
		if err != nil {
			return nil, err
		}
		all = append(all, activeClusters(answer.Clusters)...)
	}
	return all, nil
}

var ecsClusterIncludes = []types.ClusterField{types.ClusterFieldTags, types.ClusterFieldSettings, types.ClusterFieldConfigurations}

func activeClusters(clusters []types.Cluster) []types.Cluster {
	return without(clusters, func(c types.Cluster) bool { return aws.ToString(c.Status) == inactive })
}

var serviceBalancers = Blocks{Key: []string{"target_group_arn", "elb_name"}, Fields: []string{"container_name", "container_port"}}

// taskRevision is a task definition as "family:revision".
func taskRevision(text string) string { return text[strings.LastIndexByte(text, '/')+1:] }

// How many tasks run is autoscaling's own affair: desired_count is not compared. With another deployment controller than
// ECS, the task definition and the load balancers are those of its deployments.
var ecsServiceTable = []field[types.Service]{
	{Attribute{Path: "task_definition", API: "TaskDefinition", Canon: taskRevision}, ecsOwned(func(s types.Service) any { return s.TaskDefinition })},
	{Attribute{Path: "load_balancer", API: "LoadBalancers", Kind: Map, Blocks: &serviceBalancers}, ecsOwned(func(s types.Service) any {
		blocks := make([]map[string]any, 0, len(s.LoadBalancers))
		for _, balancer := range s.LoadBalancers {
			blocks = append(blocks, map[string]any{
				"target_group_arn": balancer.TargetGroupArn, "elb_name": balancer.LoadBalancerName, "container_name": balancer.ContainerName, "container_port": balancer.ContainerPort,
			})
		}
		return blocks
	})},
	{Attribute{Path: "deployment_maximum_percent", API: "DeploymentConfiguration.MaximumPercent", IfSet: true}, ecsDeployment(func(d *types.DeploymentConfiguration) any { return d.MaximumPercent })},
	{Attribute{Path: "deployment_minimum_healthy_percent", API: "DeploymentConfiguration.MinimumHealthyPercent", IfSet: true}, ecsDeployment(func(d *types.DeploymentConfiguration) any { return d.MinimumHealthyPercent })},
	{Attribute{Path: "deployment_circuit_breaker.0.enable", API: "DeploymentConfiguration.DeploymentCircuitBreaker.Enable", Default: false}, ecsDeployment(func(d *types.DeploymentConfiguration) any {
		return through(d.DeploymentCircuitBreaker, func(b *types.DeploymentCircuitBreaker) any { return b.Enable })
	})},
	{Attribute{Path: "deployment_circuit_breaker.0.rollback", API: "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", Default: false}, ecsDeployment(func(d *types.DeploymentConfiguration) any {
		return through(d.DeploymentCircuitBreaker, func(b *types.DeploymentCircuitBreaker) any { return b.Rollback })
	})},
	{Attribute{Path: "health_check_grace_period_seconds", API: "HealthCheckGracePeriodSeconds", Default: 0}, func(s types.Service, _ Resource) any { return s.HealthCheckGracePeriodSeconds }},
	{Attribute{Path: "enable_execute_command", API: "EnableExecuteCommand", Default: false}, func(s types.Service, _ Resource) any { return s.EnableExecuteCommand }},
	{Attribute{Path: "platform_version", API: "PlatformVersion", IfSet: true}, func(s types.Service, _ Resource) any { return s.PlatformVersion }},
	{Attribute{Path: "network_configuration.0.subnets", API: "NetworkConfiguration.AwsvpcConfiguration.Subnets", Kind: Set}, ecsNetwork(func(n *types.AwsVpcConfiguration) any { return n.Subnets })},
	{Attribute{Path: "network_configuration.0.security_groups", API: "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", Kind: Set}, ecsNetwork(func(n *types.AwsVpcConfiguration) any { return n.SecurityGroups })},
	{Attribute{Path: "network_configuration.0.assign_public_ip", API: "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", Default: false}, ecsNetwork(func(n *types.AwsVpcConfiguration) any { return n.AssignPublicIp == types.AssignPublicIpEnabled })},
	{tagsAttribute("Tags"), func(s types.Service, _ Resource) any { return ecsTags(s.Tags) }},
}

func ecsOwned(get func(types.Service) any) func(types.Service, Resource) any {
	return func(s types.Service, _ Resource) any {
		if s.DeploymentController != nil && s.DeploymentController.Type != types.DeploymentControllerTypeEcs {
			return unread
		}
		return get(s)
	}
}

func ecsDeployment(get func(*types.DeploymentConfiguration) any) func(types.Service, Resource) any {
	return func(s types.Service, _ Resource) any {
		if s.DeploymentConfiguration == nil {
			return unread
		}
		return get(s.DeploymentConfiguration)
	}
}

func ecsNetwork(get func(*types.AwsVpcConfiguration) any) func(types.Service, Resource) any {
	return func(s types.Service, _ Resource) any {
		if s.NetworkConfiguration == nil {
			return nil
		}
		return through(s.NetworkConfiguration.AwsvpcConfiguration, get)
	}
}

// ecsServicePages asks for the services of each cluster, 10 a call. A cluster that is gone has none.
func ecsServicePages(ctx context.Context, client *awsapi.ECS, caller *Caller, resources []Resource) ([]types.Service, error) {
	byCluster := map[string][]string{}
	var clusters []string
	for _, resource := range resources {
		cluster := resource.Text("cluster")
		if byCluster[cluster] == nil {
			clusters = append(clusters, cluster)
		}
		byCluster[cluster] = append(byCluster[cluster], resource.ID)
	}
	var all []types.Service
	for _, cluster := range clusters {
		for chunk := range slices.Chunk(byCluster[cluster], ecsServices) {
			answer, err := call(ctx, caller, client.DescribeServices, serviceQuestion(cluster, chunk))
			if awsapi.IsNotFound(err) {
				break
			}
			if err != nil {
				return nil, err
			}
			all = append(all, activeServices(answer.Services)...)
		}
	}
	return all, nil
}

func serviceQuestion(cluster string, services []string) *ecs.DescribeServicesInput {
	input := &ecs.DescribeServicesInput{Services: services, Include: []types.ServiceField{types.ServiceFieldTags}}
	if cluster != "" {
		input.Cluster = aws.String(cluster)
	}
	return input
}

func activeServices(services []types.Service) []types.Service {
	return without(services, func(s types.Service) bool { return aws.ToString(s.Status) == inactive })
}

// inactive is the status of what was deleted and is remembered for a while.
const inactive = "INACTIVE"

// ecsMissing is awsapi.ErrNotFound where ECS says of the one thing that was asked for that it is gone: as inactive, or among the failures,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html. An answer without either says nothing.
func ecsMissing(isInactive bool, failures []types.Failure) error {
	for _, failure := range failures {
		isInactive = isInactive || aws.ToString(failure.Reason) == "MISSING"
	}
	if isInactive {
		return awsapi.ErrNotFound
	}
	return nil
}

// A revision of a task definition cannot be changed, only deregistered: then nothing new can start from it.
var taskDefinitionTable = []field[map[string]string]{
	{tagsAttribute("Tags"), func(tags map[string]string, _ Resource) any { return tags }},
}

func taskDefinitionTags(ctx context.Context, client *awsapi.ECS, caller *Caller, resource Resource) (tags map[string]string, partial, err error) {
	answer, err := call(ctx, caller, client.DescribeTaskDefinition, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String(resource.Text("arn")), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})
	switch {
	case awsapi.HasCode(err, "ClientException"): // "Unable to describe task definition."
		return nil, nil, errors.Join(awsapi.ErrNotFound, err)
	case err != nil:
		return nil, nil, err
	case answer.TaskDefinition == nil:
		return nil, nil, errNoAnswer
	case answer.TaskDefinition.Status != types.TaskDefinitionStatusActive:
		return nil, nil, awsapi.ErrNotFound
	}
	return ecsTags(answer.Tags), nil, nil
}
