package probe

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// CloudFrontAPI is what a CloudFront check calls.
type CloudFrontAPI interface {
	GetDistribution(context.Context, *cloudfront.GetDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error)
}

// CloudFront asks whether a distribution is there for everybody, and then for pages.
type CloudFront struct {
	Client func(context.Context) (CloudFrontAPI, error) // made at the first attempt
	ID     string
	Paths  []string
	URL    *url.URL // stands in for the distribution's own domain name; nil means that
}

// Name is "cloudfront".
func (*CloudFront) Name() string { return "cloudfront" }

// deployed is the status of a distribution whose configuration has reached all edge locations:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-returned.html
const deployed = "Deployed"

// Probe reads the distribution once and, when it is enabled and deployed, asks for each path.
func (c *CloudFront) Probe(ctx context.Context) Observation {
	started := time.Now()
	what := "read the distribution " + c.ID
	client, err := c.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, what, err, 0)
	}
	output, err := client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(c.ID)}, func(o *cloudfront.Options) { o.RetryMaxAttempts = awsAttempts })
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return absent(latency, "there is no distribution %s in this account", c.ID)
	case err != nil:
		return refused(ctx, what, "cloudfront:GetDistribution", err, latency)
	case output.Distribution == nil || output.Distribution.DistributionConfig == nil:
		return Observation{Status: Error, Latency: latency, Reason: what + ": AWS answered without a distribution"}
	}
	seen := c.reached(output.Distribution)
	if seen.Status == Pass {
		base := c.URL
		if base == nil {
			base = &url.URL{Scheme: "https", Host: aws.ToString(output.Distribution.DomainName), Path: "/"}
		}
		pages := served(ctx, base, c.Paths)
		seen.Status, seen.Reason = pages.Status, pages.Reason
		maps.Copy(seen.Values, pages.Values)
	}
	seen.Latency = time.Since(started)
	return seen
}

// reached tells whether viewers get this configuration, wherever they are.
func (c *CloudFront) reached(distribution *types.Distribution) Observation {
	status, enabled := aws.ToString(distribution.Status), aws.ToBool(distribution.DistributionConfig.Enabled)
	seen := Observation{Status: Pass, Values: map[string]string{
		"status": status, "enabled": strconv.FormatBool(enabled), "domain_name": aws.ToString(distribution.DomainName),
	}}
	switch {
	case !enabled:
		return seen.fail("the distribution %s is disabled", c.ID)
	case status != deployed:
		return seen.fail("the distribution %s is %s, not %s: its last change has not reached all edge locations", c.ID, status, deployed)
	}
	return seen
}
