package traffic

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// originsFound is the precondition of a Set: the distribution as CloudFront gave it.
type originsFound struct {
	etag     string
	config   *types.DistributionConfig
	leads    map[string]string // origin by behaviour, of the target's behaviours
	unfit    []*UnfitError
	deployed bool
}

// found takes a distribution apart.
func (r *CloudFrontOrigin) found(distribution *types.Distribution, etag *string) (originsFound, error) {
	if distribution == nil || distribution.DistributionConfig == nil || distribution.DistributionConfig.DefaultCacheBehavior == nil {
		return originsFound{}, fmt.Errorf("CloudFront gave distribution %s without its configuration", r.target.Distribution)
	}
	found := originsFound{
		etag: aws.ToString(etag), config: distribution.DistributionConfig, leads: map[string]string{}, deployed: aws.ToString(distribution.Status) == "Deployed",
	}
	var missing []error
	groups, err := r.colours(found.config)
	if err != nil {
		missing = append(missing, err)
	}
	each(found.config, func(pattern string, origin *string, methods *types.AllowedMethods) *string {
		if slices.Contains(r.target.Behaviors, pattern) {
			found.leads[pattern] = aws.ToString(origin)
			found.unfit = append(found.unfit, r.judge(pattern, found.leads[pattern], methods, groups)...)
		}
		return origin
	})
	for _, pattern := range r.target.Behaviors {
		if _, ok := found.leads[pattern]; !ok {
			missing = append(missing, fmt.Errorf("the behavior %s of distribution %s: %w", pattern, r.target.Distribution, ErrMissing))
		}
	}
	return found, errors.Join(missing...)
}

// colours finds out whether the distribution has both origins, and which of them are groups.
func (r *CloudFrontOrigin) colours(config *types.DistributionConfig) (groups map[string]bool, err error) {
	known := map[string]bool{}
	groups = map[string]bool{}
	if config.Origins != nil {
		for _, origin := range config.Origins.Items {
			known[aws.ToString(origin.Id)] = true
		}
	}
	if config.OriginGroups != nil {
		for _, group := range config.OriginGroups.Items {
			known[aws.ToString(group.Id)], groups[aws.ToString(group.Id)] = true, true
		}
	}
	var missing []error
	for _, colour := range []Colour{Blue, Green} {
		if !known[r.origin(colour)] {
			missing = append(missing, fmt.Errorf("the %s origin %s of distribution %s: %w", colour, r.origin(colour), r.target.Distribution, ErrMissing))
		}
	}
	return groups, errors.Join(missing...)
}

// judge says why one behaviour must not be switched. An origin group takes reading methods only.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
func (r *CloudFrontOrigin) judge(pattern, origin string, methods *types.AllowedMethods, groups map[string]bool) (unfit []*UnfitError) {
	if origin != r.target.BlueOriginID && origin != r.target.GreenOriginID {
		unfit = append(unfit, &UnfitError{Reason: UnfitForeignOrigin, Detail: fmt.Sprintf("the behavior %s of distribution %s leads to the origin %s, which is neither blue (%s) nor green (%s)",
			pattern, r.target.Distribution, origin, r.target.BlueOriginID, r.target.GreenOriginID)})
	}
	for _, colour := range []Colour{Blue, Green} {
		if methods != nil && groups[r.origin(colour)] && slices.Contains(methods.Items, types.MethodPost) {
			unfit = append(unfit, &UnfitError{Reason: UnfitMethods, Detail: fmt.Sprintf("the behavior %s of distribution %s allows POST, and %s is an origin group (%s), which takes GET, HEAD and OPTIONS only",
				pattern, r.target.Distribution, colour, r.origin(colour))})
		}
	}
	return unfit
}

// each calls do with every behaviour, as its path pattern and origin, and makes the origin what it returns.
func each(config *types.DistributionConfig, do func(pattern string, origin *string, methods *types.AllowedMethods) *string) {
	config.DefaultCacheBehavior.TargetOriginId = do(DefaultBehavior, config.DefaultCacheBehavior.TargetOriginId, config.DefaultCacheBehavior.AllowedMethods)
	if config.CacheBehaviors == nil {
		return
	}
	for i := range config.CacheBehaviors.Items {
		behavior := &config.CacheBehaviors.Items[i]
		behavior.TargetOriginId = do(pathPattern(aws.ToString(behavior.PathPattern)), behavior.TargetOriginId, behavior.AllowedMethods)
	}
}

// led returns the configuration with other origins of some behaviours; everything else, and config itself, is untouched.
func led(config *types.DistributionConfig, leads map[string]string) *types.DistributionConfig {
	next := *config
	standard := *config.DefaultCacheBehavior
	next.DefaultCacheBehavior = &standard
	if config.CacheBehaviors != nil {
		behaviors := *config.CacheBehaviors
		behaviors.Items = slices.Clone(behaviors.Items)
		next.CacheBehaviors = &behaviors
	}
	each(&next, func(pattern string, origin *string, _ *types.AllowedMethods) *string {
		if wanted, ok := leads[pattern]; ok {
			return &wanted
		}
		return origin
	})
	return &next
}

// state is what the distribution serves.
func (r *CloudFrontOrigin) state(found originsFound) State {
	var blue, green int
	for _, origin := range found.leads {
		switch origin {
		case r.target.BlueOriginID:
			blue++
		case r.target.GreenOriginID:
			green++
		}
	}
	all := float64(max(len(found.leads), 1))
	state := State{Weights: Weights{Blue: 50, Green: 50}, Settled: found.deployed, Settling: cloudFrontSettling, Unfit: found.unfit, Precondition: Precondition{Token: found}}
	switch {
	case blue == 0 && green == 0:
	case blue >= green:
		state.Weights = On(Blue, percent(float64(blue)/all))
	default:
		state.Weights = On(Green, percent(float64(green)/all))
	}
	return state
}
