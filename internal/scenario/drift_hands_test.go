package scenario

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// hand is something that a person does in AWS, and what is found then. back undoes it; nil where it is the end of the resource.
type hand struct {
	address, path string // an empty path is a deletion
	category      drift.Category
	there, back   func(context.Context) error
}

// done drops the answer of a call.
func done[T any](_ T, err error) error { return err }

// byHand does one thing after another in AWS: exactly that is found, and nothing once it is taken back.
func (l *look) byHand(t *testing.T, hands []hand) {
	t.Helper()
	readers := live.Readers(l.clients())
	state := l.read(readers)
	for _, hand := range hands {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := hand.there(ctx); err != nil {
			t.Errorf("%s %s: %v", hand.address, hand.path, err)
			cancel()
			continue
		}
		kind, _, _ := strings.Cut(hand.address, ".")
		result := l.detect(readers, state, kind)
		hand.check(t, result)
		l.agrees(t, hand, result)
		if hand.back != nil {
			if err := hand.back(ctx); err != nil {
				t.Errorf("%s %s, back: %v", hand.address, hand.path, err)
			}
			if result := l.detect(readers, state, kind); len(result.Items) != 0 {
				t.Errorf("%s %s is back and still differs: %+v", hand.address, hand.path, result.Items[0].Changes)
			}
		}
		cancel()
	}
}

func (h hand) check(t *testing.T, result *drift.Result) {
	t.Helper()
	if len(result.Items) != 1 || string(result.Items[0].Address) != h.address || len(result.Unverified) != 0 {
		t.Errorf("%s of %s was changed; found %+v, unverified %+v", h.path, h.address, result.Items, result.Unverified)
		return
	}
	item := result.Items[0]
	switch {
	case h.path == "" && (item.Kind != drift.Deleted || item.Category != drift.Critical):
		t.Errorf("%s is gone: %s, %s", h.address, item.Kind, item.Category)
	case h.path != "" && (item.Category != h.category || !strings.HasPrefix(item.Changes[0].Path, h.path)):
		t.Errorf("%s of %s: found %s (%s)", h.path, h.address, item.Changes[0].Path, item.Category)
	}
	for _, change := range item.Changes {
		if !strings.HasPrefix(change.Path, h.path) {
			t.Errorf("%s of %s was changed, and %s was found", h.path, h.address, change.Path)
		}
	}
}

// id is what the state calls a resource's id.
func (l *look) id(state *drift.State, address string) *string {
	l.t.Helper()
	for _, resource := range state.Resources {
		if string(resource.Address) == address {
			return aws.String(resource.ID)
		}
	}
	l.t.Fatalf("%s is not in the state", address)
	return nil
}

func (l *look) networkHands(state *drift.State) []hand {
	client := ec2.NewFromConfig(l.emulator.AWSConfig())
	id := func(address string) *string { return l.id(state, address) }
	public := func(on bool) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(client.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{
				SubnetId: id("aws_subnet.a"), MapPublicIpOnLaunch: &ec2types.AttributeBooleanValue{Value: &on},
			}))
		}
	}
	route := func(ctx context.Context) error {
		return done(client.CreateRoute(ctx, &ec2.CreateRouteInput{
			RouteTableId: id("aws_route_table.standalone"), DestinationCidrBlock: aws.String("203.0.113.0/24"), GatewayId: id("aws_internet_gateway.main"),
		}))
	}
	noRoute := func(ctx context.Context) error {
		return done(client.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: id("aws_route_table.standalone"), DestinationCidrBlock: aws.String("203.0.113.0/24")}))
	}
	entry := func(ctx context.Context) error {
		return done(client.CreateNetworkAclEntry(ctx, &ec2.CreateNetworkAclEntryInput{
			NetworkAclId: id("aws_network_acl.standalone"), RuleNumber: aws.Int32(50), Protocol: aws.String("-1"), RuleAction: ec2types.RuleActionAllow,
			CidrBlock: aws.String("0.0.0.0/0"), Egress: aws.Bool(false),
		}))
	}
	noEntry := func(ctx context.Context) error {
		return done(client.DeleteNetworkAclEntry(ctx, &ec2.DeleteNetworkAclEntryInput{NetworkAclId: id("aws_network_acl.standalone"), RuleNumber: aws.Int32(50), Egress: aws.Bool(false)}))
	}
	tag := func(address, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*id(address)}, Tags: []ec2types.Tag{{Key: aws.String("Team"), Value: &value}}}))
		}
	}
	hands := []hand{
		{"aws_subnet.a", "map_public_ip_on_launch", drift.Critical, public(false), public(true)},
		{"aws_route_table.standalone", "route.203.0.113.0/24", drift.Critical, route, noRoute},
		{"aws_network_acl.standalone", "ingress.50", drift.Critical, entry, noEntry},
	}
	for _, address := range []string{
		"aws_vpc.main", "aws_subnet.a", "aws_internet_gateway.main", "aws_nat_gateway.main", "aws_route_table.inline", "aws_network_acl.inline",
		"aws_vpc_endpoint.s3", "aws_security_group.inline", "aws_instance.web", "aws_ebs_volume.data",
	} {
		hands = append(hands, hand{address, "tags.Team", drift.Minor, tag(address, "other"), tag(address, "drift")})
	}
	return hands
}

