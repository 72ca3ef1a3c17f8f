package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ECSAPI is what an ECS service check calls.
type ECSAPI interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error)
}

// ECSService asks whether a service runs what was last deployed, in full.
type ECSService struct {
	Client           func(context.Context) (ECSAPI, error) // made at the first attempt
	Cluster, Service string                                // names or ARNs
}

// Name is "ecs_service".
func (*ECSService) Name() string { return "ecs_service" }

// Probe reads the service once, and its last deployment where that may have been rolled back: to look at the service alone
// a rollback that is complete is as healthy as can be. A deployment that failed is final.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func (e *ECSService) Probe(ctx context.Context) Observation {
	started := time.Now()
	what := "the service " + e.Service + " in the cluster " + e.Cluster
	client, err := e.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, "read "+what, err, 0)
	}
	output, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(e.Cluster), Services: []string{e.Service}}, attemptsOfECS)
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return absent(latency, "there is no cluster %s in this account and Region", e.Cluster)
	case err != nil:
		return refused(ctx, "read "+what, "ecs:DescribeServices", err, latency)
	case len(output.Services) == 0:
		return absent(latency, "%s does not exist", what)
	}
	service := &output.Services[0]
	seen := rolledOut(what, service)
	seen.Latency = latency
	if seen.Final || !revertible(service) {
		return seen
	}
	last, err := e.lastDeployment(ctx, client)
	latency = time.Since(started)
	if err != nil {
		return refused(ctx, "read the deployments of "+what, "ecs:ListServiceDeployments", err, latency)
	}
	seen.Latency = latency
	if last != nil {
		return judgeDeployment(seen, what, last)
	}
	// Without a history, what failed beside the current deployment is what that one replaces: it goes back.
	if failed := deploymentWhere(service, func(d types.Deployment) bool { return d.RolloutState == types.DeploymentRolloutStateFailed }); failed != nil {
		return failedDeployment(seen, what, failed)
	}
	return seen
}

func attemptsOfECS(o *ecs.Options) { o.RetryMaxAttempts = awsAttempts }

// rolledOut judges what DescribeServices tells of a service. A failed deployment beside the current one may be what a newer
// one replaces, or what is rolled back: the history of deployments tells.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
func rolledOut(what string, service *types.Service) Observation {
	seen := Observation{Status: Pass, Values: map[string]string{
		"desired": strconv.Itoa(int(service.DesiredCount)), "running": strconv.Itoa(int(service.RunningCount)), "pending": strconv.Itoa(int(service.PendingCount)),
	}}
	if status := aws.ToString(service.Status); status != "ACTIVE" {
		seen.Final = true
		return seen.fail("%s is %s, not ACTIVE", what, status)
	}
	if primary := deploymentWhere(service, func(d types.Deployment) bool { return aws.ToString(d.Status) == "PRIMARY" }); primary != nil {
		seen.Values["task_definition"] = aws.ToString(primary.TaskDefinition)
		state := primary.RolloutState
		if state == types.DeploymentRolloutStateFailed {
			return failedDeployment(seen, what, primary)
		}
		if state != "" { // a service behind a Classic Load Balancer has none
			seen.Values["rollout_state"] = string(state)
			if state != types.DeploymentRolloutStateCompleted {
				return seen.fail("%s: the rollout of %s is %s (%d of %d tasks run)", what, aws.ToString(primary.TaskDefinition), state, primary.RunningCount, primary.DesiredCount)
			}
		}
	}
	for _, set := range service.TaskSets { // deployed by CodeDeploy or a controller of the user's own
		if aws.ToString(set.Status) == "PRIMARY" && set.StabilityStatus != types.StabilityStatusSteadyState {
			return seen.fail("%s: its task set %s is %s, not %s", what, aws.ToString(set.Id), set.StabilityStatus, types.StabilityStatusSteadyState)
		}
	}
	if service.RunningCount != service.DesiredCount {
		return seen.fail("%s runs %d tasks, not the %d desired (%d pending)", what, service.RunningCount, service.DesiredCount, service.PendingCount)
	}
	return seen
}

func deploymentWhere(service *types.Service, holds func(types.Deployment) bool) *types.Deployment {
	if i := slices.IndexFunc(service.Deployments, holds); i >= 0 {
		return &service.Deployments[i]
	}
	return nil
}

func failedDeployment(seen Observation, what string, deployment *types.Deployment) Observation {
	seen.Final = true
	return seen.fail("%s: the deployment %s of %s failed: %s", what, aws.ToString(deployment.Id), aws.ToString(deployment.TaskDefinition), aws.ToString(deployment.RolloutStateReason))
}

// revertible tells that ECS may have put an earlier deployment back: by circuit breaker, alarm or hand. ECS names the current
// deployment of those services of which it keeps a history.
func revertible(service *types.Service) bool {
	if service.DeploymentController != nil && service.DeploymentController.Type != types.DeploymentControllerTypeEcs {
		return false
	}
	if configuration := service.DeploymentConfiguration; configuration != nil {
		if breaker := configuration.DeploymentCircuitBreaker; breaker != nil && breaker.Rollback {
			return true
		}
		if alarms := configuration.Alarms; alarms != nil && alarms.Rollback {
			return true
		}
	}
	return service.CurrentServiceDeployment != nil
}

// lastDeployment returns the newest deployment, or nil where ECS knows of none.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
func (e *ECSService) lastDeployment(ctx context.Context, client ECSAPI) (*types.ServiceDeploymentBrief, error) {
	output, err := client.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String(e.Cluster), Service: aws.String(e.Service)}, attemptsOfECS)
	if err != nil || len(output.ServiceDeployments) == 0 {
		return nil, err
	}
	newest := slices.MaxFunc(output.ServiceDeployments, func(a, b types.ServiceDeploymentBrief) int {
		return aws.ToTime(a.CreatedAt).Compare(aws.ToTime(b.CreatedAt))
	})
	return &newest, nil
}

// judgeDeployment lets a deployment that did not become what runs outweigh what the service looks like.
func judgeDeployment(seen Observation, what string, last *types.ServiceDeploymentBrief) Observation {
	seen.Values["deployment_status"] = string(last.Status)
	reason := ""
	if text := aws.ToString(last.StatusReason); text != "" {
		reason = ": " + text
	}
	arn := aws.ToString(last.ServiceDeploymentArn)
	switch last.Status {
	case types.ServiceDeploymentStatusRollbackRequested, types.ServiceDeploymentStatusRollbackInProgress, types.ServiceDeploymentStatusRollbackSuccessful,
		types.ServiceDeploymentStatusRollbackFailed:
		seen.Final = true
		return seen.fail("%s: its last deployment was rolled back (%s, %s)%s", what, arn, last.Status, reason)
	case types.ServiceDeploymentStatusStopped, types.ServiceDeploymentStatusStopRequested:
		seen.Final = true
		return seen.fail("%s: its last deployment was stopped (%s, %s)%s", what, arn, last.Status, reason)
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		if seen.Status == Pass {
			return seen.fail("%s: its last deployment is %s (%s)%s", what, last.Status, arn, reason)
		}
	case types.ServiceDeploymentStatusSuccessful:
	default:
		if seen.Status == Pass {
			return Observation{Status: Error, Latency: seen.Latency, Values: seen.Values, Reason: fmt.Sprintf("%s: its last deployment has a status that is not known here: %s", what, last.Status)}
		}
	}
	return seen
}
