package live

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const restDoc = "https://docs.aws.amazon.com/apigateway/latest/api/"

// newAPIGateway reads REST APIs and their stages.
func newAPIGateway(clients *awsapi.Clients) Reader {
	return service{
		listing[types.RestApi, *awsapi.APIGateway]{
			client: clients.APIGateway, table: restTable, id: func(a types.RestApi) string { return aws.ToString(a.Id) },
			pages: func(ctx context.Context, client *awsapi.APIGateway, caller *Caller, _ []Resource) ([]types.RestApi, error) {
				input := &apigateway.GetRestApisInput{Limit: aws.Int32(500)}
				return pages(ctx, caller, client.GetRestApis, input, func(page *apigateway.GetRestApisOutput) ([]types.RestApi, bool) {
					input.Position = page.Position
					return page.Items, aws.ToString(page.Position) != ""
				})
			},
			probe: func(ctx context.Context, client *awsapi.APIGateway, caller *Caller, resource Resource) (*types.RestApi, error) {
				_, err := call(ctx, caller, client.GetRestApi, &apigateway.GetRestApiInput{RestApiId: aws.String(resource.ID)})
				return nil, err
			},
			thing: func(a types.RestApi) Thing { return Thing{ID: aws.ToString(a.Id), Name: aws.ToString(a.Name)} },
		}.kind(Spec{Type: "aws_api_gateway_rest_api", Doc: restDoc + "API_RestApi.html"}),
		single[*apigateway.GetStageOutput, *awsapi.APIGateway]{
			client: clients.APIGateway, table: restStageTable,
			get: func(ctx context.Context, client *awsapi.APIGateway, caller *Caller, resource Resource) (*apigateway.GetStageOutput, error, error) {
				stage, err := call(ctx, caller, client.GetStage, &apigateway.GetStageInput{
					RestApiId: aws.String(resource.Text("rest_api_id")), StageName: aws.String(resource.Text("stage_name")),
				})
				return stage, nil, err
			},
		}.kind(Spec{Type: "aws_api_gateway_stage", Doc: restDoc + "API_Stage.html", Context: []string{"rest_api_id", "stage_name"}}),
	}
}

// What an API does is in its deployments.
var restTable = []field[types.RestApi]{
	{Attribute{Path: "name", API: "Name"}, func(a types.RestApi, _ Resource) any { return a.Name }},
	{Attribute{Path: "description", API: "Description"}, func(a types.RestApi, _ Resource) any { return a.Description }},
	{Attribute{Path: "policy", API: "Policy", Kind: Policy}, func(a types.RestApi, _ Resource) any {
		// It comes with its quotes escaped once more.
		if plain, err := strconv.Unquote(`"` + aws.ToString(a.Policy) + `"`); err == nil {
			return plain
		}
		return a.Policy
	}},
	{Attribute{Path: "api_key_source", API: "ApiKeySource", Default: "HEADER"}, func(a types.RestApi, _ Resource) any { return string(a.ApiKeySource) }},
	{Attribute{Path: "disable_execute_api_endpoint", API: "DisableExecuteApiEndpoint", Default: false}, func(a types.RestApi, _ Resource) any { return a.DisableExecuteApiEndpoint }},
	{Attribute{Path: "binary_media_types", API: "BinaryMediaTypes", Kind: Set}, func(a types.RestApi, _ Resource) any { return a.BinaryMediaTypes }},
	{Attribute{Path: "minimum_compression_size", API: "MinimumCompressionSize"}, func(a types.RestApi, _ Resource) any { return a.MinimumCompressionSize }},
	{Attribute{Path: "endpoint_configuration.0.types", API: "EndpointConfiguration.Types", Kind: Set}, func(a types.RestApi, _ Resource) any {
		return through(a.EndpointConfiguration, func(e *types.EndpointConfiguration) any { return enums(e.Types) })
	}},
	{Attribute{Path: "endpoint_configuration.0.vpc_endpoint_ids", API: "EndpointConfiguration.VpcEndpointIds", Kind: Set}, func(a types.RestApi, _ Resource) any {
		return through(a.EndpointConfiguration, func(e *types.EndpointConfiguration) any { return e.VpcEndpointIds })
	}},
	{tagsAttribute("Tags"), func(a types.RestApi, _ Resource) any { return plainTags(a.Tags) }},
}

var restStageTable = []field[*apigateway.GetStageOutput]{
	{Attribute{Path: "deployment_id", API: "DeploymentId"}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.DeploymentId }},
	{Attribute{Path: "variables", API: "Variables", Kind: Map}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.Variables }},
	{Attribute{Path: "description", API: "Description"}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.Description }},
	{Attribute{Path: "cache_cluster_enabled", API: "CacheClusterEnabled", Default: false}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.CacheClusterEnabled }},
	{Attribute{Path: "cache_cluster_size", API: "CacheClusterSize", IfSet: true}, func(s *apigateway.GetStageOutput, _ Resource) any { return string(s.CacheClusterSize) }},
	{Attribute{Path: "client_certificate_id", API: "ClientCertificateId"}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.ClientCertificateId }},
	{Attribute{Path: "xray_tracing_enabled", API: "TracingEnabled", Default: false}, func(s *apigateway.GetStageOutput, _ Resource) any { return s.TracingEnabled }},
	{Attribute{Path: "access_log_settings.0.destination_arn", API: "AccessLogSettings.DestinationArn"}, func(s *apigateway.GetStageOutput, _ Resource) any {
		return through(s.AccessLogSettings, func(l *types.AccessLogSettings) any { return l.DestinationArn })
	}},
	{Attribute{Path: "access_log_settings.0.format", API: "AccessLogSettings.Format"}, func(s *apigateway.GetStageOutput, _ Resource) any {
		return through(s.AccessLogSettings, func(l *types.AccessLogSettings) any { return l.Format })
	}},
	{Attribute{Path: "canary_settings.0.deployment_id", API: "CanarySettings.DeploymentId"}, func(s *apigateway.GetStageOutput, _ Resource) any {
		return through(s.CanarySettings, func(c *types.CanarySettings) any { return c.DeploymentId })
	}},
	{Attribute{Path: "canary_settings.0.percent_traffic", API: "CanarySettings.PercentTraffic", Default: 0}, func(s *apigateway.GetStageOutput, _ Resource) any {
		return through(s.CanarySettings, func(c *types.CanarySettings) any { return &c.PercentTraffic })
	}},
	{tagsAttribute("Tags"), func(s *apigateway.GetStageOutput, _ Resource) any { return plainTags(s.Tags) }},
}
