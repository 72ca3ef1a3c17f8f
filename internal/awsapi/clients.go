package awsapi

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// Clients makes AWS clients when they are first asked for, one per service and Region. Until then nothing is
// resolved and nothing in AWS is contacted. It is safe for many goroutines.
//
// Every method takes the Region to use, or "" for the provider's own, and returns a *ConfigError or ErrNoRegion when
// no client can be made. The clients are kept in typed maps, never in an interface: the linker drops what nobody
// calls, which is most of the SDK.
type Clients struct {
	config  Config
	version string

	mu     sync.Mutex
	loaded *aws.Config

	cloudwatch  map[string]*cloudwatch.Client
	ec2         map[string]*ec2.Client
	eventbridge map[string]*eventbridge.Client
	lambda      map[string]*lambda.Client
	rds         map[string]*rds.Client
	route53     map[string]*route53.Client
	s3          map[string]*s3.Client
	sns         map[string]*sns.Client
	sts         map[string]*sts.Client
}

// New returns clients over config. version is the provider's own, for the user agent.
func New(config Config, version string) *Clients {
	return &Clients{
		config:      config,
		version:     version,
		cloudwatch:  map[string]*cloudwatch.Client{},
		ec2:         map[string]*ec2.Client{},
		eventbridge: map[string]*eventbridge.Client{},
		lambda:      map[string]*lambda.Client{},
		rds:         map[string]*rds.Client{},
		route53:     map[string]*route53.Client{},
		s3:          map[string]*s3.Client{},
		sns:         map[string]*sns.Client{},
		sts:         map[string]*sts.Client{},
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

// client returns the cached client of a service for region, making it on first use.
func client[T any](ctx context.Context, c *Clients, cache map[string]*T, region string, build func(aws.Config) *T) (*T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cached, ok := cache[region]; ok {
		return cached, nil
	}
	config, err := c.resolve(ctx, region)
	if err != nil {
		return nil, err
	}
	cache[region] = build(config)
	return cache[region], nil
}

// CloudWatch returns the CloudWatch client for region.
func (c *Clients) CloudWatch(ctx context.Context, region string) (*cloudwatch.Client, error) {
	return client(ctx, c, c.cloudwatch, region, func(config aws.Config) *cloudwatch.Client {
		return cloudwatch.NewFromConfig(config, func(o *cloudwatch.Options) {
			override(&o.BaseEndpoint, c.endpoint("cloudwatch"))
			if o.BaseEndpoint != nil {
				// Stand-ins for CloudWatch speak JSON, not CBOR; CloudWatch itself speaks both.
				o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
			}
		})
	})
}

// EC2 returns the EC2 client for region.
func (c *Clients) EC2(ctx context.Context, region string) (*ec2.Client, error) {
	return client(ctx, c, c.ec2, region, func(config aws.Config) *ec2.Client {
		return ec2.NewFromConfig(config, func(o *ec2.Options) { override(&o.BaseEndpoint, c.endpoint("ec2")) })
	})
}

// EventBridge returns the EventBridge client for region.
func (c *Clients) EventBridge(ctx context.Context, region string) (*eventbridge.Client, error) {
	return client(ctx, c, c.eventbridge, region, func(config aws.Config) *eventbridge.Client {
		return eventbridge.NewFromConfig(config, func(o *eventbridge.Options) { override(&o.BaseEndpoint, c.endpoint("eventbridge")) })
	})
}

// Lambda returns the Lambda client for region.
func (c *Clients) Lambda(ctx context.Context, region string) (*lambda.Client, error) {
	return client(ctx, c, c.lambda, region, func(config aws.Config) *lambda.Client {
		return lambda.NewFromConfig(config, func(o *lambda.Options) { override(&o.BaseEndpoint, c.endpoint("lambda")) })
	})
}

// RDS returns the RDS client for region.
func (c *Clients) RDS(ctx context.Context, region string) (*rds.Client, error) {
	return client(ctx, c, c.rds, region, func(config aws.Config) *rds.Client {
		return rds.NewFromConfig(config, func(o *rds.Options) { override(&o.BaseEndpoint, c.endpoint("rds")) })
	})
}

// Route53 returns the Route 53 client. Route 53 is global: region only chooses the partition.
func (c *Clients) Route53(ctx context.Context, region string) (*route53.Client, error) {
	return client(ctx, c, c.route53, region, func(config aws.Config) *route53.Client {
		return route53.NewFromConfig(config, func(o *route53.Options) { override(&o.BaseEndpoint, c.endpoint("route53")) })
	})
}

// S3 returns the S3 client for region.
func (c *Clients) S3(ctx context.Context, region string) (*s3.Client, error) {
	return client(ctx, c, c.s3, region, func(config aws.Config) *s3.Client {
		return s3.NewFromConfig(config, func(o *s3.Options) {
			override(&o.BaseEndpoint, c.endpoint("s3"))
			o.UsePathStyle = c.config.S3UsePathStyle
		})
	})
}

// SNS returns the SNS client for region.
func (c *Clients) SNS(ctx context.Context, region string) (*sns.Client, error) {
	return client(ctx, c, c.sns, region, func(config aws.Config) *sns.Client {
		return sns.NewFromConfig(config, func(o *sns.Options) { override(&o.BaseEndpoint, c.endpoint("sns")) })
	})
}

// STS returns the STS client for region.
func (c *Clients) STS(ctx context.Context, region string) (*sts.Client, error) {
	return client(ctx, c, c.sts, region, func(config aws.Config) *sts.Client {
		return sts.NewFromConfig(config, func(o *sts.Options) { override(&o.BaseEndpoint, c.endpoint("sts")) })
	})
}

// AccountID asks STS who the credentials belong to.
func (c *Clients) AccountID(ctx context.Context) (string, error) {
	client, err := c.STS(ctx, "")
	if err != nil {
		return "", err
	}
	identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(identity.Account), nil
}

func override(target **string, endpoint *string) {
	if endpoint != nil {
		*target = endpoint
	}
}
