package traffic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// CloudFrontOriginAPI is the part of CloudFront that the router calls.
type CloudFrontOriginAPI interface {
	GetDistribution(context.Context, *cloudfront.GetDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error)
	UpdateDistribution(context.Context, *cloudfront.UpdateDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error)
}

// DefaultBehavior names the default cache behaviour among the path patterns of the others.
const DefaultBehavior = "default"

// CloudFrontOriginTarget names cache behaviours of a distribution and the two origins (or origin groups) that they lead to.
type CloudFrontOriginTarget struct {
	Distribution  string   // ID
	Behaviors     []string // path patterns, or DefaultBehavior; empty means the default behaviour alone
	BlueOriginID  string   // of an origin or an origin group
	GreenOriginID string
}

// The reasons of a cache behaviour.
const (
	// UnfitForeignOrigin: a behaviour leads to an origin that is neither colour.
	UnfitForeignOrigin UnfitReason = "foreign_origin"
	// UnfitMethods: a behaviour allows methods that an origin group does not take.
	UnfitMethods UnfitReason = "origin_group_methods"
)

const (
	// cloudFrontSettling is what a change of a distribution generally takes to reach all edge locations; AWS promises
	// nothing.
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html
	cloudFrontSettling = 5 * time.Minute
	// cloudFrontSettleLimit is when Wait gives up asking.
	cloudFrontSettleLimit = 30 * time.Minute
	// cloudFrontTries is how often one Set meets somebody else's change of other fields before it gives up.
	cloudFrontTries = 3
)

// cloudFrontPolls are the pauses between two looks at a distribution; the last one repeats.
var cloudFrontPolls = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second}

// CloudFrontOrigin moves traffic by the origin that cache behaviours lead to: everything or nothing, since a behaviour
// has one origin. It is not safe for several goroutines.
type CloudFrontOrigin struct {
	api    CloudFrontOriginAPI
	clock  clock.Clock
	target CloudFrontOriginTarget
	mixed  map[string]string // the origins of behaviours that were first read as disagreeing, so that a revert can restore them
	shares Weights           // what mixed was read as
}

// NewCloudFrontOrigin returns a router over target.
func NewCloudFrontOrigin(api CloudFrontOriginAPI, c clock.Clock, target CloudFrontOriginTarget) *CloudFrontOrigin {
	behaviors := target.Behaviors
	if len(behaviors) == 0 {
		behaviors = []string{DefaultBehavior}
	}
	target.Behaviors = nil
	for _, behavior := range behaviors {
		target.Behaviors = append(target.Behaviors, pathPattern(behavior))
	}
	slices.Sort(target.Behaviors)
	return &CloudFrontOrigin{api: api, clock: c, target: target}
}

// pathPattern is a path pattern as CloudFront compares it: a leading slash is optional.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
func pathPattern(pattern string) string {
	if pattern == DefaultBehavior {
		return pattern
	}
	return "/" + strings.TrimPrefix(pattern, "/")
}

// Name names the distribution for people.
func (r *CloudFrontOrigin) Name() string { return "origin of distribution " + r.target.Distribution }

// Target is the distribution: whoever moves any of its behaviours needs the same lease, as each change replaces the whole
// configuration.
func (r *CloudFrontOrigin) Target() string { return "cloudfront_origin," + r.target.Distribution }

// Tier is TierEdge.
func (r *CloudFrontOrigin) Tier() Tier { return TierEdge }

// LargestStep is 0: a behaviour has one origin.
func (r *CloudFrontOrigin) LargestStep() int { return 0 }

// Read asks once. ErrMissing names what is not there. Behaviours that disagree are read as the share of them that leads to
// each colour, which is never taken for done; those that lead elsewhere count for neither, and are unfit.
func (r *CloudFrontOrigin) Read(ctx context.Context) (State, error) {
	found, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	state := r.state(found)
	if r.mixed == nil && state.Weights.Blue > 0 && state.Weights.Green > 0 {
		r.mixed, r.shares = found.leads, state.Weights
	}
	return state, nil
}

func (r *CloudFrontOrigin) get(ctx context.Context) (originsFound, error) {
	out, err := r.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &r.target.Distribution})
	if awsapi.IsNotFound(err) {
		return originsFound{}, fmt.Errorf("the distribution %s: %w", r.target.Distribution, ErrMissing)
	}
	if err != nil {
		return originsFound{}, err
	}
	return r.found(out.Distribution, out.ETag)
}

func (r *CloudFrontOrigin) origin(colour Colour) string {
	if colour == Blue {
		return r.target.BlueOriginID
	}
	return r.target.GreenOriginID
}

// Set replaces the configuration with one whose behaviours lead to the colour, on condition that it is still the one that
// was read. When somebody else changed anything besides, it goes on with what it finds; when they changed the origin of
// one of the behaviours, it is an ErrConcurrentChange.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
func (r *CloudFrontOrigin) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(originsFound)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of CloudFront", r.Name())
	}
	leads, err := r.leads(weights)
	if err != nil {
		return Change{}, err
	}
	for try := 1; ; try++ {
		out, err := r.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &r.target.Distribution, IfMatch: &old.etag, DistributionConfig: led(old.config, leads)})
		if err == nil {
			found, err := r.found(out.Distribution, out.ETag)
			return r.change(found), err
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
		case maps.Equal(now.leads, leads) && !maps.Equal(old.leads, leads):
			return r.change(now), nil // an earlier try of the same call was carried out and its answer was lost
		case !maps.Equal(now.leads, old.leads):
			return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
		case try == cloudFrontTries:
			return Change{}, err
		}
		old = now
	}
}

// leads are the origins that weights ask for.
func (r *CloudFrontOrigin) leads(weights Weights) (map[string]string, error) {
	leads := map[string]string{}
	for _, pattern := range r.target.Behaviors {
		switch {
		case weights == On(Blue, 100):
			leads[pattern] = r.target.BlueOriginID
		case weights == On(Green, 100):
			leads[pattern] = r.target.GreenOriginID
		case r.mixed != nil && weights == r.shares:
			leads[pattern] = r.mixed[pattern]
		default:
			return nil, fmt.Errorf("%s: a behavior of CloudFront has one origin, so traffic cannot be split into %s", r.Name(), weights)
		}
	}
	return leads, nil
}

func (r *CloudFrontOrigin) change(found originsFound) Change {
	return Change{ID: found.etag, Label: "CloudFront configuration " + found.etag, State: r.state(found)}
}

// Wait looks at the distribution until it is Deployed with the origins of the change: CloudFront's word that all edge
// locations have them. That somebody else moved the origins meanwhile is an ErrConcurrentChange.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Distribution.html
func (r *CloudFrontOrigin) Wait(ctx context.Context, change Change) error {
	made, ok := change.State.Precondition.Token.(originsFound)
	if !ok {
		return fmt.Errorf("%s: the change is not one of CloudFront", r.Name())
	}
	if change.State.Settled {
		return nil
	}
	ctx, cancel := r.clock.WithTimeout(ctx, cloudFrontSettleLimit)
	defer cancel()
	for poll := 0; ; poll++ {
		if err := r.clock.Sleep(ctx, cloudFrontPolls[min(poll, len(cloudFrontPolls)-1)]); err != nil {
			return fmt.Errorf("%s is not Deployed yet: %w", change.Label, err)
		}
		now, err := r.get(ctx)
		switch {
		case err != nil:
			return err
		case !maps.Equal(now.leads, made.leads):
			return fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
		case now.deployed:
			return nil
		}
	}
}
