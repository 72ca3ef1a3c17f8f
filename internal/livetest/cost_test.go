package livetest

import (
	"fmt"
	"strings"
	"testing"
)

// cost is the most that one story costs when nothing fails, in US dollars, at the prices of us-east-1 without a free
// tier.
type cost struct {
	story  string
	most   float64
	why    string
	source string
}

const calls = 1000 // more than any story makes of one kind

var costs = []cost{
	{"lambda", calls * (0.0000002 + 0.128*0.1*0.0000166667), "1,000 invocations of 100 ms at 128 MB", "https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html"},
	{"route53", 0, "no hosted zone lives for twelve hours, and no name server is asked by way of a resolver", "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/troubleshooting-billed-twice.html"},
	{"s3", calls * 0.005 / 1000, "1,000 requests; a few bytes are kept for minutes", "https://aws.amazon.com/s3/pricing/"},
	{"rest", calls * 3.5 / 1e6, "1,000 requests", "https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html"},
	{"http", calls * 1.0 / 1e6, "1,000 requests", "https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html"},
	{"iam", 0, "IAM has no price", "https://docs.aws.amazon.com/IAM/latest/UserGuide/introduction.html"},
	{"parameter", 0, "standard parameters at standard throughput have no price", "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"},
	{"edge", 0, "a store of one key; whatever AWS charges for a few dozen calls of its API is not in this sum", "https://aws.amazon.com/cloudfront/pricing/"},
	{"drift", 0, "a VPC and security groups have no price; nor has the event history of CloudTrail", "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html"},
}

// estimate is what is printed before anything is made.
func estimate() string {
	var text strings.Builder
	total := 0.0
	text.WriteString("At most, at the prices of us-east-1, if everything is removed again:\n")
	for _, c := range costs {
		total += c.most
		fmt.Fprintf(&text, "  %-10s %8.4f USD  %s\n", c.story, c.most, c.why)
	}
	fmt.Fprintf(&text, "  %-10s %8.4f USD  A run that is killed leaves things behind: `make sweep-aws` removes them.\n", "all", total)
	return text.String()
}

func TestTheEstimateNamesEveryStory(t *testing.T) {
	text := estimate()
	for _, story := range stories(t) {
		if !strings.Contains(text, "\n  "+story+" ") {
			t.Errorf("the estimate does not name the story %q:\n%s", story, text)
		}
	}
	for _, c := range costs {
		if c.source == "" || c.why == "" {
			t.Errorf("the price of %s has no source or reason", c.story)
		}
	}
}
