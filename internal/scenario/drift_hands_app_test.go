package scenario

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

// watchHands change an alarm, which AWS takes as a whole, in one parameter each.
func (l *look) watchHands(state *drift.State) []hand {
	alarms := cloudwatch.NewFromConfig(l.emulator.AWSConfig(), func(o *cloudwatch.Options) {
		o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
	})
	put := func(change func(*cloudwatch.PutMetricAlarmInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			input := &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("drift-errors"), AlarmDescription: aws.String("too many errors"), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold,
				EvaluationPeriods: aws.Int32(2), MetricName: aws.String("Errors"), Namespace: aws.String("AWS/Lambda"), Period: aws.Int32(60), Statistic: cloudwatchtypes.StatisticSum,
				Threshold: aws.Float64(5), AlarmActions: []string{*l.id(state, "aws_sns_topic.alerts")}, ActionsEnabled: aws.Bool(true), TreatMissingData: aws.String("missing"),
				Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("FunctionName"), Value: aws.String("drift-fn")}},
			}
			if change != nil {
				change(input)
			}
			return done(alarms.PutMetricAlarm(ctx, input))
		}
	}
	var hands []hand
	for _, c := range []struct {
		path     string
		category drift.Category
		change   func(*cloudwatch.PutMetricAlarmInput)
	}{
		{"threshold", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = aws.Float64(500) }},
		{"period", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.Period = aws.Int32(300) }},
		{"evaluation_periods", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(5) }},
		{"comparison_operator", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) {
			in.ComparisonOperator = cloudwatchtypes.ComparisonOperatorLessThanThreshold
		}},
		{"statistic", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = cloudwatchtypes.StatisticAverage }},
		{"metric_name", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.MetricName = aws.String("Throttles") }},
		{"treat_missing_data", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.TreatMissingData = aws.String("breaching") }},
		{"actions_enabled", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.ActionsEnabled = aws.Bool(false) }},
		{"alarm_actions", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.AlarmActions = nil }},
		{"alarm_description", drift.Minor, func(in *cloudwatch.PutMetricAlarmInput) { in.AlarmDescription = aws.String("other") }},
		{"dimensions.FunctionName", drift.Major, func(in *cloudwatch.PutMetricAlarmInput) { in.Dimensions[0].Value = aws.String("other") }},
	} {
		hands = append(hands, hand{"aws_cloudwatch_metric_alarm.errors", c.path, c.category, put(c.change), put(nil)})
	}
	return hands
}

