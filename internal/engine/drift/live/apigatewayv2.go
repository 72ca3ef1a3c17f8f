package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const httpDoc = "https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/"

// newAPIGatewayV2 reads HTTP and WebSocket APIs, their stages and routes.
func newAPIGatewayV2(clients *awsapi.Clients) Reader {
	return service{
		listing[types.Api, *awsapi.APIGatewayV2]{
			client: clients.APIGatewayV2, table: httpTable, id: func(a types.Api) string { return aws.ToString(a.ApiId) },
			pages: func(ctx context.Context, client *awsapi.APIGatewayV2, caller *Caller, _ []Resource) ([]types.Api, error) {
				input := &apigatewayv2.GetApisInput{MaxResults: aws.String("500")}
				return pages(ctx, caller, client.GetApis, input, func(page *apigatewayv2.GetApisOutput) ([]types.Api, bool) {
					input.NextToken = page.NextToken
					return page.Items, aws.ToString(page.NextToken) != ""
				})
			},
			probe: func(ctx context.Context, client *awsapi.APIGatewayV2, caller *Caller, resource Resource) (*types.Api, error) {
				_, err := call(ctx, caller, client.GetApi, &apigatewayv2.GetApiInput{ApiId: aws.String(resource.ID)})
				return nil, err
			},
			thing: func(a types.Api) Thing { return Thing{ID: aws.ToString(a.ApiId), Name: aws.ToString(a.Name)} },
		}.kind(Spec{Type: "aws_apigatewayv2_api", Doc: httpDoc + "apis-apiid.html"}),
		single[*apigatewayv2.GetStageOutput, *awsapi.APIGatewayV2]{
			client: clients.APIGatewayV2, table: httpStageTable,
			get: func(ctx context.Context, client *awsapi.APIGatewayV2, caller *Caller, resource Resource) (*apigatewayv2.GetStageOutput, error, error) {
				stage, err := call(ctx, caller, client.GetStage, &apigatewayv2.GetStageInput{ApiId: aws.String(resource.Text("api_id")), StageName: aws.String(resource.ID)})
				return stage, nil, err
			},
		}.kind(Spec{Type: "aws_apigatewayv2_stage", Doc: httpDoc + "apis-apiid-stages-stagename.html", Context: []string{"api_id"}}),
		single[*apigatewayv2.GetRouteOutput, *awsapi.APIGatewayV2]{
			client: clients.APIGatewayV2, table: httpRouteTable,
			get: func(ctx context.Context, client *awsapi.APIGatewayV2, caller *Caller, resource Resource) (*apigatewayv2.GetRouteOutput, error, error) {
				route, err := call(ctx, caller, client.GetRoute, &apigatewayv2.GetRouteInput{ApiId: aws.String(resource.Text("api_id")), RouteId: aws.String(resource.ID)})
				return route, nil, err
			},
		}.kind(Spec{Type: "aws_apigatewayv2_route", Doc: httpDoc + "apis-apiid-routes-routeid.html", Context: []string{"api_id"}}),
	}
}

func cors(get func(*types.Cors) any) func(types.Api, Resource) any {
	return func(a types.Api, _ Resource) any { return through(a.CorsConfiguration, get) }
}

// The protocol of an API cannot be changed.
var httpTable = []field[types.Api]{
	{Attribute{Path: "name", API: "Name"}, func(a types.Api, _ Resource) any { return a.Name }},
	{Attribute{Path: "description", API: "Description"}, func(a types.Api, _ Resource) any { return a.Description }},
	{Attribute{Path: "version", API: "Version"}, func(a types.Api, _ Resource) any { return a.Version }},
	{Attribute{Path: "disable_execute_api_endpoint", API: "DisableExecuteApiEndpoint", Default: false}, func(a types.Api, _ Resource) any { return a.DisableExecuteApiEndpoint }},
	{Attribute{Path: "route_selection_expression", API: "RouteSelectionExpression"}, func(a types.Api, _ Resource) any { return a.RouteSelectionExpression }},
	{Attribute{Path: "api_key_selection_expression", API: "ApiKeySelectionExpression"}, func(a types.Api, _ Resource) any { return a.ApiKeySelectionExpression }},
	{Attribute{Path: "ip_address_type", API: "IpAddressType", IfSet: true}, func(a types.Api, _ Resource) any { return string(a.IpAddressType) }},
	{Attribute{Path: "cors_configuration.0.allow_origins", API: "CorsConfiguration.AllowOrigins", Kind: Set, Fold: true}, cors(func(c *types.Cors) any { return c.AllowOrigins })},
	{Attribute{Path: "cors_configuration.0.allow_methods", API: "CorsConfiguration.AllowMethods", Kind: Set, Fold: true}, cors(func(c *types.Cors) any { return c.AllowMethods })},
	{Attribute{Path: "cors_configuration.0.allow_headers", API: "CorsConfiguration.AllowHeaders", Kind: Set, Fold: true}, cors(func(c *types.Cors) any { return c.AllowHeaders })},
	{Attribute{Path: "cors_configuration.0.expose_headers", API: "CorsConfiguration.ExposeHeaders", Kind: Set, Fold: true}, cors(func(c *types.Cors) any { return c.ExposeHeaders })},
	{Attribute{Path: "cors_configuration.0.allow_credentials", API: "CorsConfiguration.AllowCredentials", Default: false}, cors(func(c *types.Cors) any { return c.AllowCredentials })},
	{Attribute{Path: "cors_configuration.0.max_age", API: "CorsConfiguration.MaxAge", Default: 0}, cors(func(c *types.Cors) any { return c.MaxAge })},
	{tagsAttribute("Tags"), func(a types.Api, _ Resource) any { return plainTags(a.Tags) }},
}

