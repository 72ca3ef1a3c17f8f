package checkset

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// The forms of names in AWS; what AWS alone knows is left to it.
var (
	bucketName = text{"Invalid bucket", "write the name of a bucket, such as \"www.example.com\", without s3:// and without a key.", matches("bucket", `^([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]|arn:[^/]+:accesspoint[:/].+)$`)}
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistribution.html
	distributionID = text{"Invalid distribution", "write the id of a distribution, such as \"E1A2B3C4D5E6F7\"; aws_cloudfront_distribution has it as id.", matches("id of a distribution", `^[A-Z0-9]+$`)}
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
	targetGroupARN = text{"Invalid ARN", "give the ARN of a target group; aws_lb_target_group has it as arn.", matches("ARN of a target group", `^arn:[^:]+:elasticloadbalancing:[^:]+:\d{12}:targetgroup/.+$`)}
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
	principalARN = text{
		"Invalid ARN", "give the ARN of a role, user or group (arn:aws:iam::123456789012:role/deploy). A session (arn:aws:sts::...:assumed-role/...) cannot be simulated, but its role can.",
		matches("ARN of a role, user or group", `^arn:[^:]+:iam::\d{12}:(role|user|group)/.+$`),
	}
	iamAction = text{"Invalid action", "write a service and an action of it, such as \"s3:GetObject\".", matches("action of IAM", `^[A-Za-z0-9-]+:[A-Za-z0-9]+$`)}
	// https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html
	apiID      = text{"Invalid API", "write the id of an API, such as \"a1b2c3d4e5\"; aws_api_gateway_rest_api and aws_apigatewayv2_api have it as id.", matches("id of an API", `^[A-Za-z0-9]+$`)}
	stageName  = text{"Invalid stage", "write the name of a stage, such as \"prod\" or \"$default\".", matches("name of a stage", `^(\$default|[A-Za-z0-9_-]{1,128})$`)}
	pageOrigin = text{"Invalid origin", `write scheme, host and port as a browser does, such as "https://www.example.com".`, func(s string) error {
		_, err := probe.ParseOrigin(s)
		return err
	}}
	pagePath = text{"Invalid path", "write the path of a page, such as \"/\" or \"/docs/index.html\".", probe.ParsePath}

	statistic = text{"Invalid statistic", "write Average, Sum, Minimum, Maximum, SampleCount, or an extended statistic such as p99.", func(s string) error {
		_, err := probe.ParseStatistic(s)
		return err
	}}
	metricPeriod = text{"Invalid period", "write 1s, 5s, 10s, 20s, 30s, or whole minutes up to a day, such as \"5m\".", func(s string) error {
		_, err := probe.ParsePeriod(s)
		return err
	}}
	comparison = text{
		"Invalid comparison", "write <, <=, > or >=, or LessThanThreshold, LessThanOrEqualToThreshold, GreaterThanThreshold or GreaterThanOrEqualToThreshold.", func(s string) error {
			_, err := probe.ParseComparison(s)
			return err
		},
	}
)

// matches checks a string's form by a pattern.
func matches(what, pattern string) func(string) error {
	form := regexp.MustCompile(pattern)
	return func(s string) error {
		if !form.MatchString(s) {
			return fmt.Errorf("%q is no %s", s, what)
		}
		return nil
	}
}

// toURL converts `url` of an AWS kind; null is nil: the address that AWS gives.
func toURL(address types.String, at path.Path, diags *diag.Diagnostics) *url.URL {
	if address.IsNull() {
		return nil
	}
	parsed, err := probe.ParseURL(address.ValueString())
	invalid(diags, at, err)
	return parsed
}
