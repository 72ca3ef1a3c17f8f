package awsapi

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/aws-sdk-go-base/v2/endpoints"
)

// Clients makes AWS clients when they are first asked for, one per service and Region. Until then nothing is
// resolved and nothing in AWS is contacted. It is safe for many goroutines.
//
// Every method takes the Region to use, or "" for the provider's own, and returns a *ConfigError or ErrNoRegion when
// no client can be made.
//
// What it returns is not the SDK's client but a facade with only the calls that the engines make. That is for the size of the
// binary: the provider uses reflection, so the linker keeps every exported method of every type that can be reached from a
// value in an interface, through fields, maps and function types alike. An SDK client so reached brings all of its operations
// (EC2 alone 20 MB). The facades hold their client in an unsafe.Pointer, which hides its type.
type Clients struct {
	config  Config
	version string
	// looks are shared with the clients of other roles that AssumeRole makes; identity tells these apart.
	looks    *looks
	identity string

	mu      sync.Mutex
	loaded  *aws.Config
	account string

	apigateway              map[string]*APIGateway
	apigatewayv2            map[string]*APIGatewayV2
	autoscaling             map[string]*AutoScaling
	cloudfront              map[string]*CloudFront
	cloudfrontkeyvaluestore map[string]*CloudFrontKeyValueStore
	cloudtrail              map[string]*CloudTrail
	cloudwatch              map[string]*CloudWatch
	cloudwatchlogs          map[string]*CloudWatchLogs
	configservice           map[string]*ConfigService
	dynamodb                map[string]*DynamoDB
	ec2                     map[string]*EC2
	ecs                     map[string]*ECS
	elbv2                   map[string]*ELBV2
	eventbridge             map[string]*EventBridge
	iam                     map[string]*IAM
	kms                     map[string]*KMS
	lambda                  map[string]*Lambda
	pricing                 map[string]*Pricing
	rds                     map[string]*RDS
	route53                 map[string]*Route53
	s3                      map[string]*S3
	s3control               map[string]*S3Control
	scheduler               map[string]*Scheduler
	secretsmanager          map[string]*SecretsManager
	sns                     map[string]*SNS
	sqs                     map[string]*SQS
	ssm                     map[string]*SSM
	sts                     map[string]*STS
}

// New returns clients over config. version is the provider's own, for the user agent.
func New(config Config, version string) *Clients {
	return &Clients{
		config:                  config,
		version:                 version,
		looks:                   newLooks(),
		apigateway:              map[string]*APIGateway{},
		apigatewayv2:            map[string]*APIGatewayV2{},
		autoscaling:             map[string]*AutoScaling{},
		cloudfront:              map[string]*CloudFront{},
		cloudfrontkeyvaluestore: map[string]*CloudFrontKeyValueStore{},
		cloudtrail:              map[string]*CloudTrail{},
		cloudwatch:              map[string]*CloudWatch{},
		cloudwatchlogs:          map[string]*CloudWatchLogs{},
		configservice:           map[string]*ConfigService{},
		dynamodb:                map[string]*DynamoDB{},
		ec2:                     map[string]*EC2{},
		ecs:                     map[string]*ECS{},
		elbv2:                   map[string]*ELBV2{},
		eventbridge:             map[string]*EventBridge{},
		iam:                     map[string]*IAM{},
		kms:                     map[string]*KMS{},
		lambda:                  map[string]*Lambda{},
		pricing:                 map[string]*Pricing{},
		rds:                     map[string]*RDS{},
		route53:                 map[string]*Route53{},
		s3:                      map[string]*S3{},
		s3control:               map[string]*S3Control{},
		scheduler:               map[string]*Scheduler{},
		secretsmanager:          map[string]*SecretsManager{},
		sns:                     map[string]*SNS{},
		sqs:                     map[string]*SQS{},
		ssm:                     map[string]*SSM{},
		sts:                     map[string]*STS{},
	}
}

// resolve returns the configuration for a Region. It must be called with the lock held. A failure is not kept: the
// next caller tries again.
func (c *Clients) resolve(ctx context.Context, region string) (aws.Config, error) {
	if c.loaded == nil {
		loaded, err := load(ctx, c.config, c.version)
		if err != nil {
			return aws.Config{}, err
		}
		loaded.APIOptions = append(loaded.APIOptions, shareLooks(c.identity))
		c.loaded = &loaded
	}
	config := c.loaded.Copy()
	if region != "" {
		config.Region = region
	}
	if config.Region == "" {
		return aws.Config{}, ErrNoRegion
	}
	return config, nil
}

// endpoint returns the provider block's own address of a service, or nil.
func (c *Clients) endpoint(key string) *string {
	if address := c.config.Endpoints[key]; address != "" {
		return &address
	}
	return nil
}

// Region returns the Region that a client made with region would use.
func (c *Clients) Region(ctx context.Context, region string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	config, err := c.resolve(ctx, region)
	return config.Region, err
}

// DNSSuffix is what the addresses of AWS end in, in the partition of a Region: "amazonaws.com", in China "amazonaws.com.cn".
func DNSSuffix(region string) string {
	if partition, ok := endpoints.PartitionForRegion(endpoints.DefaultPartitions(), region); ok {
		return partition.DNSSuffix()
	}
	return "amazonaws.com"
}

// AccountID asks STS, once, who the credentials belong to.
func (c *Clients) AccountID(ctx context.Context) (string, error) {
	c.mu.Lock()
	known := c.account
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	client, err := c.STS(ctx, "")
	if err != nil {
		return "", err
	}
	identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account = aws.ToString(identity.Account)
	return c.account, nil
}

// facade returns the kept facade of a service for region, making it on first use.
func facade[F any](ctx context.Context, c *Clients, kept map[string]*F, region string, build func(aws.Config) *F) (*F, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made, ok := kept[region]; ok {
		return made, nil
	}
	config, err := c.resolve(ctx, region)
	if err != nil {
		return nil, err
	}
	kept[region] = build(config)
	return kept[region], nil
}

func override(target **string, endpoint *string) {
	if endpoint != nil {
		*target = endpoint
	}
}
