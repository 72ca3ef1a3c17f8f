package proof

import (
	"context"
	"math"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// A policy that somebody attaches between our look and our own first policy is adopted with whatever it says: hence blind.
var cloudFrontStagingLever = lever{name: "cloudfront_staging", blind: true, slow: true, steps: []int{5, 15}, most: 15, propagates: true, build: func(t *testing.T, w *world) target {
	t.Helper()
	ctx, client := t.Context(), cloudfront.NewFromConfig(w.outside())
	made := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: &types.DistributionConfig{
		CallerReference: &w.name, Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins:              &types.Origins{Quantity: aws.Int32(2), Items: []types.Origin{origin("blue"), origin("green")}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
	}}))
	staging := must[*cloudfront.CopyDistributionOutput](t)(client.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: made.Distribution.Id, CallerReference: aws.String(w.name + "-staging"), Staging: aws.Bool(true), IfMatch: made.ETag,
	}))
	s := &staged{client: client, primary: *made.Distribution.Id, staging: *staging.Distribution.Id, domain: *staging.Distribution.DomainName}
	if err := s.lead(ctx, s.staging, "green", nil); err != nil {
		t.Fatal(err)
	}
	return s
}}

// staged is a distribution and its staging distribution, which leads to green.
type staged struct {
	client                   *cloudfront.Client
	primary, staging, domain string
}

func (s *staged) router(config aws.Config) traffic.Router {
	return traffic.NewCloudFrontStaging(cloudfront.NewFromConfig(config), clock.System{}, traffic.CloudFrontStagingTarget{Primary: s.primary, Staging: s.staging})
}

// lead lets a distribution lead to an origin, with the policy; nil leaves the policy as it is.
func (s *staged) lead(ctx context.Context, id, origin string, policy *string) error {
	got, err := s.client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &id})
	if err != nil {
		return err
	}
	got.DistributionConfig.DefaultCacheBehavior.TargetOriginId = &origin
	if policy != nil {
		got.DistributionConfig.ContinuousDeploymentPolicyId = policy
	}
	_, err = s.client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig})
	return err
}

func (s *staged) give(ctx context.Context, weights traffic.Weights) error {
	if err := s.lead(ctx, s.staging, "green", nil); err != nil {
		return err
	}
	origin := "blue"
	if weights.Green == 100 {
		origin = "green"
	}
	if weights.Green == 0 || weights.Green == 100 {
		return s.lead(ctx, s.primary, origin, aws.String(""))
	}
	policy, err := s.policy(ctx, float32(weights.Green)/100)
	if err != nil {
		return err
	}
	return s.lead(ctx, s.primary, origin, policy)
}

// policy makes the policy give the staging distribution a share, and returns its id.
func (s *staged) policy(ctx context.Context, share float32) (*string, error) {
	config := &types.ContinuousDeploymentPolicyConfig{
		Enabled: aws.Bool(true), StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{s.domain}},
		TrafficConfig: &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleWeight, SingleWeightConfig: &types.ContinuousDeploymentSingleWeightConfig{Weight: &share}},
	}
	all, err := s.client.ListContinuousDeploymentPolicies(ctx, &cloudfront.ListContinuousDeploymentPoliciesInput{})
	if err != nil {
		return nil, err
	}
	for _, item := range all.ContinuousDeploymentPolicyList.Items {
		known := item.ContinuousDeploymentPolicy
		if known.ContinuousDeploymentPolicyConfig.StagingDistributionDnsNames.Items[0] != s.domain {
			continue
		}
		now, err := s.client.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: known.Id})
		if err != nil {
			return nil, err
		}
		_, err = s.client.UpdateContinuousDeploymentPolicy(ctx, &cloudfront.UpdateContinuousDeploymentPolicyInput{Id: known.Id, IfMatch: now.ETag, ContinuousDeploymentPolicyConfig: config})
		return known.Id, err
	}
	made, err := s.client.CreateContinuousDeploymentPolicy(ctx, &cloudfront.CreateContinuousDeploymentPolicyInput{ContinuousDeploymentPolicyConfig: config})
	if err != nil {
		return nil, err
	}
	return made.ContinuousDeploymentPolicy.Id, nil
}

func (s *staged) serves(ctx context.Context) (shares, error) {
	var found shares
	add := func(id string, percent float64) (policy string, err error) {
		got, err := s.client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &id})
		if err != nil {
			return "", err
		}
		switch aws.ToString(got.DistributionConfig.DefaultCacheBehavior.TargetOriginId) {
		case "blue":
			found.blue += percent
		case "green":
			found.green += percent
		default:
			found.other += percent
		}
		return aws.ToString(got.DistributionConfig.ContinuousDeploymentPolicyId), nil
	}
	policy, err := add(s.primary, 100)
	if err != nil || policy == "" {
		return found, err
	}
	got, err := s.client.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: &policy})
	if err != nil || !aws.ToBool(got.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig.Enabled) {
		return found, err
	}
	share := math.Round(100 * float64(aws.ToFloat32(got.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig.TrafficConfig.SingleWeightConfig.Weight)))
	if _, err := add(s.primary, -share); err != nil {
		return found, err
	}
	_, err = add(s.staging, share)
	return found, err
}
