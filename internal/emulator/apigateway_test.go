package emulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func restAPI(t *testing.T, client *apigateway.Client) *string {
	t.Helper()
	ctx := t.Context()
	api := must[*apigateway.CreateRestApiOutput](t)(client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String(t.Name())}))
	resources := must[*apigateway.GetResourcesOutput](t)(client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id}))
	root := resources.Items[0].Id
	must[*apigateway.PutMethodOutput](t)(client.PutMethod(ctx, &apigateway.PutMethodInput{
		RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"),
	}))
	must[*apigateway.PutIntegrationOutput](t)(client.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock,
	}))
	return api.Id
}

func TestAPIGatewayStages(t *testing.T) {
	client := apigateway.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	api := restAPI(t, client)
	deploy := func() *string {
		return must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api})).Id
	}
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateStageOutput, error) {
		return client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("live"), PatchOperations: operations})
	}
	replace := func(path string, value *string) types.PatchOperation {
		return types.PatchOperation{Op: types.OpReplace, Path: aws.String(path), Value: value}
	}
	first, second := deploy(), deploy()

	_, err := client.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: api, StageName: aws.String("live"), DeploymentId: aws.String("none")})
	wantCode(t, err, "BadRequestException")
	must[*apigateway.CreateStageOutput](t)(client.CreateStage(ctx, &apigateway.CreateStageInput{
		RestApiId: api, StageName: aws.String("live"), DeploymentId: first, Variables: map[string]string{"colour": "blue"},
	}))
	_, err = update(replace("/deploymentId", aws.String("none")))
	wantCode(t, err, "BadRequestException")
	_, err = update(replace("/canarySettings/percentTraffic", aws.String("101")))
	wantCode(t, err, "BadRequestException")
	updated := must[*apigateway.UpdateStageOutput](t)(update(
		replace("/canarySettings/percentTraffic", aws.String("12.5")), replace("/canarySettings/deploymentId", second),
		replace("/canarySettings/stageVariableOverrides/colour", aws.String("green"))))
	if updated.CanarySettings == nil || updated.CanarySettings.PercentTraffic != 12.5 || aws.ToString(updated.DeploymentId) != aws.ToString(first) {
		t.Errorf("updated to %+v with canary %+v", updated, updated.CanarySettings)
	}
	got := must[*apigateway.GetStagesOutput](t)(client.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: api}))
	if len(got.Item) != 1 || aws.ToString(got.Item[0].CanarySettings.DeploymentId) != aws.ToString(second) {
		t.Errorf("stages %+v", got.Item)
	}
	for _, used := range []*string{first, second} {
		_, err = client.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: used})
		wantCode(t, err, "BadRequestException")
	}
	must[*apigateway.UpdateStageOutput](t)(update( // promote the canary
		types.PatchOperation{Op: types.OpCopy, From: aws.String("/canarySettings/deploymentId"), Path: aws.String("/deploymentId")},
		types.PatchOperation{Op: types.OpCopy, From: aws.String("/canarySettings/stageVariableOverrides"), Path: aws.String("/variables")},
		types.PatchOperation{Op: types.OpRemove, Path: aws.String("/canarySettings")}))
	stage := must[*apigateway.GetStageOutput](t)(client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("live")}))
	if aws.ToString(stage.DeploymentId) != aws.ToString(second) || stage.CanarySettings != nil || stage.Variables["colour"] != "green" {
		t.Errorf("promoted to %s, canary %+v, variables %v", aws.ToString(stage.DeploymentId), stage.CanarySettings, stage.Variables)
	}
	must[*apigateway.DeleteDeploymentOutput](t)(client.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: first}))
	must[*apigateway.GetDeploymentOutput](t)(client.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: second}))
	_, err = client.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: first})
	wantCode(t, err, "NotFoundException")
}

// A deployment to a stage moves that stage, or with canary settings only its canary.
func TestAPIGatewayDeploymentToStage(t *testing.T) {
	client := apigateway.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	api, live := restAPI(t, client), aws.String("live")
	first := must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{
		RestApiId: api, StageName: live, Variables: map[string]string{"colour": "blue"},
	}))
	second := must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, StageName: live}))
	stage := must[*apigateway.GetStageOutput](t)(client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: live}))
	if aws.ToString(stage.DeploymentId) != aws.ToString(second.Id) || stage.Variables["colour"] != "blue" {
		t.Errorf("the stage serves %s with %v, want %s and its variables", aws.ToString(stage.DeploymentId), stage.Variables, aws.ToString(second.Id))
	}
	must[*apigateway.DeleteDeploymentOutput](t)(client.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: first.Id}))
	third := must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{
		RestApiId: api, StageName: live, CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 5},
	}))
	stage = must[*apigateway.GetStageOutput](t)(client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: live}))
	if aws.ToString(stage.DeploymentId) != aws.ToString(second.Id) || stage.CanarySettings == nil || aws.ToString(stage.CanarySettings.DeploymentId) != aws.ToString(third.Id) {
		t.Errorf("the stage serves %s, canary %+v", aws.ToString(stage.DeploymentId), stage.CanarySettings)
	}
	_, err := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{
		RestApiId: api, StageName: aws.String("new"), CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 5},
	})
	wantCode(t, err, "BadRequestException")
}