func (l *look) otherHands(state *drift.State) []hand {
	config := l.emulator.AWSConfig()
	buckets := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	roles, keys, tables, functions := iam.NewFromConfig(config), kms.NewFromConfig(config), dynamodb.NewFromConfig(config), lambda.NewFromConfig(config)
	topics, parameters, secrets, logs := sns.NewFromConfig(config), ssm.NewFromConfig(config), secretsmanager.NewFromConfig(config), cloudwatchlogs.NewFromConfig(config)
	groups, apis, names := autoscaling.NewFromConfig(config), apigatewayv2.NewFromConfig(config), route53.NewFromConfig(config)
	id := func(address string) *string { return l.id(state, address) }
	site := aws.String("drift-site")

	versioning := func(status s3types.BucketVersioningStatus) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: site, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status}}))
		}
	}
	access := func(block bool) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: site, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
				BlockPublicAcls: &block, BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
			}}))
		}
	}
	trust := func(who string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(roles.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("drift-app"), PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + who + `,"Action":"sts:AssumeRole"}]}`,
			)}))
		}
	}
	rotation := func(ctx context.Context) error {
		return done(keys.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: id("aws_kms_key.main")}))
	}
	rotationBack := func(ctx context.Context) error {
		return done(keys.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: id("aws_kms_key.main")}))
	}
	capacity := func(read int64) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{
				TableName: aws.String("orders"), ProvisionedThroughput: &dynamotypes.ProvisionedThroughput{ReadCapacityUnits: &read, WriteCapacityUnits: aws.Int64(5)},
			}))
		}
	}
	alias := func(description string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(functions.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: aws.String("drift-fn"), Name: aws.String("live"), Description: &description}))
		}
	}
	sources := func(size int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(functions.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: id("aws_lambda_event_source_mapping.orders"), BatchSize: &size}))
		}
	}
	display := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(topics.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: id("aws_sns_topic.alerts"), AttributeName: aws.String("DisplayName"), AttributeValue: &name}))
		}
	}
	raw := func(on string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(topics.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{
				SubscriptionArn: id("aws_sns_topic_subscription.fn"), AttributeName: aws.String("RawMessageDelivery"), AttributeValue: &on,
			}))
		}
	}
	described := func(text string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(secrets.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: id("aws_secretsmanager_secret.db"), Description: &text}))
		}
	}
	retention := func(days int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/drift/app"), RetentionInDays: &days}))
		}
	}
	size := func(most int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MaxSize: &most}))
		}
	}
	target := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(apis.UpdateApi(ctx, &apigatewayv2.UpdateApiInput{ApiId: id("aws_apigatewayv2_api.http"), Name: &name}))
		}
	}
	record := func(address string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(names.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: id("aws_route53_zone.main"), ChangeBatch: &route53types.ChangeBatch{
				Changes: []route53types.Change{{Action: route53types.ChangeActionUpsert, ResourceRecordSet: &route53types.ResourceRecordSet{
					Name: aws.String("www.drift.example"), Type: route53types.RRTypeA, TTL: aws.Int64(60),
					ResourceRecords: []route53types.ResourceRecord{{Value: &address}, {Value: aws.String("192.0.2.2")}},
				}}},
			}}))
		}
	}
	services := `{"Service":["lambda.amazonaws.com","ecs-tasks.amazonaws.com"]}`
	return []hand{
		{"aws_s3_bucket_versioning.site", "versioning_configuration.status", drift.Critical, versioning(s3types.BucketVersioningStatusSuspended), versioning(s3types.BucketVersioningStatusEnabled)},
		{"aws_s3_bucket_public_access_block.site", "block_public_acls", drift.Critical, access(false), access(true)},
		{"aws_iam_role.app", "assume_role_policy", drift.Critical, trust(`{"AWS":"*"}`), trust(services)},
		{"aws_kms_key.main", "enable_key_rotation", drift.Major, rotation, rotationBack},
		{"aws_dynamodb_table.orders", "read_capacity", drift.Major, capacity(50), capacity(5)},
		{"aws_lambda_alias.live", "description", drift.Minor, alias("other"), alias("what customers get")},
		{"aws_lambda_event_source_mapping.orders", "batch_size", drift.Major, sources(7), sources(50)},
		{"aws_sns_topic.alerts", "display_name", drift.Minor, display("Other"), display("Alerts")},
		{"aws_sns_topic_subscription.fn", "raw_message_delivery", drift.Major, raw("true"), raw("false")},
		{"aws_secretsmanager_secret.db", "description", drift.Minor, described("other"), described("password")},
		{"aws_cloudwatch_log_group.app", "retention_in_days", drift.Minor, retention(1), retention(30)},
		{"aws_autoscaling_group.web", "max_size", drift.Major, size(9), size(3)},
		{"aws_apigatewayv2_api.http", "name", drift.Minor, target("other"), target("http")},
		{"aws_route53_record.www", "records", drift.Critical, record("198.51.100.1"), record("192.0.2.1")},
		{"aws_ssm_parameter.plain", "version", drift.Major, func(ctx context.Context) error {
			return done(parameters.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/drift/plain"), Value: aws.String("two"), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)}))
		}, nil},
		{"aws_iam_role_policy_attachment.read", "", drift.Critical, func(ctx context.Context) error {
			return done(roles.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("drift-app"), PolicyArn: id("aws_iam_policy.read")}))
		}, nil},
		{"aws_s3_bucket_policy.site", "", drift.Critical, func(ctx context.Context) error {
			return done(buckets.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: site}))
		}, nil},
		{"aws_lambda_permission.events", "", drift.Critical, func(ctx context.Context) error {
			return done(functions.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: aws.String("drift-fn"), StatementId: aws.String("events")}))
		}, nil},
		{"aws_cloudwatch_log_group.app", "", drift.Critical, func(ctx context.Context) error {
			return done(logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/drift/app")}))
		}, nil},
		{"aws_dynamodb_table.streamed", "", drift.Critical, func(ctx context.Context) error {
			return done(tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("streamed")}))
		}, nil},
	}
}