// edgeHands are one update call a line, of what customers see first.
func (l *look) edgeHands(state *drift.State) []hand {
	config := l.emulator.AWSConfig()
	rest, names, cdn := apigateway.NewFromConfig(config), route53.NewFromConfig(config), cloudfront.NewFromConfig(config)
	id := func(address string) *string { return l.id(state, address) }
	patch := func(path, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(rest.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{
				RestApiId: id("aws_api_gateway_rest_api.rest"), PatchOperations: []apitypes.PatchOperation{{Op: apitypes.OpReplace, Path: &path, Value: &value}},
			}))
		}
	}
	stage := func(path, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(rest.UpdateStage(ctx, &apigateway.UpdateStageInput{
				RestApiId: id("aws_api_gateway_rest_api.rest"), StageName: aws.String("prod"), PatchOperations: []apitypes.PatchOperation{{Op: apitypes.OpReplace, Path: &path, Value: &value}},
			}))
		}
	}
	distribution := func(change func(*cloudfronttypes.DistributionConfig)) func(context.Context) error {
		return func(ctx context.Context) error {
			current, err := cdn.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: id("aws_cloudfront_distribution.cdn")})
			if err != nil {
				return err
			}
			change(current.DistributionConfig)
			return done(cdn.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{
				Id: id("aws_cloudfront_distribution.cdn"), IfMatch: current.ETag, DistributionConfig: current.DistributionConfig,
			}))
		}
	}
	record := func(set route53types.ResourceRecordSet) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(names.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: id("aws_route53_zone.main"), ChangeBatch: &route53types.ChangeBatch{
				Changes: []route53types.Change{{Action: route53types.ChangeActionUpsert, ResourceRecordSet: &set}},
			}}))
		}
	}
	www := func(ttl int64) route53types.ResourceRecordSet {
		return route53types.ResourceRecordSet{Name: aws.String("www.drift.example"), Type: route53types.RRTypeA, TTL: &ttl, ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("192.0.2.1")}, {Value: aws.String("192.0.2.2")}}}
	}
	blue := func(weight int64) route53types.ResourceRecordSet {
		return route53types.ResourceRecordSet{
			Name: aws.String("api.drift.example"), Type: route53types.RRTypeCname, TTL: aws.Int64(60), SetIdentifier: aws.String("blue"), Weight: &weight,
			ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("blue.example.com")}},
		}
	}
	comment := func(text string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(names.UpdateHostedZoneComment(ctx, &route53.UpdateHostedZoneCommentInput{Id: id("aws_route53_zone.main"), Comment: &text}))
		}
	}
	return []hand{
		{"aws_api_gateway_rest_api.rest", "description", drift.Minor, patch("/description", "other"), patch("/description", "the old API")},
		{"aws_api_gateway_rest_api.rest", "name", drift.Minor, patch("/name", "other"), patch("/name", "rest")},
		{"aws_api_gateway_rest_api.rest", "disable_execute_api_endpoint", drift.Critical, patch("/disableExecuteApiEndpoint", "true"), nil}, // the emulator does not take it back,
		{"aws_api_gateway_stage.prod", "variables.colour", drift.Major, stage("/variables/colour", "green"), stage("/variables/colour", "blue")},
		{"aws_api_gateway_stage.prod", "xray_tracing_enabled", drift.Minor, stage("/tracingEnabled", "true"), stage("/tracingEnabled", "false")},
		{"aws_cloudfront_distribution.cdn", "comment", drift.Minor, distribution(func(c *cloudfronttypes.DistributionConfig) { c.Comment = aws.String("other") }), distribution(func(c *cloudfronttypes.DistributionConfig) { c.Comment = aws.String("cdn") })},
		{"aws_cloudfront_distribution.cdn", "default_root_object", drift.Major, distribution(func(c *cloudfronttypes.DistributionConfig) { c.DefaultRootObject = aws.String("other.html") }), distribution(func(c *cloudfronttypes.DistributionConfig) { c.DefaultRootObject = aws.String("index.html") })},
		{
			"aws_cloudfront_distribution.cdn", "default_cache_behavior", drift.Major,
			distribution(func(c *cloudfronttypes.DistributionConfig) {
				c.DefaultCacheBehavior.ViewerProtocolPolicy = cloudfronttypes.ViewerProtocolPolicyAllowAll
			}),
			distribution(func(c *cloudfronttypes.DistributionConfig) {
				c.DefaultCacheBehavior.ViewerProtocolPolicy = cloudfronttypes.ViewerProtocolPolicyRedirectToHttps
			}),
		},
		{"aws_route53_record.www", "ttl", drift.Minor, record(www(300)), record(www(60))},
		{"aws_route53_record.weighted", "weighted_routing_policy.weight", drift.Critical, record(blue(1)), record(blue(100))},
		{"aws_route53_zone.main", "comment", drift.Minor, comment("other"), comment("drift")},
	}
}

