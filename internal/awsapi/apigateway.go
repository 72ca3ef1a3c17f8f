package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// APIGateway is the part of the client of API Gateway's REST APIs that the engines call: a call is one line here.
type APIGateway struct{ client unsafe.Pointer }

func (f *APIGateway) sdk() *apigateway.Client { return (*apigateway.Client)(f.client) }

// APIGateway returns the client for region.
func (c *Clients) APIGateway(ctx context.Context, region string) (*APIGateway, error) {
	return facade(ctx, c, c.apigateway, region, func(config aws.Config) *APIGateway {
		return &APIGateway{unsafe.Pointer(apigateway.NewFromConfig(config, func(o *apigateway.Options) { override(&o.BaseEndpoint, c.endpoint("apigateway")) }))}
	})
}

// GetStage calls API Gateway.
func (f *APIGateway) GetStage(ctx context.Context, in *apigateway.GetStageInput, options ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error) {
	return f.sdk().GetStage(ctx, in, options...)
}

// GetDeployment calls API Gateway.
func (f *APIGateway) GetDeployment(ctx context.Context, in *apigateway.GetDeploymentInput, options ...func(*apigateway.Options)) (*apigateway.GetDeploymentOutput, error) {
	return f.sdk().GetDeployment(ctx, in, options...)
}

// UpdateStage calls API Gateway.
func (f *APIGateway) UpdateStage(ctx context.Context, in *apigateway.UpdateStageInput, options ...func(*apigateway.Options)) (*apigateway.UpdateStageOutput, error) {
	return f.sdk().UpdateStage(ctx, in, options...)
}

// CreateStage calls API Gateway.
func (f *APIGateway) CreateStage(ctx context.Context, in *apigateway.CreateStageInput, options ...func(*apigateway.Options)) (*apigateway.CreateStageOutput, error) {
	return f.sdk().CreateStage(ctx, in, options...)
}

// GetExport calls API Gateway.
func (f *APIGateway) GetExport(ctx context.Context, in *apigateway.GetExportInput, options ...func(*apigateway.Options)) (*apigateway.GetExportOutput, error) {
	return f.sdk().GetExport(ctx, in, options...)
}

// GetRestApis calls API Gateway.
func (f *APIGateway) GetRestApis(ctx context.Context, in *apigateway.GetRestApisInput, options ...func(*apigateway.Options)) (*apigateway.GetRestApisOutput, error) {
	return f.sdk().GetRestApis(ctx, in, options...)
}

// GetRestApi calls API Gateway.
func (f *APIGateway) GetRestApi(ctx context.Context, in *apigateway.GetRestApiInput, options ...func(*apigateway.Options)) (*apigateway.GetRestApiOutput, error) { //nolint:revive // as the SDK has it
	return f.sdk().GetRestApi(ctx, in, options...)
}

// GetDeployments calls API Gateway.
func (f *APIGateway) GetDeployments(ctx context.Context, in *apigateway.GetDeploymentsInput, options ...func(*apigateway.Options)) (*apigateway.GetDeploymentsOutput, error) {
	return f.sdk().GetDeployments(ctx, in, options...)
}

// GetStages calls API Gateway.
func (f *APIGateway) GetStages(ctx context.Context, in *apigateway.GetStagesInput, options ...func(*apigateway.Options)) (*apigateway.GetStagesOutput, error) {
	return f.sdk().GetStages(ctx, in, options...)
}

// DeleteDeployment calls API Gateway.
func (f *APIGateway) DeleteDeployment(ctx context.Context, in *apigateway.DeleteDeploymentInput, options ...func(*apigateway.Options)) (*apigateway.DeleteDeploymentOutput, error) {
	return f.sdk().DeleteDeployment(ctx, in, options...)
}
