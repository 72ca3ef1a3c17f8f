package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// CloudFrontStagingAPI is the part of CloudFront that the router calls.
type CloudFrontStagingAPI interface {
	CloudFrontOriginAPI
	UpdateDistributionWithStagingConfig(context.Context, *cloudfront.UpdateDistributionWithStagingConfigInput, ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionWithStagingConfigOutput, error)
	GetContinuousDeploymentPolicy(context.Context, *cloudfront.GetContinuousDeploymentPolicyInput, ...func(*cloudfront.Options)) (*cloudfront.GetContinuousDeploymentPolicyOutput, error)
	ListContinuousDeploymentPolicies(context.Context, *cloudfront.ListContinuousDeploymentPoliciesInput, ...func(*cloudfront.Options)) (*cloudfront.ListContinuousDeploymentPoliciesOutput, error)
	CreateContinuousDeploymentPolicy(context.Context, *cloudfront.CreateContinuousDeploymentPolicyInput, ...func(*cloudfront.Options)) (*cloudfront.CreateContinuousDeploymentPolicyOutput, error)
	UpdateContinuousDeploymentPolicy(context.Context, *cloudfront.UpdateContinuousDeploymentPolicyInput, ...func(*cloudfront.Options)) (*cloudfront.UpdateContinuousDeploymentPolicyOutput, error)
}

// CloudFrontStagingTarget names a distribution and its staging distribution.
type CloudFrontStagingTarget struct {
	Primary string // ID
	Staging string // ID
}

// The reasons of a staging distribution.
const (
	// UnfitSame: primary and staging distribution have the same configuration, and no other is remembered.
	UnfitSame UnfitReason = "same_configuration"
	// UnfitStaging: the distributions are not a primary and a staging one, or cannot share traffic.
	UnfitStaging UnfitReason = "not_staging"
	// UnfitPolicy: the continuous-deployment policy of the primary distribution is about another staging distribution.
	UnfitPolicy UnfitReason = "other_policy"
)

// stagingLargest is the largest percent that a continuous-deployment policy takes.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/continuous-deployment-quotas-considerations.html
const stagingLargest = 15

// CloudFrontStaging moves traffic from the configuration of a distribution to that of its staging distribution: up to 15 %
// by a continuous-deployment policy, and then everything, by promoting the configuration.
//
// The primary distribution serves one colour, which is the one that had everything last, and blue at first. The other colour
// is what the staging distribution is configured with. Right after a promotion both are configured alike; then the other
// colour is what the primary distribution was configured with before, which the journal keeps, and going back puts it there
// again. It is not safe for several goroutines.
type CloudFrontStaging struct {
	api    CloudFrontStagingAPI
	clock  clock.Clock
	target CloudFrontStagingTarget
	memory *stagingMemory
	home   Colour
}

// NewCloudFrontStaging returns a router over target.
func NewCloudFrontStaging(api CloudFrontStagingAPI, c clock.Clock, target CloudFrontStagingTarget) *CloudFrontStaging {
	return &CloudFrontStaging{api: api, clock: c, target: target}
}

// Name names the distributions for people.
func (r *CloudFrontStaging) Name() string {
	return fmt.Sprintf("distribution %s with staging distribution %s", r.target.Primary, r.target.Staging)
}

// Target is the primary distribution.
func (r *CloudFrontStaging) Target() string { return "cloudfront_staging," + r.target.Primary }

// Tier is TierEdge.
func (r *CloudFrontStaging) Tier() Tier { return TierEdge }

// LargestStep is 15.
func (r *CloudFrontStaging) LargestStep() int { return stagingLargest }

// Recall takes the configurations of both colours when the last switch began.
func (r *CloudFrontStaging) Recall(memory json.RawMessage, home Colour) error {
	r.home, r.memory = home, nil
	if len(memory) == 0 {
		return nil
	}
	return json.Unmarshal(memory, &r.memory)
}

// Remember returns what both colours bring, with the custom headers of origins among it.
func (r *CloudFrontStaging) Remember(state State) (json.RawMessage, error) {
	found, ok := state.Precondition.Token.(stagingFound)
	if !ok {
		return nil, fmt.Errorf("%s: the state is not one of CloudFront", r.Name())
	}
	r.memory = r.memoryOf(found)
	return json.Marshal(r.memory)
}

// Read asks for both distributions and the policy. ErrMissing names what is not there.
func (r *CloudFrontStaging) Read(ctx context.Context) (State, error) {
	found, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	return r.state(found), nil
}

// stagingFound is the precondition of a Set.
type stagingFound struct {
	primary, staging stagingDistribution
	policyID         string // empty for none
	policyETag       string
	policy           *types.ContinuousDeploymentPolicyConfig
}

type stagingDistribution struct {
	etag     string
	domain   string
	deployed bool
	config   *types.DistributionConfig
}

func (r *CloudFrontStaging) get(ctx context.Context) (found stagingFound, err error) {
	primary, primaryErr := r.distribution(ctx, "the distribution", r.target.Primary)
	staging, stagingErr := r.distribution(ctx, "the staging distribution", r.target.Staging)
	if err := errors.Join(primaryErr, stagingErr); err != nil {
		return stagingFound{}, err
	}
	found.primary, found.staging, found.policyID = primary, staging, aws.ToString(primary.config.ContinuousDeploymentPolicyId)
	if found.policyID == "" {
		return found, nil
	}
	return r.policy(ctx, found, found.policyID)
}

