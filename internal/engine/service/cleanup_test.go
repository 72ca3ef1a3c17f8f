package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// fed is Lambda with an event source mapping on version 8, and a resource policy on version 7 (moto has one policy for all
// versions of a function).
type fed struct {
	*lambda.Client
	arn string
}

func (f *fed) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput, options ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error) {
	if aws.ToString(in.Qualifier) == "7" {
		return &lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[{}]}`)}, nil
	}
	return f.Client.GetPolicy(ctx, in, options...)
}

func (f *fed) ListEventSourceMappings(_ context.Context, in *lambda.ListEventSourceMappingsInput, _ ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	out := &lambda.ListEventSourceMappingsOutput{}
	if aws.ToString(in.FunctionName) == f.arn {
		out.EventSourceMappings = []types.EventSourceMappingConfiguration{{FunctionArn: &f.arn}}
	}
	return out, nil
}

func details(changes []service.Change) string {
	var all []string
	for _, change := range changes {
		all = append(all, fmt.Sprintf("%s %t %s", change.Action, change.Reversible, strings.Fields(change.Detail)[1]))
	}
	return strings.Join(all, ", ")
}

// TestLambdaCleanup: versions 4 to 9 are newer than the capture; 5 to 8 are in use, each in another way.
func TestLambdaCleanup(t *testing.T) {
	ctx, name := t.Context(), "cleanup-versions"
	client := &fed{newFunction(t, name), fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s:8", emulator.Region, emulator.AccountID, name)}
	live, next := service.NewLambdaAlias(client, name, "live"), service.NewLambdaAlias(client, name, "next")
	_, err := client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("next"), FunctionVersion: aws.String("2")})
	must(t, err)
	item, err := live.Capture(ctx)
	must(t, err)
	beside, err := next.Capture(ctx)
	must(t, err)
	for n := 4; n <= 9; n++ {
		_, err := client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: code(t, fmt.Sprint(n)), Publish: true})
		must(t, err)
	}
	point := func(alias, version string, weights map[string]float64) {
		t.Helper()
		_, err := client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: &name, Name: &alias, FunctionVersion: &version, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}})
		must(t, err)
	}
	point("live", "9", nil)
	point("next", "4", nil)
	_, err = client.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: &name, Name: aws.String("other"), FunctionVersion: aws.String("1"), RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"5": 0.1}},
	})
	must(t, err)
	_, err = client.PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: aws.String("6"), ProvisionedConcurrentExecutions: aws.Int32(1)})
	must(t, err)

	changes, err := live.CleanupBeside(ctx, item, nil)
	must(t, err)
	if got := details(changes); got != "delete false 9" {
		t.Errorf("alone: %s", got) // 4 is that of an alias that stays as it is
	}
	changes, err = live.CleanupBeside(ctx, item, []service.Item{beside})
	must(t, err)
	if got := details(changes); got != "delete false 4, delete false 9" {
		t.Fatalf("with the other alias: %s", got)
	}
	// Before the alias is back, Lambda itself refuses.
	if err := live.Restore(ctx, changes[1:]); !awsapi.HasCode(err, "ResourceConflictException") {
		t.Errorf("version 9 while the alias is on it: %v", err)
	}
	restore(t, live, item)
	restore(t, next, beside)
	// What comes into use meanwhile stays.
	_, err = client.PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: aws.String("4"), ProvisionedConcurrentExecutions: aws.Int32(1)})
	must(t, err)
	if err := live.Restore(ctx, changes[:1]); !errors.Is(err, service.ErrConcurrentChange) {
		t.Errorf("version 4 in use: %v", err)
	}
	must(t, live.Restore(ctx, changes[1:]))
	must(t, live.Restore(ctx, changes[1:])) // once more
	left, err := client.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: &name})
	must(t, err)
	if len(left.Versions) != 9 { // $LATEST and 1 to 8
		t.Errorf("%d versions are left", len(left.Versions))
	}
	old := item
	old.State = []byte(`{"description":"the live one","version":"1","weights":{}}`)
	if changes, err := live.CleanupBeside(ctx, old, nil); err != nil || len(changes) != 0 {
		t.Errorf("a capture that proves nothing: %v, %v", changes, err)
	}
}

// dated is API Gateway with a clock of a second a deployment: moto's have one and the same.
type dated struct {
	*apigateway.Client
	made map[string]time.Time
}

func (d *dated) GetDeployments(ctx context.Context, in *apigateway.GetDeploymentsInput, options ...func(*apigateway.Options)) (*apigateway.GetDeploymentsOutput, error) {
	out, err := d.Client.GetDeployments(ctx, in, options...)
	if err == nil {
		for i := range out.Items {
			out.Items[i].CreatedDate = aws.Time(d.made[aws.ToString(out.Items[i].Id)])
		}
	}
	return out, err
}

// TestRESTDeploymentCleanup: three deployments are newer than the capture; a stage that is put back serves one, the canary of
// another stage the second.
func TestRESTDeploymentCleanup(t *testing.T) {
	ctx := t.Context()
	client := &dated{apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig()), map[string]time.Time{}}
	api, err := client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("cleanup-deployments")})
	must(t, err)
	root, err := client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})
	must(t, err)
	_, err = client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: root.Items[0].Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	must(t, err)
	_, err = client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: root.Items[0].Id, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeMock})
	must(t, err)
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	deploy := func() string {
		t.Helper()
		out, err := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id})
		must(t, err)
		client.made[*out.Id] = began.Add(time.Duration(len(client.made)) * time.Second)
		return *out.Id
	}
	first, unused := deploy(), deploy()
	for _, name := range []string{"prod", "beta"} {
		_, err = client.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: api.Id, StageName: &name, DeploymentId: &first})
		must(t, err)
	}
	stage := service.NewRESTStage(client, *api.Id, "prod")
	item, err := stage.Capture(ctx)
	must(t, err)
	bad, idle, tried := deploy(), deploy(), deploy()
	patch := func(name, path, value string) {
		t.Helper()
		_, err := client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: &name, PatchOperations: []apitypes.PatchOperation{{Op: apitypes.OpReplace, Path: &path, Value: &value}}})
		must(t, err)
	}
	patch("prod", "/deploymentId", bad)
	patch("beta", "/canarySettings/deploymentId", tried)
	changes, err := stage.CleanupBeside(ctx, item, nil)
	must(t, err)
	found := details(changes)
	if len(changes) != 2 || !strings.Contains(found, bad) || !strings.Contains(found, idle) {
		t.Fatalf("%s of bad %s, idle %s, canary %s, old %s", found, bad, idle, tried, unused)
	}
	if err := stage.Restore(ctx, changes); !awsapi.HasCode(err, "BadRequestException") {
		t.Errorf("while the stage serves it: %v", err)
	}
	restore(t, stage, item)
	must(t, stage.Restore(ctx, changes))
	must(t, stage.Restore(ctx, changes)) // once more
	left, err := client.GetDeployments(ctx, &apigateway.GetDeploymentsInput{RestApiId: api.Id})
	must(t, err)
	if len(left.Items) != 3 { // first, unused, and that of the canary
		t.Errorf("%d deployments are left", len(left.Items))
	}
}
