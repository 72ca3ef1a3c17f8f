package emulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestHTTPAPIStages(t *testing.T) {
	client := apigatewayv2.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	api := must[*apigatewayv2.CreateApiOutput](t)(client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String(t.Name()), ProtocolType: types.ProtocolTypeHttp})).ApiId
	deploy := func() *string {
		return must[*apigatewayv2.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: api})).DeploymentId
	}
	first, second := deploy(), deploy()
	stage := aws.String("live")
	must[*apigatewayv2.CreateStageOutput](t)(client.CreateStage(ctx, &apigatewayv2.CreateStageInput{
		ApiId: api, StageName: stage, DeploymentId: first, StageVariables: map[string]string{"colour": "blue", "extra": "1"},
	}))
	updated := must[*apigatewayv2.UpdateStageOutput](t)(client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
		ApiId: api, StageName: stage, DeploymentId: second, StageVariables: map[string]string{"colour": "green", "extra": ""},
	}))
	if aws.ToString(updated.DeploymentId) != aws.ToString(second) || len(updated.StageVariables) != 1 || updated.StageVariables["colour"] != "green" {
		t.Errorf("updated to %s with %v", aws.ToString(updated.DeploymentId), updated.StageVariables)
	}
	_, err := client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: api, StageName: stage, RouteSettings: map[string]types.RouteSettings{"GET /none": {}}})
	wantCode(t, err, "NotFoundException")
	_, err = client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: api, StageName: stage, DeploymentId: aws.String("none")})
	wantCode(t, err, "NotFoundException")
	_, err = client.DeleteDeployment(ctx, &apigatewayv2.DeleteDeploymentInput{ApiId: api, DeploymentId: second})
	wantCode(t, err, "BadRequestException")
	must[*apigatewayv2.DeleteDeploymentOutput](t)(client.DeleteDeployment(ctx, &apigatewayv2.DeleteDeploymentInput{ApiId: api, DeploymentId: first}))
	_, err = client.GetDeployment(ctx, &apigatewayv2.GetDeploymentInput{ApiId: api, DeploymentId: first})
	wantCode(t, err, "NotFoundException")

	auto := must[*apigatewayv2.UpdateStageOutput](t)(client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: api, StageName: stage, AutoDeploy: aws.Bool(true)}))
	if id := aws.ToString(auto.DeploymentId); id == aws.ToString(second) {
		t.Error("a stage that deploys by itself kept its deployment")
	}
	_, err = client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: api, StageName: stage, DeploymentId: second})
	wantCode(t, err, "BadRequestException")
	must[*apigatewayv2.CreateRouteOutput](t)(client.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: aws.String("GET /")}))
	got := must[*apigatewayv2.GetStageOutput](t)(client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: api, StageName: stage}))
	if aws.ToString(got.DeploymentId) == aws.ToString(auto.DeploymentId) {
		t.Error("a new route was not deployed by itself")
	}
	must[*apigatewayv2.DeleteStageOutput](t)(client.DeleteStage(ctx, &apigatewayv2.DeleteStageInput{ApiId: api, StageName: stage}))
	_, err = client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: api, StageName: stage})
	wantCode(t, err, "NotFoundException")
}
