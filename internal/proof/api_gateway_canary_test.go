package proof

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// The stage's canary with deployments that are named, and with such as are known by who serves them.
var (
	apiGatewayCanaryLever        = lever{name: "api_gateway_canary", reversible: true, steps: []int{10, 50}, blind: true, build: buildStage(true)}
	apiGatewayCanaryUnnamedLever = lever{name: "api_gateway_canary, unnamed", reversible: true, variant: true, steps: []int{10, 50}, blind: true, build: buildStage(false)}
)

func buildStage(named bool) func(t *testing.T, w *world) target {
	return func(t *testing.T, w *world) target {
		t.Helper()
		ctx, client := t.Context(), apigateway.NewFromConfig(w.outside())
		id := must[*apigateway.CreateRestApiOutput](t)(client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &w.name})).Id
		root := must[*apigateway.GetResourcesOutput](t)(client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: id})).Items[0].Id
		must[*apigateway.PutMethodOutput](t)(client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}))
		must[*apigateway.PutIntegrationOutput](t)(client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: id, ResourceId: root, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock}))
		s := &apiStage{client: client, api: *id, named: named}
		for _, into := range []*string{&s.blue, &s.green} {
			*into = *must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: id})).Id
		}
		must[*apigateway.CreateStageOutput](t)(client.CreateStage(ctx, &apigateway.CreateStageInput{
			RestApiId: id, StageName: aws.String("prod"), DeploymentId: &s.blue, CanarySettings: &types.CanarySettings{DeploymentId: &s.green, PercentTraffic: 0},
		}))
		return s
	}
}

// apiStage is a stage "prod" with two deployments.
type apiStage struct {
	client           *apigateway.Client
	api, blue, green string
	named            bool
}

func (s *apiStage) router(config aws.Config) traffic.Router {
	target := traffic.APIGatewayCanaryTarget{Account: emulator.AccountID, Region: emulator.Region, RestAPI: s.api, Stage: "prod"}
	if s.named {
		target.BlueDeployment, target.GreenDeployment = s.blue, s.green
	}
	return traffic.NewAPIGatewayCanary(apigateway.NewFromConfig(config), target)
}

// give puts green into the canary, with its share.
func (s *apiStage) give(ctx context.Context, weights traffic.Weights) error {
	_, err := s.client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &s.api, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/deploymentId"), Value: &s.blue},
		{Op: types.OpReplace, Path: aws.String("/canarySettings/deploymentId"), Value: &s.green},
		{Op: types.OpReplace, Path: aws.String("/canarySettings/percentTraffic"), Value: aws.String(fmt.Sprintf("%d.0", weights.Green))},
	}})
	return err
}

func (s *apiStage) serves(ctx context.Context) (shares, error) {
	stage, err := s.client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &s.api, StageName: aws.String("prod")})
	if err != nil {
		return shares{}, err
	}
	var found shares
	add := func(deployment *string, percent float64) {
		switch aws.ToString(deployment) {
		case s.blue:
			found.blue += percent
		case s.green:
			found.green += percent
		default:
			found.other += percent
		}
	}
	canary := 0.0
	if stage.CanarySettings != nil && stage.CanarySettings.DeploymentId != nil {
		canary = stage.CanarySettings.PercentTraffic
		add(stage.CanarySettings.DeploymentId, canary)
	}
	add(stage.DeploymentId, 100-canary)
	return found, nil
}
