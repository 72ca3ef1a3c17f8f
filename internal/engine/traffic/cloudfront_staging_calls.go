package traffic

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// retract takes all traffic off the staging distribution. A policy that was there before any share was given, for requests
// with a header, is put back; another is disabled, which ends sessions too.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-continuous-deployment.html
func (r *CloudFrontStaging) retract(ctx context.Context, found stagingFound) (stagingFound, error) {
	if found.share() == 0 {
		return found, nil
	}
	next := *found.policy
	next.Enabled = aws.Bool(false)
	if r.memory != nil && r.memory.Policy != nil {
		next = *r.memory.Policy
	}
	return r.assign(ctx, found, &next)
}

// configure gives the primary or the staging distribution a colour's configuration. What belongs to the distribution and
// not to the colour stays.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
func (r *CloudFrontStaging) configure(ctx context.Context, found stagingFound, primary bool, config *types.DistributionConfig) (stagingFound, error) {
	id, into := r.target.Staging, &found.staging
	if primary {
		id, into = r.target.Primary, &found.primary
	}
	out, err := r.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &id, IfMatch: &into.etag, DistributionConfig: worn(into.config, config)})
	if err != nil {
		return found, err
	}
	*into, err = describedBy(out.Distribution, out.ETag)
	return found, err
}

// promote copies the configuration of the staging distribution to the primary one, which disables the policy.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistributionWithStagingConfig.html
func (r *CloudFrontStaging) promote(ctx context.Context, found stagingFound) (stagingFound, error) {
	if found.policyID == "" {
		var err error
		if found, err = r.assign(ctx, found, weighted(found, 0)); err != nil {
			return found, err
		}
	}
	out, err := r.api.UpdateDistributionWithStagingConfig(ctx, &cloudfront.UpdateDistributionWithStagingConfigInput{
		Id: &r.target.Primary, StagingDistributionId: &r.target.Staging, IfMatch: aws.String(found.primary.etag + ", " + found.staging.etag),
	})
	if err != nil {
		return found, err
	}
	if found.primary, err = describedBy(out.Distribution, out.ETag); err != nil {
		return found, err
	}
	return r.policy(ctx, found, found.policyID)
}

// assign gives the policy another configuration. Where the primary distribution has none, one is made and attached.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateContinuousDeploymentPolicy.html
func (r *CloudFrontStaging) assign(ctx context.Context, found stagingFound, config *types.ContinuousDeploymentPolicyConfig) (stagingFound, error) {
	if found.policyID == "" {
		return r.attach(ctx, found, config)
	}
	out, err := r.api.UpdateContinuousDeploymentPolicy(ctx, &cloudfront.UpdateContinuousDeploymentPolicyInput{
		Id: &found.policyID, IfMatch: &found.policyETag, ContinuousDeploymentPolicyConfig: config,
	})
	if err != nil {
		return found, err
	}
	return found.withPolicy(out.ContinuousDeploymentPolicy, out.ETag)
}

// attach makes a policy, or takes the one that an earlier try made, and attaches it to the primary distribution. It reads what
// it made: who may not, finds out while the policy gives nobody anything, not when traffic was moved and cannot be looked at.
func (r *CloudFrontStaging) attach(ctx context.Context, found stagingFound, config *types.ContinuousDeploymentPolicyConfig) (stagingFound, error) {
	made, err := r.api.CreateContinuousDeploymentPolicy(ctx, &cloudfront.CreateContinuousDeploymentPolicyInput{ContinuousDeploymentPolicyConfig: config})
	switch {
	case err == nil:
		if found, err = found.withPolicy(made.ContinuousDeploymentPolicy, made.ETag); err == nil {
			found, err = r.policy(ctx, found, found.policyID)
		}
	case awsapi.HasCode(err, "StagingDistributionInUse", "ContinuousDeploymentPolicyAlreadyExists"):
		if found, err = r.orphan(ctx, found, err); err == nil {
			found, err = r.assign(ctx, found, config)
		}
	}
	if err != nil {
		return found, err
	}
	next := *found.primary.config
	next.ContinuousDeploymentPolicyId = &found.policyID
	out, err := r.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &r.target.Primary, IfMatch: &found.primary.etag, DistributionConfig: &next})
	if err != nil {
		return found, err
	}
	found.primary, err = describedBy(out.Distribution, out.ETag)
	return found, err
}

// orphan finds the policy of the staging distribution that no primary distribution has; refusal is why it is looked for.
func (r *CloudFrontStaging) orphan(ctx context.Context, found stagingFound, refusal error) (stagingFound, error) {
	input := &cloudfront.ListContinuousDeploymentPoliciesInput{}
	for {
		page, err := r.api.ListContinuousDeploymentPolicies(ctx, input)
		if err != nil {
			return found, errors.Join(err, refusal) // what has to be allowed comes first
		}
		list := page.ContinuousDeploymentPolicyList
		if list == nil {
			return found, refusal
		}
		for _, item := range list.Items {
			if policy := item.ContinuousDeploymentPolicy; policy != nil && concerns(policy.ContinuousDeploymentPolicyConfig, found.staging.domain) {
				return r.policy(ctx, found, aws.ToString(policy.Id))
			}
		}
		if input.Marker = list.NextMarker; aws.ToString(input.Marker) == "" {
			return found, refusal
		}
	}
}
