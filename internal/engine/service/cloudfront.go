package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// CloudFrontAPI is what the cloudfront_distribution service asks of the CloudFront client.
type CloudFrontAPI interface {
	CloudFrontReferenceAPI
	GetDistribution(ctx context.Context, in *cloudfront.GetDistributionInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error)
	UpdateDistribution(ctx context.Context, in *cloudfront.UpdateDistributionInput, opts ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error)
}

// CloudFrontDistribution is the cloudfront_distribution service: the whole configuration of a distribution. What the
// configuration refers to (functions, policies, access controls, certificates) is captured by its name only: one that was
// deleted since makes the capture ErrUnrestorable, one that was changed under its name stays as it is now. Neither the cache
// nor tags are part of it. Every change goes over the version that was read (If-Match).
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
type CloudFrontDistribution struct {
	client CloudFrontAPI
	edge   EdgeFunctions
	clock  clock.Clock
	id     string
}

// NewCloudFrontDistribution returns the service of the distribution of an id. edge gives the client that knows Lambda@Edge functions.
func NewCloudFrontDistribution(client CloudFrontAPI, edge EdgeFunctions, clk clock.Clock, id string) *CloudFrontDistribution {
	return &CloudFrontDistribution{client: client, edge: edge, clock: clk, id: id}
}

// distributionState is what is captured. Origin custom headers are in it with their values: CloudFront keeps no older ones,
// and without them an origin may refuse every request.
type distributionState struct {
	ETag   string                    `json:"etag"` // at the capture
	Config *types.DistributionConfig `json:"config"`
}

type distributionApply struct {
	Config *types.DistributionConfig `json:"config"`
	Seen   json.RawMessage           `json:"seen"` // the live configuration at Diff, in normal form
	ETag   string                    `json:"etag"` // at Diff
}

const (
	// "usually within a few minutes": https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html
	deployEstimate = 5 * time.Minute
	deployTimeout  = 25 * time.Minute
	deployFirst    = 250 * time.Millisecond
	deployMax      = 10 * time.Second
	// overwriteTries bounds how often a change goes over a new version of the same content.
	overwriteTries = 3
)

// Name is cloudfront_distribution.
func (c *CloudFrontDistribution) Name() string { return "cloudfront_distribution" }

// Target is the id.
func (c *CloudFrontDistribution) Target() string { return c.id }

// Capture reads the distribution.
func (c *CloudFrontDistribution) Capture(ctx context.Context) (Item, error) {
	live, err := c.read(ctx)
	if err != nil {
		return Item{}, err
	}
	raw, err := canonical(distributionState{ETag: live.etag, Config: live.config})
	return Item{
		Service: c.Name(), Target: c.id, Summary: fmt.Sprintf("distribution %s (%s) at %s", c.id, live.names(), live.etag),
		Objects: 1, State: raw, Warnings: c.warnings(live.config),
	}, err
}

// warnings says what a restore cannot bring back, and what of the capture is not for everybody's eyes.
func (c *CloudFrontDistribution) warnings(config *types.DistributionConfig) []string {
	var said []string
	for _, origin := range config.Origins.Items {
		if origin.CustomHeaders == nil {
			continue
		}
		for _, header := range origin.CustomHeaders.Items {
			said = append(said, fmt.Sprintf("The snapshot holds the value of the custom header %s of origin %s, which CloudFront keeps no older version of. Keep the store private.",
				aws.ToString(header.HeaderName), aws.ToString(origin.Id)))
		}
	}
	if id := aws.ToString(config.ContinuousDeploymentPolicyId); id != "" {
		said = append(said, fmt.Sprintf("The distribution takes part in continuous deployment (policy %s). A rollback attaches the policy again; what its staging distribution serves is not captured with it.", id))
	}
	return said
}

// liveDistribution is a distribution as it is now.
type liveDistribution struct {
	config   *types.DistributionConfig
	etag     string
	deployed bool
	domain   string
}

// names are what people know a distribution by.
func (l liveDistribution) names() string {
	if l.config.Aliases != nil && len(l.config.Aliases.Items) > 0 {
		return strings.Join(l.config.Aliases.Items, ", ")
	}
	return l.domain
}

func (c *CloudFrontDistribution) read(ctx context.Context) (liveDistribution, error) {
	out, err := c.client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &c.id})
	if awsapi.IsNotFound(err) {
		return liveDistribution{}, fmt.Errorf("distribution %s: %w: %w", c.id, ErrMissing, err)
	}
	if err != nil {
		return liveDistribution{}, fmt.Errorf("read distribution %s: %w", c.id, err)
	}
	live := liveDistribution{
		config: out.Distribution.DistributionConfig, etag: aws.ToString(out.ETag), deployed: aws.ToString(out.Distribution.Status) == "Deployed",
		domain: aws.ToString(out.Distribution.DomainName),
	}
	if live.config == nil || live.config.Origins == nil || live.config.DefaultCacheBehavior == nil {
		return liveDistribution{}, fmt.Errorf("distribution %s is no standard distribution, and others cannot be captured: %w", c.id, ErrUnrestorable)
	}
	return live, nil
}

