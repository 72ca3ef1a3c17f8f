package healthgate_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func makeBucket(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	name := acctest.Unique(t)
	if _, err := s3.NewFromConfig(e.AWSConfig()).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	return name
}

func putPage(t *testing.T, e *emulator.Emulator, bucket, key, text string) {
	t.Helper()
	if _, err := s3.NewFromConfig(e.AWSConfig()).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(text), ContentType: aws.String("text/html"),
	}); err != nil {
		t.Fatal(err)
	}
}

// makeDistribution makes an enabled distribution, waits until it is deployed, and returns what disables it and waits again.
func makeDistribution(t *testing.T, e *emulator.Emulator) (id string, disable func()) {
	t.Helper()
	client := cloudfront.NewFromConfig(e.AWSConfig())
	config := &cftypes.DistributionConfig{
		CallerReference: aws.String(acctest.Unique(t)), Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins: &cftypes.Origins{Quantity: aws.Int32(1), Items: []cftypes.Origin{{
			Id: aws.String("site"), DomainName: aws.String("site.s3.amazonaws.com"), S3OriginConfig: &cftypes.S3OriginConfig{OriginAccessIdentity: aws.String("")},
		}}},
		DefaultCacheBehavior: &cftypes.DefaultCacheBehavior{TargetOriginId: aws.String("site"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll},
	}
	made, err := client.CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: config})
	if err != nil {
		t.Fatal(err)
	}
	id = aws.ToString(made.Distribution.Id)
	deployed := func() {
		for {
			current, err := client.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String(id)})
			if err != nil {
				t.Error(err)
				return
			}
			if aws.ToString(current.Distribution.Status) == "Deployed" {
				return
			}
		}
	}
	deployed()
	return id, func() {
		config.Enabled = aws.Bool(false)
		if _, err := client.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: aws.String(id), IfMatch: made.ETag, DistributionConfig: config}); err != nil {
			t.Error(err)
		}
		deployed()
	}
}

func makeRESTAPI(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	ctx, client := t.Context(), apigateway.NewFromConfig(e.AWSConfig())
	api, err := client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	resources, err := client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})
	if err != nil {
		t.Fatal(err)
	}
	root := resources.Items[0].Id
	if _, err := client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return aws.ToString(api.Id)
}

func makeHTTPAPI(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	client := apigatewayv2.NewFromConfig(e.AWSConfig())
	api, err := client.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("orders"), ProtocolType: apitypes.ProtocolTypeHttp})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default")}); err != nil {
		t.Fatal(err)
	}
	return aws.ToString(api.ApiId)
}
