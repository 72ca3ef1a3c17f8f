package leastprivilege_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// rare are rollbacks of what only some targets have, or of what a release does only now and then: each comes to the document of its target.
func rare() []scenario {
	deleted := rollsBack("rollback/rest_api_stage_deleted", deletedRESTStage, "")
	deleted.beside = []string{"rollback/rest_api_stage"}
	deletedToo := rollsBack("rollback/http_api_stage_deleted", deletedHTTPStage, "")
	deletedToo.beside = []string{"rollback/http_api_stage"}
	settings := rollsBack("rollback/http_api_stage_settings", addedSettings, "")
	settings.beside = []string{"rollback/http_api_stage"}
	capacity := rollsBack("rollback/lambda_alias_capacity", addedCapacity, "")
	capacity.beside = []string{"rollback/lambda_alias"}
	deregistered := rollsBack("rollback/ecs_service_deregistered", deregisteredTasks, "")
	deregistered.beside = []string{"rollback/ecs_service"}
	references := rollsBack("rollback/cloudfront_references", referring, "")
	references.beside, references.silent = []string{"rollback/cloudfront_distribution"}, map[string]string{}
	for _, action := range []string{
		"cloudfront:DescribeFunction", "cloudfront:GetCachePolicy", "cloudfront:GetCloudFrontOriginAccessIdentity", "cloudfront:GetKeyGroup",
		"cloudfront:GetOriginAccessControl", "cloudfront:GetOriginRequestPolicy", "cloudfront:GetResponseHeadersPolicy", "lambda:GetFunctionConfiguration",
	} {
		references.silent[action] = "CloudFront itself refuses a configuration that refers to what is gone"
	}
	return []scenario{deleted, deletedToo, settings, capacity, deregistered, references}
}

func deletedRESTStage(t *testing.T, name string) targettest.Target {
	made := kind("rest_api_stage")(t, name)
	api := strings.Split(made.Config, `"`)[1]
	made.Breaks = func() {
		must[*apigateway.DeleteStageOutput](t)(apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig()).DeleteStage(t.Context(), &apigateway.DeleteStageInput{RestApiId: &api, StageName: aws.String("live")}))
	}
	return made
}

func deletedHTTPStage(t *testing.T, name string) targettest.Target {
	made := kind("http_api_stage")(t, name)
	api := strings.Split(made.Config, `"`)[1]
	made.Breaks = func() {
		must[*apigatewayv2.DeleteStageOutput](t)(apigatewayv2.NewFromConfig(acctest.Emulator(t).AWSConfig()).DeleteStage(t.Context(), &apigatewayv2.DeleteStageInput{ApiId: &api, StageName: aws.String("$default")}))
	}
	return made
}

// addedSettings is a release that sets what the stage did not have: a route's throttle and an access log.
func addedSettings(t *testing.T, name string) targettest.Target {
	made := kind("http_api_stage")(t, name)
	client, api := apigatewayv2.NewFromConfig(acctest.Emulator(t).AWSConfig()), strings.Split(made.Config, `"`)[1]
	must[*apigatewayv2.CreateRouteOutput](t)(client.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /slow")}))
	made.Breaks = func() {
		must[*apigatewayv2.UpdateStageOutput](t)(client.UpdateStage(t.Context(), &apigatewayv2.UpdateStageInput{
			ApiId: &api, StageName: aws.String("$default"), RouteSettings: map[string]httptypes.RouteSettings{"GET /slow": {ThrottlingBurstLimit: aws.Int32(1)}},
			AccessLogSettings: &httptypes.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:" + name), Format: aws.String("$context.requestId")},
		}))
	}
	return made
}

// addedCapacity is a release that gives an alias provisioned concurrency.
func addedCapacity(t *testing.T, name string) targettest.Target {
	made := targettest.New(t, name)
	made.Release(2)
	made.Alias("1")
	client := lambda.NewFromConfig(acctest.Emulator(t).AWSConfig())
	return targettest.Target{Config: fmt.Sprintf("lambda_alias = { function_name = %q, name = \"live\" }", name), Breaks: func() {
		must[*lambda.PutProvisionedConcurrencyConfigOutput](t)(client.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{
			FunctionName: &name, Qualifier: aws.String("live"), ProvisionedConcurrentExecutions: aws.Int32(1),
		}))
	}}
}

// deregisteredTasks is a release after which the task definition of the one before it is deregistered, as hashicorp/aws does it.
func deregisteredTasks(t *testing.T, name string) targettest.Target {
	made := kind("ecs_service")(t, name)
	client := ecs.NewFromConfig(acctest.Emulator(t).AWSConfig())
	role := aws.String("arn:aws:iam::123456789012:role/" + name)
	current := func() *string {
		return must[*ecs.DescribeServicesOutput](t)(client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &name, Services: []string{name}})).Services[0].TaskDefinition
	}
	with := must[*ecs.RegisterTaskDefinitionOutput](t)(client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &name, TaskRoleArn: role, ExecutionRoleArn: role, ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: &name, Image: &name, Memory: aws.Int32(64)}},
	})).TaskDefinition.TaskDefinitionArn
	must[*ecs.UpdateServiceOutput](t)(client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: &name, Service: &name, TaskDefinition: with}))
	breaks := made.Breaks
	made.Breaks = func() {
		before := current()
		breaks()
		must[*ecs.DeregisterTaskDefinitionOutput](t)(client.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: before}))
	}
	return made
}