func defaultRoute(get func(*types.RouteSettings) any) func(*apigatewayv2.GetStageOutput, Resource) any {
	return func(s *apigatewayv2.GetStageOutput, _ Resource) any { return through(s.DefaultRouteSettings, get) }
}

// With automatic deployment, API Gateway makes a new deployment at every change of the API.
var httpStageTable = []field[*apigatewayv2.GetStageOutput]{
	{Attribute{Path: "deployment_id", API: "DeploymentId"}, func(s *apigatewayv2.GetStageOutput, _ Resource) any {
		if aws.ToBool(s.AutoDeploy) {
			return unread
		}
		return s.DeploymentId
	}},
	{Attribute{Path: "auto_deploy", API: "AutoDeploy", Default: false}, func(s *apigatewayv2.GetStageOutput, _ Resource) any { return s.AutoDeploy }},
	{Attribute{Path: "stage_variables", API: "StageVariables", Kind: Map}, func(s *apigatewayv2.GetStageOutput, _ Resource) any { return s.StageVariables }},
	{Attribute{Path: "description", API: "Description"}, func(s *apigatewayv2.GetStageOutput, _ Resource) any { return s.Description }},
	{Attribute{Path: "client_certificate_id", API: "ClientCertificateId"}, func(s *apigatewayv2.GetStageOutput, _ Resource) any { return s.ClientCertificateId }},
	{Attribute{Path: "access_log_settings.0.destination_arn", API: "AccessLogSettings.DestinationArn"}, func(s *apigatewayv2.GetStageOutput, _ Resource) any {
		return through(s.AccessLogSettings, func(l *types.AccessLogSettings) any { return l.DestinationArn })
	}},
	{Attribute{Path: "default_route_settings.0.throttling_burst_limit", API: "DefaultRouteSettings.ThrottlingBurstLimit", Default: 0}, defaultRoute(func(r *types.RouteSettings) any { return r.ThrottlingBurstLimit })},
	{Attribute{Path: "default_route_settings.0.throttling_rate_limit", API: "DefaultRouteSettings.ThrottlingRateLimit", Default: 0}, defaultRoute(func(r *types.RouteSettings) any { return r.ThrottlingRateLimit })},
	{Attribute{Path: "default_route_settings.0.detailed_metrics_enabled", API: "DefaultRouteSettings.DetailedMetricsEnabled", Default: false}, defaultRoute(func(r *types.RouteSettings) any { return r.DetailedMetricsEnabled })},
	{tagsAttribute("Tags"), func(s *apigatewayv2.GetStageOutput, _ Resource) any { return plainTags(s.Tags) }},
}

var httpRouteTable = []field[*apigatewayv2.GetRouteOutput]{
	{Attribute{Path: "route_key", API: "RouteKey"}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.RouteKey }},
	{Attribute{Path: "target", API: "Target"}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.Target }},
	{Attribute{Path: "authorization_type", API: "AuthorizationType", Default: "NONE"}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return string(r.AuthorizationType) }},
	{Attribute{Path: "authorizer_id", API: "AuthorizerId"}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.AuthorizerId }},
	{Attribute{Path: "authorization_scopes", API: "AuthorizationScopes", Kind: Set}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.AuthorizationScopes }},
	{Attribute{Path: "api_key_required", API: "ApiKeyRequired", Default: false}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.ApiKeyRequired }},
	{Attribute{Path: "operation_name", API: "OperationName"}, func(r *apigatewayv2.GetRouteOutput, _ Resource) any { return r.OperationName }},
}
