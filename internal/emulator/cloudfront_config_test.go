package emulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// What moto drops of a configuration is kept, and what a client left out has its default.
func TestCloudFrontKeepsTheWholeConfiguration(t *testing.T) {
	client := cloudfront.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	config := distributionConfig("whole")
	config.Staging = aws.Bool(true)
	config.Origins.Items[0].CustomHeaders = &types.CustomHeaders{Quantity: aws.Int32(1), Items: []types.OriginCustomHeader{
		{HeaderName: aws.String("X-From"), HeaderValue: aws.String("a <b> & c")},
	}}
	created := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config}))
	read := must[*cloudfront.GetDistributionConfigOutput](t)(client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: created.Distribution.Id}))
	got := read.DistributionConfig
	if !aws.ToBool(got.Staging) || aws.ToString(got.Origins.Items[0].CustomHeaders.Items[0].HeaderValue) != "a <b> & c" {
		t.Errorf("staging %v, headers %+v", aws.ToBool(got.Staging), got.Origins.Items[0].CustomHeaders)
	}
	if got.PriceClass == "" || aws.ToInt32(got.Origins.Items[0].ConnectionAttempts) == 0 {
		t.Errorf("no defaults: price class %q, %d attempts", got.PriceClass, aws.ToInt32(got.Origins.Items[0].ConnectionAttempts))
	}
	got.Origins.Items[0].CustomHeaders = &types.CustomHeaders{Quantity: aws.Int32(0)}
	updated := must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(ctx,
		&cloudfront.UpdateDistributionInput{Id: created.Distribution.Id, IfMatch: read.ETag, DistributionConfig: got}))
	if after := updated.Distribution.DistributionConfig; len(after.Origins.Items[0].CustomHeaders.Items) > 0 || !aws.ToBool(after.Staging) {
		t.Errorf("after the update: %+v", after.Origins.Items[0].CustomHeaders)
	}
}

// A configuration may only refer to what is there, and what it refers to stays.
func TestCloudFrontReferences(t *testing.T) {
	client := cloudfront.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	policy := must[*cloudfront.CreateCachePolicyOutput](t)(client.CreateCachePolicy(ctx, &cloudfront.CreateCachePolicyInput{
		CachePolicyConfig: &types.CachePolicyConfig{Name: aws.String("long"), MinTTL: aws.Int64(60)},
	}))
	created := must[*cloudfront.CreateFunctionOutput](t)(client.CreateFunction(ctx, &cloudfront.CreateFunctionInput{
		Name: aws.String("route"), FunctionCode: []byte("function handler(event) { return event.request }"),
		FunctionConfig: &types.FunctionConfig{Comment: aws.String("routes"), Runtime: types.FunctionRuntimeCloudfrontJs20},
	}))
	config := distributionConfig("references")
	config.DefaultCacheBehavior.CachePolicyId = policy.CachePolicy.Id
	config.DefaultCacheBehavior.FunctionAssociations = &types.FunctionAssociations{Quantity: aws.Int32(1), Items: []types.FunctionAssociation{
		{EventType: types.EventTypeViewerRequest, FunctionARN: created.FunctionSummary.FunctionMetadata.FunctionARN},
	}}
	_, err := client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config})
	wantCode(t, err, "InvalidFunctionAssociation") // not published yet
	must[*cloudfront.PublishFunctionOutput](t)(client.PublishFunction(ctx, &cloudfront.PublishFunctionInput{Name: aws.String("route"), IfMatch: created.ETag}))
	must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config}))

	_, err = client.DeleteFunction(ctx, &cloudfront.DeleteFunctionInput{Name: aws.String("route"), IfMatch: created.ETag})
	wantCode(t, err, "FunctionInUse")
	_, err = client.DeleteCachePolicy(ctx, &cloudfront.DeleteCachePolicyInput{Id: policy.CachePolicy.Id, IfMatch: policy.ETag})
	wantCode(t, err, "CachePolicyInUse")
	config.CallerReference = aws.String("references-2")
	config.DefaultCacheBehavior.CachePolicyId = aws.String("00000000-0000-0000-0000-000000000000")
	_, err = client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config})
	wantCode(t, err, "NoSuchCachePolicy")
	config.DefaultCacheBehavior.CachePolicyId = aws.String("658327ea-f89d-4fab-a63d-7e88639e58f6") // CachingOptimized
	config.Origins.Items[0].OriginAccessControlId = aws.String("E0NONE")
	_, err = client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config})
	wantCode(t, err, "InvalidOriginAccessControl")
}

// A behaviour leads to an origin, or to a group of them that takes reading methods only.
func TestCloudFrontOriginsAndGroups(t *testing.T) {
	client := cloudfront.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	config := distributionConfig("groups")
	second := config.Origins.Items[0]
	second.Id = aws.String("green")
	config.Origins = &types.Origins{Quantity: aws.Int32(2), Items: []types.Origin{config.Origins.Items[0], second}}
	config.OriginGroups = &types.OriginGroups{Quantity: aws.Int32(1), Items: []types.OriginGroup{{
		Id: aws.String("both"), FailoverCriteria: &types.OriginGroupFailoverCriteria{StatusCodes: &types.StatusCodes{Quantity: aws.Int32(1), Items: []int32{500}}},
		Members: &types.OriginGroupMembers{Quantity: aws.Int32(2), Items: []types.OriginGroupMember{{OriginId: aws.String("blue")}, {OriginId: aws.String("green")}}},
	}}}
	config.DefaultCacheBehavior.TargetOriginId = aws.String("both")
	created := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config}))
	read := must[*cloudfront.GetDistributionOutput](t)(client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: created.Distribution.Id}))
	got := read.Distribution.DistributionConfig
	if target := aws.ToString(got.DefaultCacheBehavior.TargetOriginId); target != "both" || len(got.OriginGroups.Items) != 1 {
		t.Errorf("the behaviour leads to %s, and there are %d groups", target, len(got.OriginGroups.Items))
	}
	for code, spoil := range map[string]func(){
		"InvalidArgument": func() {
			got.DefaultCacheBehavior.AllowedMethods = &types.AllowedMethods{Quantity: aws.Int32(7), Items: types.Method("").Values()}
		},
		"NoSuchOrigin": func() { got.DefaultCacheBehavior.TargetOriginId = aws.String("red") },
	} {
		before := *got.DefaultCacheBehavior
		spoil()
		_, err := client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: created.Distribution.Id, IfMatch: read.ETag, DistributionConfig: got})
		wantCode(t, err, code)
		*got.DefaultCacheBehavior = before
	}
	_, err := client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: created.Distribution.Id, IfMatch: read.ETag, DistributionConfig: got})
	if err != nil {
		t.Error(err)
	}
}
