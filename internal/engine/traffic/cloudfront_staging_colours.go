package traffic

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// stagingMemory is what the colours were when the last switch began.
type stagingMemory struct {
	Serves  Colour                               `json:"serves"` // the colour of the primary distribution
	Configs map[Colour]*types.DistributionConfig `json:"configs"`
	// Policy is a policy that gave no share of the traffic and was enabled, for requests with a header.
	Policy *types.ContinuousDeploymentPolicyConfig `json:"policy,omitempty"`
}

// config is the configuration of a colour; nil when it is not remembered.
func (m *stagingMemory) config(colour Colour) *types.DistributionConfig {
	if m == nil {
		return nil
	}
	return m.Configs[colour]
}

func (r *CloudFrontStaging) memoryOf(found stagingFound) *stagingMemory {
	colours := r.colours(found)
	memory := &stagingMemory{Serves: colours.serves, Configs: map[Colour]*types.DistributionConfig{}}
	memory.Configs[colours.serves] = worn(&types.DistributionConfig{}, found.primary.config)
	if colours.config != nil {
		memory.Configs[colours.idle] = worn(&types.DistributionConfig{}, colours.config)
	}
	switch {
	case found.policy != nil && aws.ToBool(found.policy.Enabled) && found.share() == 0:
		memory.Policy = found.policy
	case found.share() > 0 && r.memory != nil:
		memory.Policy = r.memory.Policy
	}
	return memory
}

// stagingColours are which colour is where.
type stagingColours struct {
	serves Colour                    // what the primary distribution serves
	idle   Colour                    // the other one
	config *types.DistributionConfig // of the idle one; nil when there is none
	staged bool                      // the staging distribution has it
}

// colours tells the colours apart by the configurations.
func (r *CloudFrontStaging) colours(found stagingFound) stagingColours {
	primary := found.primary.config
	colours := stagingColours{serves: Blue}
	if r.home != "" {
		colours.serves = r.home
	}
	if r.memory != nil {
		switch other := r.memory.Serves.Other(); {
		case alike(primary, r.memory.config(r.memory.Serves)):
			colours.serves = r.memory.Serves
		case alike(primary, r.memory.config(other)):
			colours.serves = other
		case r.home == "":
			colours.serves = r.memory.Serves
		}
	}
	colours.idle = colours.serves.Other()
	remembered := r.memory.config(colours.idle)
	if alike(primary, remembered) {
		remembered = nil
	}
	same := alike(primary, found.staging.config)
	switch {
	case remembered != nil && (same || r.home == colours.idle):
		// Right after a promotion; or it did not come to its end, and then the way home is to what was there before,
		// whatever has been put into the staging distribution since.
		colours.config, colours.staged = remembered, alike(found.staging.config, remembered)
	case !same:
		colours.config, colours.staged = found.staging.config, true
	}
	return colours
}

// alike tells whether two configurations serve the same: by what may differ between a primary and a staging distribution,
// and is copied by a promotion.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-continuous-deployment.html#updating-staging-and-primary-distributions
func alike(a, b *types.DistributionConfig) bool {
	if a == nil || b == nil {
		return false
	}
	return served(a) == served(b)
}

func served(config *types.DistributionConfig) string {
	// JSON makes no difference between what came from CloudFront and what came from the journal.
	text, err := json.Marshal(worn(&types.DistributionConfig{}, config))
	if err != nil {
		return fmt.Sprintf("%p", config) // like nothing else; these types can be encoded
	}
	return string(text)
}

// worn returns the configuration of a distribution with what a colour brings: everything else stays with the distribution.
func worn(distribution, colour *types.DistributionConfig) *types.DistributionConfig {
	next := *distribution
	next.DefaultCacheBehavior, next.CacheBehaviors, next.Origins, next.OriginGroups = colour.DefaultCacheBehavior, colour.CacheBehaviors, colour.Origins, colour.OriginGroups
	next.CustomErrorResponses, next.Restrictions, next.DefaultRootObject = colour.CustomErrorResponses, colour.Restrictions, colour.DefaultRootObject
	next.Logging, next.Comment = colour.Logging, colour.Comment
	return &next
}

