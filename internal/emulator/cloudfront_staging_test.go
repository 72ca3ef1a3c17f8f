package emulator_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

func weightPolicy(enabled bool, weight float32, domains ...string) *types.ContinuousDeploymentPolicyConfig {
	return &types.ContinuousDeploymentPolicyConfig{
		Enabled: &enabled, StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(int32(len(domains))), Items: domains},
		TrafficConfig: &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleWeight, SingleWeightConfig: &types.ContinuousDeploymentSingleWeightConfig{Weight: &weight}},
	}
}

func TestCloudFrontContinuousDeployment(t *testing.T) {
	client := cloudfront.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	made := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: distributionConfig("primary", "www.staged.test")}))
	primary := *made.Distribution.Id

	_, err := client.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{PrimaryDistributionId: &primary, CallerReference: aws.String("copy"), Staging: aws.Bool(true), IfMatch: aws.String("E0")})
	wantCode(t, err, "PreconditionFailed")
	copied := must[*cloudfront.CopyDistributionOutput](t)(client.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: &primary, CallerReference: aws.String("copy"), Staging: aws.Bool(true), IfMatch: made.ETag,
	}))
	staging, domain, config := *copied.Distribution.Id, *copied.Distribution.DomainName, copied.Distribution.DistributionConfig
	if !aws.ToBool(config.Staging) || len(config.Aliases.Items) > 0 || aws.ToString(config.DefaultCacheBehavior.TargetOriginId) != "blue" || !aws.ToBool(config.Enabled) {
		t.Errorf("the copy: %+v", config)
	}
	config.Comment = aws.String("next")
	updated := must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &staging, IfMatch: copied.ETag, DistributionConfig: config}))
	config.Staging = aws.Bool(false)
	_, err = client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &staging, IfMatch: updated.ETag, DistributionConfig: config})
	wantCode(t, err, "IllegalUpdate")

	create := func(config *types.ContinuousDeploymentPolicyConfig) (*cloudfront.CreateContinuousDeploymentPolicyOutput, error) {
		return client.CreateContinuousDeploymentPolicy(ctx, &cloudfront.CreateContinuousDeploymentPolicyInput{ContinuousDeploymentPolicyConfig: config})
	}
	_, err = create(weightPolicy(true, 0.16, domain))
	wantCode(t, err, "InvalidArgument")
	_, err = create(weightPolicy(true, 0.1, *made.Distribution.DomainName))
	wantCode(t, err, "InvalidArgument") // not a staging distribution
	policy := must[*cloudfront.CreateContinuousDeploymentPolicyOutput](t)(create(weightPolicy(true, 0.15, domain)))
	id := policy.ContinuousDeploymentPolicy.Id
	_, err = create(weightPolicy(true, 0.15, domain))
	wantCode(t, err, "StagingDistributionInUse")

	promote := func(match string) (*cloudfront.UpdateDistributionWithStagingConfigOutput, error) {
		return client.UpdateDistributionWithStagingConfig(ctx, &cloudfront.UpdateDistributionWithStagingConfigInput{Id: &primary, StagingDistributionId: &staging, IfMatch: &match})
	}
	_, err = promote(*made.ETag + ", " + *updated.ETag)
	wantCode(t, err, "InvalidArgument") // the policy is not attached yet
	attached := attach(t, client, primary, id)
	awaitDeployed(t, client, primary)

	_, err = client.UpdateContinuousDeploymentPolicy(ctx, &cloudfront.UpdateContinuousDeploymentPolicyInput{Id: id, IfMatch: aws.String("E0"), ContinuousDeploymentPolicyConfig: weightPolicy(true, 0.05, domain)})
	wantCode(t, err, "PreconditionFailed")
	changed := must[*cloudfront.UpdateContinuousDeploymentPolicyOutput](t)(client.UpdateContinuousDeploymentPolicy(ctx,
		&cloudfront.UpdateContinuousDeploymentPolicyInput{Id: id, IfMatch: policy.ETag, ContinuousDeploymentPolicyConfig: weightPolicy(true, 0.05, domain)}))
	read := must[*cloudfront.GetContinuousDeploymentPolicyConfigOutput](t)(client.GetContinuousDeploymentPolicyConfig(ctx, &cloudfront.GetContinuousDeploymentPolicyConfigInput{Id: id}))
	if weight := aws.ToFloat32(read.ContinuousDeploymentPolicyConfig.TrafficConfig.SingleWeightConfig.Weight); weight != 0.05 || *read.ETag != *changed.ETag {
		t.Errorf("weight %v at %s, want 0.05 at %s", weight, *read.ETag, *changed.ETag)
	}
	_, err = client.DeleteContinuousDeploymentPolicy(ctx, &cloudfront.DeleteContinuousDeploymentPolicyInput{Id: id, IfMatch: changed.ETag})
	wantCode(t, err, "ContinuousDeploymentPolicyInUse")
	_, err = client.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: &staging, IfMatch: updated.ETag})
	wantCode(t, err, "StagingDistributionInUse")

	_, err = promote(*made.ETag + ", " + *updated.ETag)
	wantCode(t, err, "PreconditionFailed")
	promoted := must[*cloudfront.UpdateDistributionWithStagingConfigOutput](t)(promote(*attached.ETag + ", " + *updated.ETag))
	got := promoted.Distribution.DistributionConfig
	if aws.ToString(got.Comment) != "next" || len(got.Aliases.Items) != 1 || aws.ToString(got.ContinuousDeploymentPolicyId) != *id || aws.ToBool(got.Staging) || aws.ToString(got.CallerReference) != "primary" {
		t.Errorf("promoted: %+v", got)
	}
	after := must[*cloudfront.GetContinuousDeploymentPolicyOutput](t)(client.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: id}))
	if aws.ToBool(after.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig.Enabled) || *after.ETag == *changed.ETag {
		t.Error("the policy is still enabled after the promotion")
	}
	listed := must[*cloudfront.ListContinuousDeploymentPoliciesOutput](t)(client.ListContinuousDeploymentPolicies(ctx, &cloudfront.ListContinuousDeploymentPoliciesInput{}))
	found := false
	for _, item := range listed.ContinuousDeploymentPolicyList.Items {
		found = found || aws.ToString(item.ContinuousDeploymentPolicy.Id) == *id
	}
	if !found {
		t.Error("the policy is not listed")
	}
}

func attach(t *testing.T, client *cloudfront.Client, distribution string, policy *string) *cloudfront.UpdateDistributionOutput {
	t.Helper()
	read := must[*cloudfront.GetDistributionConfigOutput](t)(client.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: &distribution}))
	read.DistributionConfig.ContinuousDeploymentPolicyId = aws.String("none")
	_, err := client.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: &distribution, IfMatch: read.ETag, DistributionConfig: read.DistributionConfig})
	wantCode(t, err, "NoSuchContinuousDeploymentPolicy")
	read.DistributionConfig.ContinuousDeploymentPolicyId = policy
	return must[*cloudfront.UpdateDistributionOutput](t)(client.UpdateDistribution(t.Context(),
		&cloudfront.UpdateDistributionInput{Id: &distribution, IfMatch: read.ETag, DistributionConfig: read.DistributionConfig}))
}

func awaitDeployed(t *testing.T, client *cloudfront.Client, id string) {
	t.Helper()
	waiter := cloudfront.NewDistributionDeployedWaiter(client, func(o *cloudfront.DistributionDeployedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	})
	if err := waiter.Wait(context.WithoutCancel(t.Context()), &cloudfront.GetDistributionInput{Id: &id}, time.Minute); err != nil {
		t.Fatal(err)
	}
}