// referring is a distribution whose configuration names one of everything that it can name, and a release that names none of it.
func referring(t *testing.T, name string) targettest.Target {
	made := kind("cloudfront_distribution")(t, name)
	client := cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig())
	id := strings.Split(made.Config, `"`)[1]
	update := func(change func(config *cftypes.DistributionConfig)) {
		now := must[*cloudfront.GetDistributionConfigOutput](t)(client.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: &id}))
		change(now.DistributionConfig)
		must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: &id, IfMatch: now.ETag, DistributionConfig: now.DistributionConfig}))
	}
	access := must[*cloudfront.CreateOriginAccessControlOutput](t)(client.CreateOriginAccessControl(t.Context(), &cloudfront.CreateOriginAccessControlInput{OriginAccessControlConfig: &cftypes.OriginAccessControlConfig{
		Name: &name, OriginAccessControlOriginType: cftypes.OriginAccessControlOriginTypesLambda, SigningBehavior: cftypes.OriginAccessControlSigningBehaviorsAlways,
		SigningProtocol: cftypes.OriginAccessControlSigningProtocolsSigv4,
	}})).OriginAccessControl.Id
	cache := must[*cloudfront.CreateCachePolicyOutput](t)(client.CreateCachePolicy(t.Context(), &cloudfront.CreateCachePolicyInput{CachePolicyConfig: &cftypes.CachePolicyConfig{Name: &name, MinTTL: aws.Int64(1)}})).CachePolicy.Id
	identity := must[*cloudfront.CreateCloudFrontOriginAccessIdentityOutput](t)(client.CreateCloudFrontOriginAccessIdentity(t.Context(), &cloudfront.CreateCloudFrontOriginAccessIdentityInput{
		CloudFrontOriginAccessIdentityConfig: &cftypes.CloudFrontOriginAccessIdentityConfig{CallerReference: &name, Comment: &name},
	})).CloudFrontOriginAccessIdentity.Id
	keys := must[*cloudfront.CreateKeyGroupOutput](t)(client.CreateKeyGroup(t.Context(), &cloudfront.CreateKeyGroupInput{
		KeyGroupConfig: &cftypes.KeyGroupConfig{Name: &name, Items: []string{"K2JCJMDEHXQW5F"}},
	})).KeyGroup.Id
	edge := targettest.New(t, name)
	edge.Release(2)
	update(func(config *cftypes.DistributionConfig) {
		config.Origins.Items[0].OriginAccessControlId = access
		config.Origins.Items[1].DomainName, config.Origins.Items[1].CustomOriginConfig = aws.String("site.s3.amazonaws.com"), nil
		config.Origins.Items[1].S3OriginConfig = &cftypes.S3OriginConfig{OriginAccessIdentity: aws.String("origin-access-identity/cloudfront/" + *identity)}
		config.DefaultCacheBehavior.TrustedKeyGroups = &cftypes.TrustedKeyGroups{Enabled: aws.Bool(true), Quantity: aws.Int32(1), Items: []string{*keys}}
		config.DefaultCacheBehavior.FunctionAssociations = &cftypes.FunctionAssociations{Quantity: aws.Int32(1), Items: []cftypes.FunctionAssociation{
			{EventType: cftypes.EventTypeViewerRequest, FunctionARN: viewerFunction(t, client, short(name))},
		}}
		config.DefaultCacheBehavior.LambdaFunctionAssociations = &cftypes.LambdaFunctionAssociations{Quantity: aws.Int32(1), Items: []cftypes.LambdaFunctionAssociation{
			{EventType: cftypes.EventTypeOriginRequest, LambdaFunctionARN: aws.String("arn:aws:lambda:us-east-1:123456789012:function:" + name + ":1")},
		}}
		config.DefaultCacheBehavior.CachePolicyId = cache
		config.DefaultCacheBehavior.OriginRequestPolicyId = aws.String("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf")
		config.DefaultCacheBehavior.ResponseHeadersPolicyId = aws.String("67f7725c-6f97-4210-82d7-5512b31e9d03")
	})
	made.Breaks = func() {
		update(func(config *cftypes.DistributionConfig) {
			config.Origins.Items[0].OriginAccessControlId = aws.String("")
			config.Origins.Items[1].S3OriginConfig.OriginAccessIdentity = aws.String("")
			config.DefaultCacheBehavior.TrustedKeyGroups = &cftypes.TrustedKeyGroups{Enabled: aws.Bool(false), Quantity: aws.Int32(0)}
			config.DefaultCacheBehavior.FunctionAssociations = &cftypes.FunctionAssociations{Quantity: aws.Int32(0)}
			config.DefaultCacheBehavior.LambdaFunctionAssociations = &cftypes.LambdaFunctionAssociations{Quantity: aws.Int32(0)}
			config.DefaultCacheBehavior.CachePolicyId = aws.String("658327ea-f89d-4fab-a63d-7e88639e58f6")
			config.DefaultCacheBehavior.OriginRequestPolicyId, config.DefaultCacheBehavior.ResponseHeadersPolicyId = nil, nil
		})
	}
	return made
}

// viewerFunction is a CloudFront function that is published.
func viewerFunction(t *testing.T, client *cloudfront.Client, name string) *string {
	t.Helper()
	made := must[*cloudfront.CreateFunctionOutput](t)(client.CreateFunction(t.Context(), &cloudfront.CreateFunctionInput{
		Name: &name, FunctionCode: []byte("function handler(event) { return event.request; }"), FunctionConfig: &cftypes.FunctionConfig{Comment: &name, Runtime: cftypes.FunctionRuntimeCloudfrontJs20},
	}))
	must[*cloudfront.PublishFunctionOutput](t)(client.PublishFunction(t.Context(), &cloudfront.PublishFunctionInput{Name: &name, IfMatch: made.ETag}))
	return made.FunctionSummary.FunctionMetadata.FunctionARN
}
