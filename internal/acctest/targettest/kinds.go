package targettest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// Target is one target of a kind.
type Target struct {
	Config string     // of the targets attribute: "lambda_alias = { ... }"
	Breaks func()     // what a bad release does to it
	Live   func() any // what is live
}

// Kinds make one target of each kind but s3_bucket, named after a name that nothing else of its kind has.
var Kinds = map[string]func(*testing.T, string, aws.Config) Target{
	"ssm_parameter": aParameter, "listener_rule": aRule, "ecs_service": aService, "lambda_alias": anAlias, "route53_record": records,
	"rest_api_stage": aRESTStage, "http_api_stage": anHTTPStage, "cloudfront_distribution": aDistribution,
}

// got fails the test on an error.
func got[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// with returns what takes a call's two results.
func with[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T { t.Helper(); return got(t, value, err) }
}

func aParameter(t *testing.T, name string, config aws.Config) Target {
	client, path := ssm.NewFromConfig(config), aws.String("/"+name+"/flag")
	put := func(value string) {
		with[*ssm.PutParameterOutput](t)(client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: path, Value: &value, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true)}))
	}
	put("hunter2")
	return Target{fmt.Sprintf("ssm_parameter = { name = %q }", *path), func() { put("correct horse") }, func() any {
		return *with[*ssm.GetParameterOutput](t)(client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: path, WithDecryption: aws.Bool(true)})).Parameter.Value
	}}
}

func aRule(t *testing.T, name string, _ aws.Config) Target {
	b := NewBalancer(t, strings.Trim(name[max(0, len(name)-20):], "-")) // with its groups' names, at most 32 characters
	return Target{fmt.Sprintf("listener_rule = { arn = %q }", b.Rule), func() { b.Do(b.Forward(10, 90)) }, func() any {
		weights := map[string]int32{}
		for _, group := range with[*elb.DescribeRulesOutput](t)(b.Client.DescribeRules(t.Context(), &elb.DescribeRulesInput{RuleArns: []string{b.Rule}})).Rules[0].Actions[0].ForwardConfig.TargetGroups {
			weights[*group.TargetGroupArn] = *group.Weight
		}
		return weights
	}}
}

func aService(t *testing.T, name string, config aws.Config) Target {
	ctx, client := t.Context(), ecs.NewFromConfig(config)
	register := func() *string {
		return with[*ecs.RegisterTaskDefinitionOutput](t)(client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
			Family: &name, ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: &name, Image: &name, Memory: aws.Int32(64)}},
		})).TaskDefinition.TaskDefinitionArn
	}
	with[*ecs.CreateClusterOutput](t)(client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &name}))
	with[*ecs.CreateServiceOutput](t)(client.CreateService(ctx, &ecs.CreateServiceInput{Cluster: &name, ServiceName: &name, TaskDefinition: register(), DesiredCount: aws.Int32(2)}))
	return Target{
		fmt.Sprintf("ecs_service = { cluster = %q, service = %q }", name, name),
		func() {
			second := with[*ecs.RegisterTaskDefinitionOutput](t)(client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
				Family: &name, ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: &name, Image: aws.String("worse"), Memory: aws.Int32(64)}},
			})).TaskDefinition.TaskDefinitionArn
			with[*ecs.UpdateServiceOutput](t)(client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: &name, Service: &name, TaskDefinition: second, DesiredCount: aws.Int32(1)}))
		},
		func() any {
			live := with[*ecs.DescribeServicesOutput](t)(client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &name, Services: []string{name}})).Services[0]
			return []any{live.TaskDefinition, live.DesiredCount}
		},
	}
}

func anAlias(t *testing.T, name string, config aws.Config) Target {
	New(t, name)
	client := lambda.NewFromConfig(config)
	for range 2 {
		with[*lambda.UpdateFunctionConfigurationOutput](t)(client.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Description: aws.String(acctest.Unique(t))}))
		with[*lambda.PublishVersionOutput](t)(client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name}))
	}
	point := func(version string, weights map[string]float64, capacity int32) {
		set := func(weights map[string]float64) {
			with[*lambda.UpdateAliasOutput](t)(client.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
				FunctionName: &name, Name: aws.String("live"), FunctionVersion: &version, RoutingConfig: &lambdatypes.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
			}))
		}
		set(map[string]float64{})
		with[*lambda.PutProvisionedConcurrencyConfigOutput](t)(client.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{
			FunctionName: &name, Qualifier: aws.String("live"), ProvisionedConcurrentExecutions: &capacity,
		}))
		set(weights)
	}
	point("1", map[string]float64{"2": 0.25}, 4)
	return Target{
		fmt.Sprintf("lambda_alias = { function_name = %q, name = \"live\" }", name), func() { point("3", map[string]float64{}, 1) },
		func() any {
			alias := with[*lambda.GetAliasOutput](t)(client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: &name, Name: aws.String("live")}))
			capacity := with[*lambda.GetProvisionedConcurrencyConfigOutput](t)(client.GetProvisionedConcurrencyConfig(t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: aws.String("live")}))
			return []any{alias.FunctionVersion, alias.RoutingConfig, capacity.RequestedProvisionedConcurrentExecutions}
		},
	}
}

