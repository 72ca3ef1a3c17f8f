package leastprivilege_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// switches are each router, and a guard beside one.
func switches() []scenario {
	routers := map[string]func(t *testing.T, name string) string{
		"route53": records, "listener": listeners, "lambda_alias": versions, "api_gateway_canary": canary,
		"cloudfront_origin": origins, "cloudfront_staging": staging, "cloudfront_kvs": store,
	}
	var all []scenario
	for router, made := range routers {
		more := ""
		if router == "cloudfront_staging" { // so that shares are given by its policy before everything is promoted
			more = `strategy = { type = "canary", steps = [5, 10], interval = "1ms", bake = "1ms" }`
		}
		all = append(all, moves("switch/"+router, made, more))
	}
	guarded := moves("switch/guard", records, `guard = { schedule_role_arn = "arn:aws:iam::123456789012:role/switch-guard" }`+
		"\n  strategy = { type = \"canary\", steps = [10, 50], interval = \"1ms\", bake = \"1ms\" }")
	guarded.beside = []string{"switch/route53"}
	return append(all, guarded)
}

// moves is a switch that is made on blue, refreshed, moved to green.
func moves(policy string, made func(t *testing.T, name string) string, more string) scenario {
	return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		routes := made(t, name)
		config := func(active string) string {
			return fmt.Sprintf("resource \"reliability_blue_green_switch\" \"web\" {\n  active = %q\n  routes = { %s }\n  %s\n}\n", active, routes, more)
		}
		return func() *inprocess.Outcome {
			if policy == "switch/cloudfront_staging" { // makes a policy of continuous deployment where there is none
				routes = made(t, acctest.Unique(t))
			}
			if begun := inprocess.New(t).Apply(provider("", t.TempDir()) + config("blue")); begun.Failed() { // where the last run left it elsewhere
				t.Fatal(begun.Said())
			}
			session, folder := inprocess.New(t), t.TempDir()
			var outcome *inprocess.Outcome
			ways := []string{"blue", "green"}
			if policy == "switch/api_gateway_canary" { // on the way back the deployment is asked for
				ways = append(ways, "blue")
			}
			for _, active := range ways {
				if outcome = session.Apply(provider(access, folder) + config(active)); outcome.Failed() {
					break
				}
			}
			return outcome
		}
	}}
}

func records(t *testing.T, name string) string {
	w := targettest.New(t, name)
	client := route53.NewFromConfig(acctest.Emulator(t).AWSConfig())
	found := must[*route53.ListResourceRecordSetsOutput](t)(client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &w.ZoneID}))
	var changes []route53types.Change
	for _, record := range found.ResourceRecordSets {
		if record.SetIdentifier != nil {
			record.TTL = aws.Int64(0) // a switch waits for it
			changes = append(changes, route53types.Change{Action: route53types.ChangeActionUpsert, ResourceRecordSet: &record})
		}
	}
	must[*route53.ChangeResourceRecordSetsOutput](t)(client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &w.ZoneID, ChangeBatch: &route53types.ChangeBatch{Changes: changes}}))
	return fmt.Sprintf("main = { route53 = { zone_id = %q, name = %q, type = \"A\", blue = { set_identifier = \"blue\" }, green = { set_identifier = \"green\" } } }", w.ZoneID, w.Record())
}

func listeners(t *testing.T, name string) string {
	b := targettest.NewBalancer(t, short(name))
	route := "%s = { listener = { arn = %q, blue = { target_group_arn = %q }, green = { target_group_arn = %q } } }"
	return fmt.Sprintf(route+"\n"+route, "web", b.Listener, b.Blue, b.Green, "shop", b.Rule, b.Blue, b.Green)
}

func versions(t *testing.T, name string) string {
	w := targettest.New(t, name)
	w.Release(2)
	w.Alias("1")
	return fmt.Sprintf("main = { lambda_alias = { function_name = %q, name = \"live\", blue = { version = \"1\" }, green = { version = \"2\" } } }", name)
}

func canary(t *testing.T, name string) string {
	client := apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig())
	api := strings.Split(kind("rest_api_stage")(t, name).Config, `"`)[1]
	second := must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &api})).Id
	first := must[*apigateway.GetStageOutput](t)(client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &api, StageName: aws.String("live")})).DeploymentId
	must[*apigateway.UpdateStageOutput](t)(client.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("live"), PatchOperations: []apitypes.PatchOperation{
		{Op: apitypes.OpReplace, Path: aws.String("/canarySettings/deploymentId"), Value: second},
		{Op: apitypes.OpReplace, Path: aws.String("/canarySettings/percentTraffic"), Value: aws.String("0")},
	}}))
	return fmt.Sprintf("main = { api_gateway_canary = { rest_api_id = %q, stage_name = \"live\", blue = { deployment_id = %q }, green = { deployment_id = %q } } }", api, *first, *second)
}

func origins(t *testing.T, name string) string {
	id := strings.Split(kind("cloudfront_distribution")(t, name).Config, `"`)[1]
	return fmt.Sprintf("main = { cloudfront_origin = { distribution_id = %q, blue = { origin_id = \"blue\" }, green = { origin_id = \"green\" } } }", id)
}

// staging has a policy that an earlier try made and nothing has: it cannot be made again, and is looked for.
func staging(t *testing.T, name string) string {
	client := cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig())
	id := strings.Split(kind("cloudfront_distribution")(t, name).Config, `"`)[1]
	primary := must[*cloudfront.GetDistributionOutput](t)(client.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: &id}))
	copied := must[*cloudfront.CopyDistributionOutput](t)(client.CopyDistribution(t.Context(), &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: &id, CallerReference: aws.String(name + "-staging"), Staging: aws.Bool(true), IfMatch: primary.ETag,
	}))
	config := copied.Distribution.DistributionConfig
	config.DefaultCacheBehavior.TargetOriginId = aws.String("green")
	must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: copied.Distribution.Id, IfMatch: copied.ETag, DistributionConfig: config}))
	must[*cloudfront.CreateContinuousDeploymentPolicyOutput](t)(client.CreateContinuousDeploymentPolicy(t.Context(), &cloudfront.CreateContinuousDeploymentPolicyInput{ContinuousDeploymentPolicyConfig: &cftypes.ContinuousDeploymentPolicyConfig{
		Enabled: aws.Bool(false), StagingDistributionDnsNames: &cftypes.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{*copied.Distribution.DomainName}},
	}}))
	return fmt.Sprintf("main = { cloudfront_staging = { distribution_id = %q, staging_distribution_id = %q } }", id, *copied.Distribution.Id)
}

func store(t *testing.T, name string) string {
	e := acctest.Emulator(t)
	made := must[*cloudfront.CreateKeyValueStoreOutput](t)(cloudfront.NewFromConfig(e.AWSConfig()).CreateKeyValueStore(t.Context(), &cloudfront.CreateKeyValueStoreInput{Name: aws.String(short(name))}))
	arn := made.KeyValueStore.ARN
	now := must[*kvs.DescribeKeyValueStoreOutput](t)(e.KeyValueStores().DescribeKeyValueStore(t.Context(), &kvs.DescribeKeyValueStoreInput{KvsARN: arn}))
	must[*kvs.PutKeyOutput](t)(e.KeyValueStores().PutKey(t.Context(), &kvs.PutKeyInput{KvsARN: arn, Key: aws.String("weights"), Value: aws.String(`{"blue":100,"green":0}`), IfMatch: now.ETag}))
	return fmt.Sprintf("main = { cloudfront_kvs = { kvs_arn = %q, key = \"weights\" } }", *arn)
}
