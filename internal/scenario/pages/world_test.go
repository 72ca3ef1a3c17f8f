package pages

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// world is the account in which the examples make sense.
type world struct {
	t *testing.T
	// ids are the names that AWS gives by itself: those of the examples to those of this account.
	ids map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ids: map[string]string{}}
	site := targettest.New(t, "shop") // the records of www.shop.example
	w.ids["Z0123456789EXAMPLE"] = site.ZoneID
	api := targettest.New(t, "shop-api")
	for release := 2; release <= 8; release++ {
		api.Release(release)
	}
	api.Alias("7")
	balancer := targettest.NewBalancer(t, "shop")
	const arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
	w.ids[arn+"listener/app/shop/0123456789abcdef/0123456789abcdef"] = balancer.Listener
	w.ids[arn+"targetgroup/shop-blue/0123456789abcdef"] = balancer.Blue
	w.ids[arn+"targetgroup/shop-green/0123456789abcdef"] = balancer.Green
	w.distributions()
	w.weights()
	w.stage()
	w.buckets()
	w.watched()
	return w
}

func (w *world) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// distributions are a distribution with two origins, and its staging distribution.
func (w *world) distributions() {
	w.t.Helper()
	ctx, client := w.t.Context(), cloudfront.NewFromConfig(acctest.Emulator(w.t).AWSConfig())
	origin := func(id string) cftypes.Origin {
		return cftypes.Origin{Id: &id, DomainName: aws.String(id + ".example"), CustomOriginConfig: &cftypes.CustomOriginConfig{
			HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: cftypes.OriginProtocolPolicyHttpOnly,
		}}
	}
	made, err := client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: &cftypes.DistributionConfig{
		CallerReference: aws.String("shop"), Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins:              &cftypes.Origins{Quantity: aws.Int32(2), Items: []cftypes.Origin{origin("shop-blue"), origin("shop-green")}},
		DefaultCacheBehavior: &cftypes.DefaultCacheBehavior{TargetOriginId: aws.String("shop-blue"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll},
		CacheBehaviors: &cftypes.CacheBehaviors{Quantity: aws.Int32(1), Items: []cftypes.CacheBehavior{
			{PathPattern: aws.String("/api/*"), TargetOriginId: aws.String("shop-blue"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll},
		}},
	}})
	w.must(err)
	copied, err := client.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: made.Distribution.Id, CallerReference: aws.String("shop-staging"), Staging: aws.Bool(true), IfMatch: made.ETag,
	})
	w.must(err)
	w.ids["E1EXAMPLE2EXAM"], w.ids["E2EXAMPLE3EXAM"] = *made.Distribution.Id, *copied.Distribution.Id
	staging, err := client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: copied.Distribution.Id})
	w.must(err)
	staging.DistributionConfig.DefaultCacheBehavior.TargetOriginId = aws.String("shop-green") // the release
	_, err = client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: copied.Distribution.Id, DistributionConfig: staging.DistributionConfig, IfMatch: staging.ETag})
	w.must(err)
}

// weights is the key value store of an edge function.
func (w *world) weights() {
	w.t.Helper()
	ctx, e := w.t.Context(), acctest.Emulator(w.t)
	made, err := cloudfront.NewFromConfig(e.AWSConfig()).CreateKeyValueStore(ctx, &cloudfront.CreateKeyValueStoreInput{Name: aws.String("shop")})
	w.must(err)
	keys := e.KeyValueStores()
	empty, err := keys.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: made.KeyValueStore.ARN})
	w.must(err)
	_, err = keys.PutKey(ctx, &kvs.PutKeyInput{KvsARN: made.KeyValueStore.ARN, Key: aws.String("weights"), Value: aws.String(`{"version":1,"blue":100,"green":0}`), IfMatch: empty.ETag})
	w.must(err)
	w.ids["arn:aws:cloudfront::123456789012:key-value-store/01234567-89ab-cdef-0123-456789abcdef"] = *made.KeyValueStore.ARN
}

// stage is a stage of a REST API with two deployments.
func (w *world) stage() {
	w.t.Helper()
	ctx, client := w.t.Context(), apigateway.NewFromConfig(acctest.Emulator(w.t).AWSConfig())
	api, err := client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("shop")})
	w.must(err)
	resources, err := client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})
	w.must(err)
	root := resources.Items[0].Id
	_, methodErr := client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	_, integrationErr := client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeMock})
	blue, blueErr := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id})
	green, greenErr := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id})
	w.must(methodErr, integrationErr, blueErr, greenErr)
	_, err = client.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: api.Id, StageName: aws.String("prod"), DeploymentId: blue.Id})
	w.must(err)
	w.ids["a1b2c3d4e5"], w.ids["abc123"], w.ids["def456"] = *api.Id, *blue.Id, *green.Id
}

// buckets are stores of deployments, what is captured, and the states of other configurations.
func (w *world) buckets() {
	w.t.Helper()
	ctx, client := w.t.Context(), s3.NewFromConfig(acctest.Emulator(w.t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	for _, bucket := range []string{"example-deployments", "shop-deployments", "example-states"} {
		_, madeErr := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
		_, versionedErr := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
		})
		w.must(madeErr, versionedErr)
	}
	for _, key := range []string{"web", "network"} {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("example-states"), Key: aws.String(key + "/terraform.tfstate"), Body: strings.NewReader(emptyState)})
		w.must(err)
	}
}

// watched is what checks ask about while a plan is made.
func (w *world) watched() {
	w.t.Helper()
	ctx, config := w.t.Context(), acctest.Emulator(w.t).AWSConfig()
	alarms := cloudwatch.NewFromConfig(config, func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	for _, name := range []string{"web-5xx", "orders-5xx", "orders-latency"} {
		_, madeErr := alarms.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
			AlarmName: &name, Namespace: aws.String("Shop"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
			EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
		})
		_, setErr := alarms.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: cwtypes.StateValueOk, StateReason: aws.String("well")})
		w.must(madeErr, setErr)
	}
	_, err := rds.NewFromConfig(config).CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("orders"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("orders"), MasterUserPassword: aws.String("not-a-secret"),
	})
	w.must(err)
	roles := iam.NewFromConfig(config)
	_, roleErr := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("deploy"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
	_, policyErr := roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String("deploy"), PolicyName: aws.String("deploy"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["rds:*","elasticloadbalancing:*"],"Resource":"*"}]}`),
	})
	w.must(roleErr, policyErr)
}

// emptyState is the state of a configuration that was applied and then destroyed.
const emptyState = `{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"0123","outputs":{},"resources":[],"check_results":null}`

// around lays out what the examples read beside the configuration: folder is where Terraform runs.
func (w *world) around(folder string) {
	w.t.Helper()
	for name, content := range map[string]string{
		"orders.zip": "", "../network/terraform.tfstate": emptyState, "../shared/terraform.tfstate": emptyState,
		"reports/tfsec.sarif": `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scanner"}},"results":[]}]}`,
	} {
		name = filepath.Join(folder, filepath.FromSlash(name))
		w.must(os.MkdirAll(filepath.Dir(name), 0o750))
		w.must(os.WriteFile(name, []byte(content), 0o600))
	}
}

// named replaces the ids of the examples by those of this account.
func (w *world) named(text string) string {
	for example, id := range w.ids {
		text = strings.ReplaceAll(text, example, id)
	}
	return text
}
