package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// ECSAPI is what the ecs_service service asks of the ECS client.
type ECSAPI interface {
	DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput, opts ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, opts ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput, opts ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
	UpdateService(ctx context.Context, in *ecs.UpdateServiceInput, opts ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error)
}

// ECSService is the ecs_service service: the task definition of a service and how many tasks it wants at least. More tasks
// than at the capture are left, because they may carry more load. A task definition that was deregistered since (as
// Terraform does when it makes a new revision) is registered again out of what ECS still tells of it; no container
// definition is kept in a capture. Services that CodeDeploy or an external controller deploys are ErrUnrestorable.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
type ECSService struct {
	client           ECSAPI
	clock            clock.Clock
	cluster, service string
}

// NewECSService returns the service of an ECS service in a cluster; both are names or ARNs.
func NewECSService(client ECSAPI, clk clock.Clock, cluster, service string) *ECSService {
	return &ECSService{client: client, clock: clk, cluster: cluster, service: service}
}

// tasksState is what is captured.
type tasksState struct {
	TaskDefinition string `json:"task_definition"` // ARN with revision
	Desired        int32  `json:"desired"`         // 0 for a daemon, too
}

type tasksApply struct {
	Want tasksState `json:"want"`
	Seen tasksState `json:"seen"` // at Diff
}

const (
	rolloutEstimate = 3 * time.Minute
	rolloutTimeout  = 20 * time.Minute
	rolloutPause    = 2 * time.Second
)

// Name is ecs_service.
func (e *ECSService) Name() string { return "ecs_service" }

// Target is cluster/service.
func (e *ECSService) Target() string { return e.cluster + "/" + e.service }

// Capture reads the service.
func (e *ECSService) Capture(ctx context.Context) (Item, error) {
	live, err := e.read(ctx)
	if err != nil {
		return Item{}, err
	}
	state := tasksOf(live)
	raw, err := canonical(state)
	return Item{Service: e.Name(), Target: e.Target(), Summary: fmt.Sprintf("service %s with %s", e.service, state), Objects: 1, State: raw}, err
}

// tasksOf returns what of a service is captured.
func tasksOf(service *types.Service) tasksState {
	state := tasksState{TaskDefinition: aws.ToString(service.TaskDefinition), Desired: service.DesiredCount}
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon { // the cluster decides
		state.Desired = 0
	}
	return state
}

// String is for people: "shop:12, 4 tasks".
func (s tasksState) String() string {
	return fmt.Sprintf("%s, %d tasks", s.TaskDefinition[strings.LastIndex(s.TaskDefinition, "/")+1:], s.Desired)
}

func (e *ECSService) read(ctx context.Context) (*types.Service, error) {
	out, err := e.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &e.cluster, Services: []string{e.service}})
	if awsapi.IsNotFound(err) || (err == nil && (len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE")) {
		return nil, fmt.Errorf("service %s: %w", e.Target(), errors.Join(ErrMissing, err))
	}
	if err != nil {
		return nil, fmt.Errorf("read service %s: %w", e.Target(), err)
	}
	service := &out.Services[0]
	if controller := service.DeploymentController; controller != nil && controller.Type != types.DeploymentControllerTypeEcs {
		return nil, fmt.Errorf("service %s is deployed by %s, not by ECS: %w", e.Target(), controller.Type, ErrUnrestorable)
	}
	return service, nil
}

// Diff compares the service with the capture.
func (e *ECSService) Diff(ctx context.Context, item Item) ([]Change, error) {
	var want tasksState
	if err := json.Unmarshal(item.State, &want); err != nil || want.TaskDefinition == "" {
		return nil, fmt.Errorf("the captured state of service %s cannot be read: %w", e.Target(), errors.Join(err, ErrUnrestorable))
	}
	service, err := e.read(ctx)
	if err != nil {
		return nil, err
	}
	live := tasksOf(service)
	if same, err := e.holds(ctx, live, want); same || err != nil {
		return nil, err
	}
	if _, err := e.definition(ctx, want.TaskDefinition); err != nil {
		return nil, err
	}
	detail := fmt.Sprintf("service %s: %s -> %s", e.service, live, tasksState{want.TaskDefinition, max(live.Desired, want.Desired)})
	raw, err := canonical(tasksApply{Want: want, Seen: live})
	return []Change{{Service: e.Name(), Action: Update, Detail: detail, Reversible: true, Estimate: rolloutEstimate, Apply: raw}}, err
}

// holds tells whether a service runs the captured definition, or one of the same content, with at least as many tasks.
func (e *ECSService) holds(ctx context.Context, live, want tasksState) (bool, error) {
	if live.Desired < want.Desired {
		return false, nil
	}
	if live.TaskDefinition == want.TaskDefinition {
		return true, nil
	}
	wanted, err := e.definition(ctx, want.TaskDefinition)
	if err != nil {
		return false, err
	}
	running, err := e.definition(ctx, live.TaskDefinition)
	if err != nil {
		return false, err
	}
	return equalCanonical(registration(wanted), registration(running))
}

