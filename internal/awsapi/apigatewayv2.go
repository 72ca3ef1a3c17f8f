package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// APIGatewayV2 is the part of the client of API Gateway's HTTP and WebSocket APIs that the engines call: a call is one line here.
type APIGatewayV2 struct{ client unsafe.Pointer }

func (f *APIGatewayV2) sdk() *apigatewayv2.Client { return (*apigatewayv2.Client)(f.client) }

// APIGatewayV2 returns the client for region.
func (c *Clients) APIGatewayV2(ctx context.Context, region string) (*APIGatewayV2, error) {
	return facade(ctx, c, c.apigatewayv2, region, func(config aws.Config) *APIGatewayV2 {
		return &APIGatewayV2{unsafe.Pointer(apigatewayv2.NewFromConfig(config, func(o *apigatewayv2.Options) { override(&o.BaseEndpoint, c.endpoint("apigatewayv2")) }))}
	})
}

// GetStage calls API Gateway.
func (f *APIGatewayV2) GetStage(ctx context.Context, in *apigatewayv2.GetStageInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStageOutput, error) {
	return f.sdk().GetStage(ctx, in, options...)
}

// GetApis calls API Gateway.
func (f *APIGatewayV2) GetApis(ctx context.Context, in *apigatewayv2.GetApisInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApisOutput, error) {
	return f.sdk().GetApis(ctx, in, options...)
}

// GetApi calls API Gateway.
func (f *APIGatewayV2) GetApi(ctx context.Context, in *apigatewayv2.GetApiInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApiOutput, error) { //nolint:revive // as the SDK has it
	return f.sdk().GetApi(ctx, in, options...)
}

// GetRoute calls API Gateway.
func (f *APIGatewayV2) GetRoute(ctx context.Context, in *apigatewayv2.GetRouteInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRouteOutput, error) {
	return f.sdk().GetRoute(ctx, in, options...)
}

// CreateStage calls API Gateway.
func (f *APIGatewayV2) CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateStageOutput, error) {
	return f.sdk().CreateStage(ctx, in, options...)
}

// UpdateStage calls API Gateway.
func (f *APIGatewayV2) UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateStageOutput, error) {
	return f.sdk().UpdateStage(ctx, in, options...)
}

// DeleteRouteSettings calls API Gateway.
func (f *APIGatewayV2) DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRouteSettingsOutput, error) {
	return f.sdk().DeleteRouteSettings(ctx, in, options...)
}

// DeleteAccessLogSettings calls API Gateway.
func (f *APIGatewayV2) DeleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteAccessLogSettingsOutput, error) {
	return f.sdk().DeleteAccessLogSettings(ctx, in, options...)
}

// GetDeployment calls API Gateway.
func (f *APIGatewayV2) GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetDeploymentOutput, error) {
	return f.sdk().GetDeployment(ctx, in, options...)
}

// GetRoutes calls API Gateway.
func (f *APIGatewayV2) GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput, options ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRoutesOutput, error) {
	return f.sdk().GetRoutes(ctx, in, options...)
}