// policy adds a policy, as it is now, to what was found.
func (r *CloudFrontStaging) policy(ctx context.Context, found stagingFound, id string) (stagingFound, error) {
	out, err := r.api.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: &id})
	if err != nil {
		return found, err
	}
	return found.withPolicy(out.ContinuousDeploymentPolicy, out.ETag)
}

func (f stagingFound) withPolicy(policy *types.ContinuousDeploymentPolicy, etag *string) (stagingFound, error) {
	if policy == nil || policy.ContinuousDeploymentPolicyConfig == nil {
		return stagingFound{}, fmt.Errorf("CloudFront gave continuous-deployment policy %s without its configuration", f.policyID)
	}
	f.policyID, f.policyETag, f.policy = aws.ToString(policy.Id), aws.ToString(etag), policy.ContinuousDeploymentPolicyConfig
	return f, nil
}

func (r *CloudFrontStaging) distribution(ctx context.Context, what, id string) (stagingDistribution, error) {
	out, err := r.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &id})
	if awsapi.IsNotFound(err) {
		return stagingDistribution{}, fmt.Errorf("%s %s: %w", what, id, ErrMissing)
	}
	if err != nil {
		return stagingDistribution{}, err
	}
	return describedBy(out.Distribution, out.ETag)
}

func describedBy(distribution *types.Distribution, etag *string) (stagingDistribution, error) {
	if distribution == nil || distribution.DistributionConfig == nil {
		return stagingDistribution{}, errors.New("CloudFront gave a distribution without its configuration")
	}
	return stagingDistribution{
		etag: aws.ToString(etag), domain: aws.ToString(distribution.DomainName), deployed: aws.ToString(distribution.Status) == "Deployed", config: distribution.DistributionConfig,
	}, nil
}

// Set moves traffic, each call on condition of the versions that were read. When somebody else changed something that does
// not matter here, it goes on with what it finds; when the configurations or the share changed, it is an ErrConcurrentChange.
func (r *CloudFrontStaging) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(stagingFound)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of CloudFront", r.Name())
	}
	if r.memory == nil {
		r.memory = r.memoryOf(old)
	}
	before := r.state(old).Weights
	for try := 1; ; try++ {
		made, err := r.move(ctx, weights, old)
		if err == nil {
			return r.change(made), nil
		}
		if !awsapi.IsPrecondition(err) {
			return Change{}, err
		}
		now, readErr := r.get(ctx)
		switch {
		case errors.Is(readErr, ErrMissing):
			return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, readErr)
		case readErr != nil:
			return Change{}, errors.Join(err, readErr)
		case r.state(now).Weights == weights && weights != before:
			return r.change(now), nil // an earlier try of the same call was carried out and its answer was lost
		case r.state(now).Weights != before || !now.same(old):
			return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
		case try == cloudFrontTries:
			return Change{}, err
		}
		old = now
	}
}

// move does what gives the colour that the primary distribution does not serve its share.
func (r *CloudFrontStaging) move(ctx context.Context, weights Weights, found stagingFound) (stagingFound, error) {
	colours := r.colours(found)
	share := weights.Of(colours.idle)
	switch {
	case share == 0:
		return r.retract(ctx, found)
	case colours.config == nil:
		return found, fmt.Errorf("%s: there is no other configuration to switch to", r.Name())
	case share == 100 && !colours.staged:
		found, err := r.retract(ctx, found)
		if err != nil {
			return found, err
		}
		return r.configure(ctx, found, true, colours.config)
	case share == 100:
		return r.promote(ctx, found)
	case share > stagingLargest:
		return found, fmt.Errorf("%s: CloudFront gives a staging distribution %d %% at most, not %d %%", r.Name(), stagingLargest, share)
	}
	if !colours.staged {
		var err error
		if found, err = r.configure(ctx, found, false, colours.config); err != nil {
			return found, err
		}
	}
	return r.assign(ctx, found, weighted(found, share))
}

func (r *CloudFrontStaging) change(found stagingFound) Change {
	state := r.state(found)
	state.Settled = false
	return Change{ID: found.primary.etag + " " + found.policyETag, Label: "CloudFront configuration " + found.primary.etag, State: state}
}

// Wait looks until both distributions are Deployed with the shares of the change. That somebody else changed them meanwhile
// is an ErrConcurrentChange.
func (r *CloudFrontStaging) Wait(ctx context.Context, change Change) error {
	ctx, cancel := r.clock.WithTimeout(ctx, cloudFrontSettleLimit)
	defer cancel()
	for poll := 0; ; poll++ {
		if err := r.clock.Sleep(ctx, cloudFrontPolls[min(poll, len(cloudFrontPolls)-1)]); err != nil {
			return fmt.Errorf("%s is not Deployed yet: %w", change.Label, err)
		}
		state, err := r.Read(ctx)
		switch {
		case err != nil:
			return err
		case state.Weights != change.State.Weights:
			return fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
		case state.Settled:
			return nil
		}
	}
}