func records(t *testing.T, name string, config aws.Config) Target {
	w := New(t, name)
	return Target{
		fmt.Sprintf("route53_record = { zone_id = %q, name = %q, type = \"A\" }", w.ZoneID, "www."+name+".example"), func() { w.Weights(0, 100) },
		func() any {
			return with[*route53.ListResourceRecordSetsOutput](t)(route53.NewFromConfig(config).ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &w.ZoneID})).ResourceRecordSets
		},
	}
}

func aRESTStage(t *testing.T, name string, config aws.Config) Target {
	ctx, client := t.Context(), apigateway.NewFromConfig(config)
	api := with[*apigateway.CreateRestApiOutput](t)(client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &name})).Id
	root := with[*apigateway.GetResourcesOutput](t)(client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api})).Items[0].Id
	with[*apigateway.PutMethodOutput](t)(client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}))
	with[*apigateway.PutIntegrationOutput](t)(client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeMock}))
	with[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("live"), Variables: map[string]string{"colour": "blue"}}))
	return Target{
		fmt.Sprintf("rest_api_stage = { rest_api_id = %q, stage_name = \"live\" }", *api),
		func() {
			second := with[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: api})).Id
			with[*apigateway.UpdateStageOutput](t)(client.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("live"), PatchOperations: []apitypes.PatchOperation{
				{Op: apitypes.OpReplace, Path: aws.String("/variables/colour"), Value: aws.String("green")},
				{Op: apitypes.OpReplace, Path: aws.String("/*/*/throttling/rateLimit"), Value: aws.String("1")},
				{Op: apitypes.OpReplace, Path: aws.String("/canarySettings/deploymentId"), Value: second},
				{Op: apitypes.OpReplace, Path: aws.String("/canarySettings/percentTraffic"), Value: aws.String("30")},
			}}))
		},
		func() any {
			live := with[*apigateway.GetStageOutput](t)(client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("live")}))
			return []any{live.DeploymentId, live.Variables, live.CanarySettings, len(live.MethodSettings)}
		},
	}
}

func anHTTPStage(t *testing.T, name string, config aws.Config) Target {
	ctx, client := t.Context(), apigatewayv2.NewFromConfig(config)
	api := with[*apigatewayv2.CreateApiOutput](t)(client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: &name, ProtocolType: httptypes.ProtocolTypeHttp})).ApiId
	first := with[*apigatewayv2.CreateDeploymentOutput](t)(client.CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: api})).DeploymentId
	with[*apigatewayv2.CreateStageOutput](t)(client.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api, StageName: aws.String("$default"), DeploymentId: first, StageVariables: map[string]string{"colour": "blue"}}))
	return Target{
		fmt.Sprintf("http_api_stage = { api_id = %q, stage_name = \"$default\" }", *api),
		func() {
			second := with[*apigatewayv2.CreateDeploymentOutput](t)(client.CreateDeployment(t.Context(), &apigatewayv2.CreateDeploymentInput{ApiId: api})).DeploymentId
			with[*apigatewayv2.UpdateStageOutput](t)(client.UpdateStage(t.Context(), &apigatewayv2.UpdateStageInput{
				ApiId: api, StageName: aws.String("$default"), DeploymentId: second, StageVariables: map[string]string{"colour": "green", "extra": "1"},
				DefaultRouteSettings: &httptypes.RouteSettings{ThrottlingBurstLimit: aws.Int32(1)},
			}))
		},
		func() any {
			live := with[*apigatewayv2.GetStageOutput](t)(client.GetStage(t.Context(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("$default")}))
			return []any{live.DeploymentId, live.StageVariables, live.DefaultRouteSettings.ThrottlingBurstLimit}
		},
	}
}

func aDistribution(t *testing.T, name string, config aws.Config) Target {
	client := cloudfront.NewFromConfig(config)
	origin := func(id string) cftypes.Origin {
		return cftypes.Origin{Id: &id, DomainName: aws.String(id + ".test"), CustomOriginConfig: &cftypes.CustomOriginConfig{
			HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: cftypes.OriginProtocolPolicyHttpOnly,
		}}
	}
	id := with[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: &cftypes.DistributionConfig{
		CallerReference: &name, Comment: aws.String("first"), Enabled: aws.Bool(true), Origins: &cftypes.Origins{Quantity: aws.Int32(2), Items: []cftypes.Origin{origin("blue"), origin("green")}},
		DefaultCacheBehavior: &cftypes.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll, CachePolicyId: aws.String("658327ea-f89d-4fab-a63d-7e88639e58f6")},
	}})).Distribution.Id
	read := func() *cloudfront.GetDistributionConfigOutput {
		return with[*cloudfront.GetDistributionConfigOutput](t)(client.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: id}))
	}
	return Target{fmt.Sprintf("cloudfront_distribution = { id = %q }", *id), func() {
		now := read()
		now.DistributionConfig.DefaultCacheBehavior.TargetOriginId, now.DistributionConfig.Comment = aws.String("green"), aws.String("second")
		with[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: id, IfMatch: now.ETag, DistributionConfig: now.DistributionConfig}))
	}, func() any { return read().DistributionConfig }}
}