// share is the percent of all traffic that the policy gives the staging distribution.
func (f stagingFound) share() int {
	if f.policy == nil || !aws.ToBool(f.policy.Enabled) || f.policy.TrafficConfig == nil || f.policy.TrafficConfig.Type != types.ContinuousDeploymentPolicyTypeSingleWeight ||
		f.policy.TrafficConfig.SingleWeightConfig == nil {
		return 0
	}
	return percent(float64(aws.ToFloat32(f.policy.TrafficConfig.SingleWeightConfig.Weight)))
}

// weighted returns a policy that gives the staging distribution a share, and keeps sessions as they are kept now. Without a
// share it is disabled.
func weighted(found stagingFound, share int) *types.ContinuousDeploymentPolicyConfig {
	weight := &types.ContinuousDeploymentSingleWeightConfig{Weight: aws.Float32(float32(share) / 100)}
	if found.policy != nil && found.policy.TrafficConfig != nil && found.policy.TrafficConfig.SingleWeightConfig != nil {
		weight.SessionStickinessConfig = found.policy.TrafficConfig.SingleWeightConfig.SessionStickinessConfig
	}
	return &types.ContinuousDeploymentPolicyConfig{
		Enabled:                     aws.Bool(share > 0),
		StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{found.staging.domain}},
		TrafficConfig:               &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleWeight, SingleWeightConfig: weight},
	}
}

// concerns tells whether a policy is about the staging distribution of that name.
func concerns(policy *types.ContinuousDeploymentPolicyConfig, domain string) bool {
	return policy != nil && policy.StagingDistributionDnsNames != nil && slices.Contains(policy.StagingDistributionDnsNames.Items, domain)
}

// same tells whether nothing that matters here changed.
func (f stagingFound) same(other stagingFound) bool {
	return alike(f.primary.config, other.primary.config) && alike(f.staging.config, other.staging.config) && reflect.DeepEqual(f.policy, other.policy)
}

// state is what the distributions serve.
func (r *CloudFrontStaging) state(found stagingFound) State {
	colours := r.colours(found)
	share := found.share()
	if alike(found.primary.config, found.staging.config) {
		share = 0 // wherever a request goes, it gets the same
	}
	state := State{
		Weights: On(colours.idle, share), Settled: found.primary.deployed && found.staging.deployed, Settling: cloudFrontSettling, Precondition: Precondition{Token: found},
	}
	add := func(reason UnfitReason, to Colour, format string, values ...any) {
		state.Unfit = append(state.Unfit, &UnfitError{Reason: reason, To: to, Detail: fmt.Sprintf(format, values...)})
	}
	if aws.ToBool(found.primary.config.Staging) {
		add(UnfitStaging, "", "the distribution %s is a staging distribution itself", r.target.Primary)
	}
	if !aws.ToBool(found.staging.config.Staging) {
		add(UnfitStaging, "", "the distribution %s is not a staging distribution", r.target.Staging)
	}
	if !aws.ToBool(found.staging.config.Enabled) {
		add(UnfitStaging, colours.idle, "the staging distribution %s is disabled", r.target.Staging)
	}
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/continuous-deployment-quotas-considerations.html
	if version := found.primary.config.HttpVersion; version == types.HttpVersionHttp3 || version == types.HttpVersionHttp2and3 {
		add(UnfitStaging, colours.idle, "the distribution %s serves HTTP/3, which continuous deployment does not support", r.target.Primary)
	}
	if found.policy != nil && !concerns(found.policy, found.staging.domain) {
		add(UnfitPolicy, "", "the continuous-deployment policy %s of distribution %s is not about the staging distribution %s (%s)", found.policyID, r.target.Primary, r.target.Staging, found.staging.domain)
	}
	if colours.config == nil {
		add(UnfitSame, colours.idle, "the distributions %s and %s are configured alike, and no earlier configuration is remembered", r.target.Primary, r.target.Staging)
	}
	return state
}
