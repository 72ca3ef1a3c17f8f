package service

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// RESTDeploymentsAPI is what a clean-up of deployments asks of the client of API Gateway's REST APIs.
type RESTDeploymentsAPI interface {
	GetDeployments(ctx context.Context, in *apigateway.GetDeploymentsInput, opts ...func(*apigateway.Options)) (*apigateway.GetDeploymentsOutput, error)
	GetStages(ctx context.Context, in *apigateway.GetStagesInput, opts ...func(*apigateway.Options)) (*apigateway.GetStagesOutput, error)
	DeleteDeployment(ctx context.Context, in *apigateway.DeleteDeploymentInput, opts ...func(*apigateway.Options)) (*apigateway.DeleteDeploymentOutput, error)
}

// deploymentApply deletes a deployment. It stands in place of a restStageApply.
type deploymentApply struct {
	API        string `json:"api"`
	Deployment string `json:"delete_deployment"`
}

// newestDeployment returns when the newest deployment of the API was made, by API Gateway's own clock: a later one is newer
// than the capture. A caller who may not list them gets nil, and no clean-up.
func (s *RESTStage) newestDeployment(ctx context.Context) (*time.Time, error) {
	var newest *time.Time
	err := s.deployments(ctx, func(d types.Deployment) {
		if d.CreatedDate != nil && (newest == nil || d.CreatedDate.After(*newest)) {
			newest = aws.Time(d.CreatedDate.UTC())
		}
	})
	if awsapi.IsDenied(err) {
		return nil, nil
	}
	return newest, err
}

func (s *RESTStage) deployments(ctx context.Context, visit func(types.Deployment)) error {
	in := &apigateway.GetDeploymentsInput{RestApiId: &s.api, Limit: aws.Int32(500)}
	for {
		out, err := s.client.GetDeployments(ctx, in)
		if err != nil {
			return fmt.Errorf("list the deployments of API %s: %w", s.api, err)
		}
		for _, deployment := range out.Items {
			visit(deployment)
		}
		if aws.ToString(out.Position) == "" {
			return nil
		}
		in.Position = out.Position
	}
}

// CleanupBeside returns the deletion of every deployment that was made after the capture and that no stage, and no canary of
// one, will serve once item and those beside it are back. API Gateway refuses it where one does all the same:
// https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html
func (s *RESTStage) CleanupBeside(ctx context.Context, item Item, beside []Item) ([]Change, error) {
	planned := map[string]restStage{}
	var newest *time.Time
	for _, other := range append([]Item{item}, beside...) {
		var state restStageState
		if other.Service != s.Name() || json.Unmarshal(other.State, &state) != nil {
			continue
		}
		planned[other.Target] = state.Settings
		if other.Target == s.Target() {
			newest = state.Newest
		}
	}
	if newest == nil { // a capture that does not say what was there proves nothing
		return nil, nil
	}
	used, err := s.served(ctx, planned)
	if err != nil {
		return nil, err
	}
	var changes []Change
	err = s.deployments(ctx, func(d types.Deployment) {
		id := aws.ToString(d.Id)
		if d.CreatedDate == nil || !d.CreatedDate.After(*newest) || used[id] {
			return
		}
		raw, _ := canonical(deploymentApply{API: s.api, Deployment: id}) // strings only: cannot fail
		changes = append(changes, Change{
			Service: s.Name(), Action: Delete, Estimate: time.Second, Apply: raw,
			Detail: fmt.Sprintf("deployment %s of API %s: newer than the snapshot, and served by no stage -> deleted", id, s.api),
		})
	})
	return changes, err
}

// served returns the deployments that stages and their canaries serve: those in planned as they will be, the others as they are.
func (s *RESTStage) served(ctx context.Context, planned map[string]restStage) (map[string]bool, error) {
	used := map[string]bool{}
	use := func(deployment string, canary *types.CanarySettings) {
		used[deployment] = true
		if canary != nil {
			used[aws.ToString(canary.DeploymentId)] = true
		}
	}
	for _, stage := range planned {
		use(stage.Deployment, stage.Canary)
	}
	out, err := s.client.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: &s.api})
	if err != nil {
		return nil, fmt.Errorf("list the stages of API %s: %w", s.api, err)
	}
	for _, stage := range out.Item {
		if _, replaced := planned[s.api+"/"+aws.ToString(stage.StageName)]; !replaced {
			use(aws.ToString(stage.DeploymentId), stage.CanarySettings)
		}
	}
	return used, nil
}

func (s *RESTStage) deleteDeployment(ctx context.Context, id string) error {
	_, err := s.client.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: &s.api, DeploymentId: &id})
	if err == nil || awsapi.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("delete deployment %s of API %s: %w", id, s.api, err)
}