// identityHands are one update call a line, of who may do what.
func (l *look) identityHands(state *drift.State) []hand {
	config := l.emulator.AWSConfig()
	people, keys, topics := iam.NewFromConfig(config), kms.NewFromConfig(config), sns.NewFromConfig(config)
	buckets := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	id := func(address string) *string { return l.id(state, address) }
	app, shared, site := aws.String("drift-app"), aws.String("arn:aws:iam::123456789012:policy/drift-shared"), aws.String("drift-site")
	policy := func(action string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`)
	}
	inline := func(action string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(people.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: app, PolicyName: aws.String("inline"), PolicyDocument: policy(action)}))
		}
	}
	role := func(input iam.UpdateRoleInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.RoleName = app
			return done(people.UpdateRole(ctx, &input))
		}
	}
	key := func(description string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(keys.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: id("aws_kms_key.main"), Description: &description}))
		}
	}
	filter := func(kind string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(topics.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{
				SubscriptionArn: id("aws_sns_topic_subscription.fn"), AttributeName: aws.String("FilterPolicy"), AttributeValue: aws.String(`{"kind":["` + kind + `"]}`),
			}))
		}
	}
	website := func(index, wrong string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: site, WebsiteConfiguration: &s3types.WebsiteConfiguration{
				IndexDocument: &s3types.IndexDocument{Suffix: &index}, ErrorDocument: &s3types.ErrorDocument{Key: &wrong},
			}}))
		}
	}
	encryption := func(algorithm s3types.ServerSideEncryption, kmsKey *string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: site, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
				Rules: []s3types.ServerSideEncryptionRule{{BucketKeyEnabled: aws.Bool(true), ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKey}}},
			}}))
		}
	}
	tagged := func(value string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: site, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("Name"), Value: &value}, {Key: aws.String("Team"), Value: aws.String("drift")}}}}))
		}
	}
	return []hand{
		{"aws_iam_role.app", "description", drift.Minor, role(iam.UpdateRoleInput{Description: aws.String("other"), MaxSessionDuration: aws.Int32(3600)}), role(iam.UpdateRoleInput{Description: aws.String("runs the app"), MaxSessionDuration: aws.Int32(3600)})},
		{"aws_iam_role.app", "max_session_duration", drift.Minor, role(iam.UpdateRoleInput{Description: aws.String("runs the app"), MaxSessionDuration: aws.Int32(7200)}), role(iam.UpdateRoleInput{Description: aws.String("runs the app"), MaxSessionDuration: aws.Int32(3600)})},
		{"aws_iam_role_policy.inline", "policy", drift.Critical, inline("*"), inline("sqs:*")},
		{"aws_iam_policy_attachment.shared", "users", drift.Critical, func(ctx context.Context) error {
			return done(people.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: aws.String("drift-ops"), PolicyArn: shared}))
		}, func(ctx context.Context) error {
			return done(people.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("drift-ops"), PolicyArn: shared}))
		}},
		{"aws_iam_policy_attachment.shared", "groups", drift.Critical, func(ctx context.Context) error {
			return done(people.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: aws.String("drift-ops"), PolicyArn: shared}))
		}, func(ctx context.Context) error {
			return done(people.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("drift-ops"), PolicyArn: shared}))
		}},
		{"aws_iam_policy_attachment.shared", "roles", drift.Critical, func(ctx context.Context) error {
			return done(people.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: app, PolicyArn: shared}))
		}, func(ctx context.Context) error {
			return done(people.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: app, PolicyArn: shared}))
		}},
		{"aws_kms_key.main", "description", drift.Minor, key("other"), key("drift")},
		{"aws_kms_key.main", "is_enabled", drift.Critical, func(ctx context.Context) error {
			return done(keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id("aws_kms_key.main")}))
		}, func(ctx context.Context) error {
			return done(keys.EnableKey(ctx, &kms.EnableKeyInput{KeyId: id("aws_kms_key.main")}))
		}},
		{"aws_sns_topic_subscription.fn", "filter_policy", drift.Major, filter("other"), filter("order")},
		{"aws_s3_bucket_website_configuration.site", "index_document.suffix", drift.Major, website("other.html", "error.html"), website("index.html", "error.html")},
		{"aws_s3_bucket_website_configuration.site", "error_document.key", drift.Major, website("index.html", "other.html"), website("index.html", "error.html")},
		{"aws_s3_bucket_server_side_encryption_configuration.site", "rule", drift.Critical, encryption(s3types.ServerSideEncryptionAes256, nil), encryption(s3types.ServerSideEncryptionAwsKms, aws.String("arn:aws:kms:us-east-1:123456789012:key/"+*id("aws_kms_key.main")))},
		{"aws_s3_bucket.site", "tags.Name", drift.Minor, tagged("other"), tagged("site")},
	}
}
