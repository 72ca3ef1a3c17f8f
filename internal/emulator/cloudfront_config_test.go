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
