// Package awsapi is the only way from the engines to AWS: the configuration (through aws-sdk-go-base, as in
// hashicorp/aws), one typed client per service and region, and the classes of errors that engines act on.
package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/diag"
)

// DefaultMaxAttempts is how often one AWS call is tried when neither the provider block nor the environment says.
// With the SDK's standard back-off (at most 20 s between tries) it gives up after about two minutes.
const DefaultMaxAttempts = 10

// Config is the provider block's part that concerns AWS. The zero value takes everything from the environment.
type Config struct {
	// Its log of requests and answers is always off, whatever SuppressDebugLog says.
	awsbase.Config

	// Endpoints replaces the address of a service, by the key that hashicorp/aws uses ("lambda", "s3", ...).
	Endpoints map[string]string
	// S3UsePathStyle addresses buckets in the path instead of the host name.
	S3UsePathStyle bool
	// APIOptions are added to every client, after all others: whoever wants to see, or in a test to change, what AWS answers.
	APIOptions []func(*middleware.Stack) error
}

// ServiceKeys are the keys that Config.Endpoints takes.
var ServiceKeys = []string{
	"apigateway", "apigatewayv2", "autoscaling", "cloudfront", "cloudfrontkeyvaluestore", "cloudtrail", "cloudwatch", "configservice", "dynamodb", "ec2",
	"ecs", "elbv2", "eventbridge", "iam", "kms", "lambda", "logs", "pricing", "rds", "route53", "s3", "s3control", "scheduler", "secretsmanager", "sns",
	"sqs", "ssm", "sso", "sts",
}

// ConfigError says that no AWS configuration could be made: credentials, profile, role or region.
type ConfigError struct{ Problems []string }

// Error joins the problems.
func (e *ConfigError) Error() string {
	return "no usable AWS configuration: " + strings.Join(e.Problems, "; ")
}

// ErrNoRegion: a regional service was asked for and nothing says in which Region.
var ErrNoRegion = errors.New("no AWS Region: set region in the provider block or on the resource, or AWS_REGION")

// load resolves credentials and Region. It contacts AWS only where the configuration needs it (assume_role, SSO,
// instance metadata, allowed_account_ids).
func load(ctx context.Context, config Config, version string) (aws.Config, error) {
	base := config.Config
	base.APNInfo = &awsbase.APNInfo{
		PartnerName: "project3-ls",
		Products:    []awsbase.UserAgentProduct{{Name: "terraform-provider-reliability", Version: version}},
	}
	base.CallerName = "reliability provider"
	base.CallerDocumentationURL = "https://registry.terraform.io/providers/project3-ls/reliability/latest/docs"
	if base.MaxRetries == 0 && os.Getenv("AWS_MAX_ATTEMPTS") == "" {
		base.MaxRetries = DefaultMaxAttempts
	}
	if base.MaxBackoff == 0 {
		base.MaxBackoff = 20 * time.Second
	}
	base.StsEndpoint = first(base.StsEndpoint, config.Endpoints["sts"])
	base.SsoEndpoint = first(base.SsoEndpoint, config.Endpoints["sso"])
	base.IamEndpoint = first(base.IamEndpoint, config.Endpoints["iam"])
	// The base library's log gives the buffer that it read an answer into to the next call, while this one still decodes it: under
	// TF_LOG answers would come as a mixture of several (defaultResponseBodyLogger in its logger.go). It also fails what has a line of
	// 64 KiB, and it writes bodies out, with what is secret in them.
	base.SuppressDebugLog = true
	checkAccount := len(base.AllowedAccountIds) > 0 || len(base.ForbiddenAccountIds) > 0
	base.SkipRequestingAccountId = base.SkipRequestingAccountId && !checkAccount

	ctx, loaded, diags := awsbase.GetAwsConfig(ctx, &base)
	if err := problems(diags); err != nil {
		return aws.Config{}, err
	}
	loaded.APIOptions = append(append(loaded.APIOptions, config.APIOptions...), sendPlainBodies)
	if loaded.Retryer != nil {
		loaded.Retryer = withPace(loaded.Retryer)
	}
	if checkAccount {
		account, err := accountOf(ctx, loaded, base)
		if err != nil {
			return aws.Config{}, err
		}
		if err := base.VerifyAccountIDAllowed(account); err != nil {
			return aws.Config{}, &ConfigError{Problems: []string{err.Error()}}
		}
	}
	return loaded, nil
}

// accountOf asks STS. The base library would ask IAM where STS does not answer, by an interface for which the linker keeps all of
// IAM's client: 6 MB for what no account needs, as any principal may call GetCallerIdentity
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
func accountOf(ctx context.Context, loaded aws.Config, base awsbase.Config) (string, error) {
	client := sts.NewFromConfig(loaded, func(o *sts.Options) {
		if base.StsRegion != "" {
			o.Region = base.StsRegion
		}
		if base.StsEndpoint != "" {
			o.BaseEndpoint = &base.StsEndpoint
		}
	})
	identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking STS for the account, which allowed_account_ids or forbidden_account_ids needs: %w", err)
	}
	return aws.ToString(identity.Account), nil
}

func problems(diags diag.Diagnostics) error {
	var found []string
	for _, d := range diags {
		if d.Severity() == diag.SeverityError {
			found = append(found, strings.TrimSpace(d.Summary()+": "+d.Detail()))
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &ConfigError{Problems: found}
}

// ValidateEndpoint returns an error unless endpoint is an absolute http or https URL.
func ValidateEndpoint(endpoint string) error {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("not a URL: %w", err)
	}
	if (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return errors.New("an endpoint is an absolute http or https URL, such as https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com")
	}
	return nil
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