// Diff compares the configuration with the captured one. What it refers to must still be there.
func (c *CloudFrontDistribution) Diff(ctx context.Context, item Item) ([]Change, error) {
	var state distributionState
	if err := json.Unmarshal(item.State, &state); err != nil || state.Config == nil || state.Config.Origins == nil || state.Config.DefaultCacheBehavior == nil {
		return nil, fmt.Errorf("the captured state of distribution %s cannot be read: %w", c.id, errors.Join(err, ErrUnrestorable))
	}
	live, err := c.read(ctx)
	if errors.Is(err, ErrMissing) {
		return nil, fmt.Errorf("distribution %s was deleted, and a new one would have another id and address: %w", c.id, ErrUnrestorable)
	}
	if err != nil {
		return nil, err
	}
	want := *state.Config
	want.CallerReference = live.config.CallerReference // never changes
	if aws.ToBool(want.Staging) != aws.ToBool(live.config.Staging) {
		return nil, fmt.Errorf("distribution %s is another kind of distribution (staging or not) than at the capture, which cannot be changed: %w", c.id, ErrUnrestorable)
	}
	partly, err := c.withoutGonePolicy(ctx, &want, live.config)
	if err != nil {
		return nil, err
	}
	wanted, seen, err := normalPair(&want, live.config)
	if err != nil || string(wanted) == string(seen) {
		return nil, errors.Join(err, partly)
	}
	if err := c.needReferences(ctx, &want, live.config); err != nil {
		return nil, err
	}
	detail, err := describeDistribution(seen, wanted)
	if err != nil {
		return nil, err
	}
	raw, err := canonical(distributionApply{Config: &want, Seen: seen, ETag: live.etag})
	return []Change{{
		Service: c.Name(), Action: Update, Detail: fmt.Sprintf("distribution %s: %s", c.id, detail), Reversible: true, Estimate: deployEstimate, Apply: raw,
	}}, errors.Join(err, partly)
}

// Restore puts the configuration back, provided that nobody changed it since Diff. Verify waits until it is deployed.
func (c *CloudFrontDistribution) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply distributionApply
		err := json.Unmarshal(change.Apply, &apply)
		if err == nil {
			err = c.restore(ctx, apply)
		}
		if err != nil {
			return fmt.Errorf("restore distribution %s: %w", c.id, err)
		}
	}
	return nil
}

func (c *CloudFrontDistribution) restore(ctx context.Context, apply distributionApply) error {
	for try := 1; ; try++ {
		_, err := c.client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &c.id, IfMatch: &apply.ETag, DistributionConfig: apply.Config})
		if !awsapi.IsPrecondition(err) {
			return refusal(apply.Config, err)
		}
		// Done before (or its answer was lost), or somebody else came in between.
		live, readErr := c.read(ctx)
		if readErr != nil {
			return errors.Join(readErr, err)
		}
		wanted, is, normalErr := normalPair(apply.Config, live.config)
		switch {
		case normalErr != nil:
			return normalErr
		case string(wanted) == string(is):
			return nil
		case string(is) != string(apply.Seen) || try == overwriteTries:
			return fmt.Errorf("%w: %w", ErrConcurrentChange, err)
		}
		apply.ETag = live.etag // another version of what Diff saw
	}
}

// refusal says what CloudFront's refusal of a configuration means that it once took.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html#API_UpdateDistribution_Errors
func refusal(config *types.DistributionConfig, err error) error {
	failure, _ := awsapi.Explain(err)
	var means string
	switch failure.Code {
	case "CNAMEAlreadyExists":
		var names []string
		if config.Aliases != nil {
			names = config.Aliases.Items
		}
		means = fmt.Sprintf("one of its names (%s) belongs to another distribution now; move it back there first (AssociateAlias, or list-conflicting-aliases to find the other one)", strings.Join(names, ", "))
	case "InvalidViewerCertificate":
		means = "its certificate is gone, expired or does not cover its names any more; import or renew it first"
	case "InvalidWebACLId":
		means = fmt.Sprintf("its web ACL %s is gone", aws.ToString(config.WebACLId))
	case "InvalidLambdaFunctionAssociation":
		means = "one of its Lambda@Edge functions is gone"
	case "StagingDistributionInUse", "ContinuousDeploymentPolicyInUse":
		means = fmt.Sprintf("its continuous deployment policy %s is in use elsewhere now", aws.ToString(config.ContinuousDeploymentPolicyId))
	default:
		return err
	}
	return fmt.Errorf("CloudFront does not take the captured configuration, because %s (%s: %s): %w", means, failure.Code, failure.Message, ErrUnrestorable)
}

// Verify reads the configuration back and waits until it is deployed to every edge location, for at most 25 minutes.
func (c *CloudFrontDistribution) Verify(ctx context.Context, item Item) error {
	if err := verify(ctx, c, item); err != nil {
		return err
	}
	ctx, cancel := c.clock.WithTimeout(ctx, deployTimeout)
	defer cancel()
	for delay := deployFirst; ; delay = min(2*delay, deployMax) {
		live, err := c.read(ctx)
		if err != nil {
			return err
		}
		if live.deployed {
			return verify(ctx, c, item)
		}
		if err := c.clock.Sleep(ctx, delay); err != nil {
			return fmt.Errorf("distribution %s has the captured configuration, but not every edge location serves it yet (InProgress): %w", c.id, err)
		}
	}
}

// Check is a read: one call.
func (c *CloudFrontDistribution) Check(ctx context.Context) error {
	_, err := c.read(ctx)
	return err
}

// behaviors are all cache behaviours of a configuration, the default one first, as one type.
func behaviors(config *types.DistributionConfig) []types.CacheBehavior {
	d := config.DefaultCacheBehavior
	all := []types.CacheBehavior{{
		CachePolicyId: d.CachePolicyId, OriginRequestPolicyId: d.OriginRequestPolicyId, ResponseHeadersPolicyId: d.ResponseHeadersPolicyId,
		FieldLevelEncryptionId: d.FieldLevelEncryptionId, RealtimeLogConfigArn: d.RealtimeLogConfigArn, TrustedKeyGroups: d.TrustedKeyGroups,
		FunctionAssociations: d.FunctionAssociations, LambdaFunctionAssociations: d.LambdaFunctionAssociations,
	}}
	if config.CacheBehaviors == nil {
		return all
	}
	return slices.Concat(all, config.CacheBehaviors.Items)
}