// definition reads a task definition, which ECS tells of even after it was deregistered, until it is deleted.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
func (e *ECSService) definition(ctx context.Context, arn string) (*ecs.DescribeTaskDefinitionOutput, error) {
	out, err := e.client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	if awsapi.HasCode(err, "ClientException") || (err == nil && out.TaskDefinition.Status == types.TaskDefinitionStatusDeleteInProgress) {
		return nil, fmt.Errorf("task definition %s does not exist any more: %w", arn, errors.Join(ErrUnrestorable, err))
	}
	if err != nil {
		return nil, fmt.Errorf("read task definition %s: %w", arn, err)
	}
	return out, nil
}

// registration is what registers the same content once more.
func registration(out *ecs.DescribeTaskDefinitionOutput) *ecs.RegisterTaskDefinitionInput {
	d := out.TaskDefinition
	return &ecs.RegisterTaskDefinitionInput{
		Family: d.Family, ContainerDefinitions: d.ContainerDefinitions, Cpu: d.Cpu, Memory: d.Memory, EnableFaultInjection: d.EnableFaultInjection,
		EphemeralStorage: d.EphemeralStorage, ExecutionRoleArn: d.ExecutionRoleArn, TaskRoleArn: d.TaskRoleArn,
		IpcMode: d.IpcMode, PidMode: d.PidMode, NetworkMode: d.NetworkMode, PlacementConstraints: d.PlacementConstraints, ProxyConfiguration: d.ProxyConfiguration,
		RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform, Volumes: d.Volumes, Tags: out.Tags,
	}
}

// Restore starts the rollout of the captured definition, provided that nobody changed the service since Diff. Verify waits
// for it.
func (e *ECSService) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply tasksApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore service %s: %w", e.Target(), err)
		}
		if err := e.restore(ctx, apply); err != nil {
			return fmt.Errorf("restore service %s: %w", e.Target(), err)
		}
	}
	return nil
}

func (e *ECSService) restore(ctx context.Context, apply tasksApply) error {
	service, err := e.read(ctx)
	if err != nil {
		return err
	}
	live := tasksOf(service)
	if done, err := e.holds(ctx, live, apply.Want); done || err != nil {
		return err
	}
	if live.TaskDefinition != apply.Seen.TaskDefinition {
		return fmt.Errorf("it is on %s, not on %s: %w", live, apply.Seen, ErrConcurrentChange)
	}
	in := &ecs.UpdateServiceInput{Cluster: &e.cluster, Service: &e.service, TaskDefinition: &apply.Want.TaskDefinition}
	wanted, err := e.definition(ctx, apply.Want.TaskDefinition)
	if err != nil {
		return err
	}
	if wanted.TaskDefinition.Status == types.TaskDefinitionStatusInactive {
		again, err := e.client.RegisterTaskDefinition(ctx, registration(wanted))
		if err != nil {
			return fmt.Errorf("register task definition %s again: %w", apply.Want.TaskDefinition, err)
		}
		in.TaskDefinition = again.TaskDefinition.TaskDefinitionArn
	}
	if live.Desired < apply.Want.Desired {
		in.DesiredCount = &apply.Want.Desired
	}
	_, err = e.client.UpdateService(ctx, in)
	return err
}

// Verify reads the service back and waits until its rollout is complete.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
func (e *ECSService) Verify(ctx context.Context, item Item) error {
	ctx, cancel := e.clock.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	for {
		if err := verify(ctx, e, item); err != nil { // a circuit breaker may take the definition away again
			return err
		}
		service, err := e.read(ctx)
		if err != nil {
			return err
		}
		state, complete := rollout(service)
		if complete {
			return nil
		}
		if state == types.DeploymentRolloutStateFailed {
			return &DiffersError{Target: e.Target(), Details: []string{"the rollout of " + tasksOf(service).String() + " failed"}, Total: 1}
		}
		if err := e.clock.Sleep(ctx, rolloutPause); err != nil {
			return fmt.Errorf("service %s took the definition, but %d of %d tasks run: %w", e.Target(), service.RunningCount, service.DesiredCount, err)
		}
	}
}

// rollout returns the state of the primary deployment; one behind a Classic Load Balancer has none.
func rollout(service *types.Service) (state types.DeploymentRolloutState, complete bool) {
	for _, deployment := range service.Deployments {
		if aws.ToString(deployment.Status) == "PRIMARY" {
			state = deployment.RolloutState
		}
	}
	done := state == types.DeploymentRolloutStateCompleted || (state == "" && len(service.Deployments) <= 1)
	return state, done && service.RunningCount >= service.DesiredCount
}

// Check is a read: one call.
func (e *ECSService) Check(ctx context.Context) error {
	_, err := e.read(ctx)
	return err
}
