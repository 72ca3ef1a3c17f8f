package emulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

func distributionConfig(reference string, aliases ...string) *types.DistributionConfig {
	return &types.DistributionConfig{
		CallerReference: aws.String(reference), Comment: aws.String(""), Enabled: aws.Bool(true),
		Aliases: &types.Aliases{Quantity: aws.Int32(int32(len(aliases))), Items: aliases},
		Origins: &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{
			Id: aws.String("blue"), DomainName: aws.String("blue.test"), CustomOriginConfig: &types.CustomOriginConfig{
				HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpOnly,
			},
		}}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
	}
}

func TestCloudFrontVersions(t *testing.T) {
	client := cloudfront.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	config := distributionConfig("versions", "www.versions.test")
	created := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: config}))
	id := created.Distribution.Id
	if aws.ToString(created.ETag) == "" || aws.ToString(created.Distribution.Status) != "InProgress" {
		t.Errorf("created with ETag %q and status %s", aws.ToString(created.ETag), aws.ToString(created.Distribution.Status))
	}
	read := must[*cloudfront.GetDistributionConfigOutput](t)(client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: id}))
	if aws.ToString(read.ETag) != aws.ToString(created.ETag) {
		t.Errorf("read ETag %s, created %s", aws.ToString(read.ETag), aws.ToString(created.ETag))
	}
	config.Comment = aws.String("second")
	updated := must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(ctx,
		&cloudfront.UpdateDistributionInput{Id: id, IfMatch: created.ETag, DistributionConfig: config}))
	if aws.ToString(updated.ETag) == aws.ToString(created.ETag) {
		t.Error("an update kept the ETag")
	}
	config.Comment = aws.String("third")
	_, err := client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: id, IfMatch: created.ETag, DistributionConfig: config})
	wantCode(t, err, "PreconditionFailed")
	_, err = client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: id, DistributionConfig: config})
	wantCode(t, err, "InvalidIfMatchVersion")
	_, err = client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: aws.String("ENONE"), IfMatch: created.ETag, DistributionConfig: config})
	wantCode(t, err, "NoSuchDistribution")

	got := must[*cloudfront.GetDistributionOutput](t)(client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: id}))
	if aws.ToString(got.Distribution.DistributionConfig.Comment) != "second" || aws.ToString(got.ETag) != aws.ToString(updated.ETag) {
		t.Errorf("comment %s at %s after refused updates", aws.ToString(got.Distribution.DistributionConfig.Comment), aws.ToString(got.ETag))
	}
	deadline := time.Now().Add(5 * time.Second)
	for aws.ToString(got.Distribution.Status) != "Deployed" {
		if time.Now().After(deadline) {
			t.Fatal("the update was never deployed")
		}
		got = must[*cloudfront.GetDistributionOutput](t)(client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: id}))
	}

	_, err = client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: distributionConfig("other", "WWW.versions.test")})
	wantCode(t, err, "CNAMEAlreadyExists")
	_, err = client.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: id, IfMatch: updated.ETag})
	wantCode(t, err, "DistributionNotDisabled")
	config.Enabled = aws.Bool(false)
	disabled := must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(ctx,
		&cloudfront.UpdateDistributionInput{Id: id, IfMatch: updated.ETag, DistributionConfig: config}))
	listed := must[*cloudfront.ListDistributionsOutput](t)(client.ListDistributions(ctx, &cloudfront.ListDistributionsInput{}))
	for _, item := range listed.DistributionList.Items {
		if aws.ToString(item.Id) == aws.ToString(id) && aws.ToString(item.Status) != "InProgress" {
			t.Errorf("listed as %s just after an update", aws.ToString(item.Status))
		}
	}
	_, err = client.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: id, IfMatch: updated.ETag})
	wantCode(t, err, "PreconditionFailed")
	must[*cloudfront.DeleteDistributionOutput](t)(client.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: id, IfMatch: disabled.ETag}))
	_, err = client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: id})
	wantCode(t, err, "NoSuchDistribution")
}
