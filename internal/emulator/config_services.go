package emulator

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

func configRoles(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := iam.NewFromConfig(config)
	var all []configObject
	pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, role := range page.Roles {
			attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role.RoleName})
			if err != nil {
				return nil, err
			}
			whole, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: role.RoleName})
			if err != nil {
				return nil, err
			}
			object := recordedAs(*whole.Role, "arn", "path", "permissionsBoundary", "roleId", "roleName")
			policies := []map[string]any{}
			for _, policy := range attached.AttachedPolicies {
				policies = append(policies, map[string]any{"policyArn": aws.ToString(policy.PolicyArn), "policyName": aws.ToString(policy.PolicyName)})
			}
			if configuration, ok := object["configuration"].(map[string]any); ok {
				configuration["attachedManagedPolicies"] = policies
			}
			pairs := map[string]string{}
			for _, tag := range whole.Role.Tags {
				pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
			all = append(all, object.named(aws.ToString(role.RoleId), aws.ToString(role.RoleName), recordedTags(pairs)))
		}
	}
	return all, nil
}

func configInstances(ctx context.Context, config aws.Config) ([]configObject, error) {
	out, err := rds.NewFromConfig(config).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	return objectsOf(err, func() (all []configObject) {
		for _, instance := range out.DBInstances {
			object := recordedAs(instance, "allocatedStorage", "autoMinorVersionUpgrade", "availabilityZone", "backupRetentionPeriod", "cACertificateIdentifier", "copyTagsToSnapshot",
				"dBInstanceClass", "dBInstanceIdentifier", "dBParameterGroups", "dBSubnetGroup", "dbiResourceId", "enabledCloudwatchLogsExports", "endpoint", "engine", "engineVersion",
				"iAMDatabaseAuthenticationEnabled", "iops", "kmsKeyId", "licenseModel", "monitoringInterval", "multiAZ", "optionGroupMemberships", "pendingModifiedValues",
				"performanceInsightsEnabled", "preferredBackupWindow", "preferredMaintenanceWindow", "publiclyAccessible", "storageEncrypted", "storageType", "vpcSecurityGroups")
			pairs := map[string]string{}
			for _, tag := range instance.TagList {
				pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
			all = append(all, object.named(aws.ToString(instance.DbiResourceId), aws.ToString(instance.DBInstanceIdentifier), recordedTags(pairs)))
		}
		return all
	})
}

func configFunctions(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := lambda.NewFromConfig(config)
	out, err := client.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, function := range out.Functions {
		tags, err := client.ListTags(ctx, &lambda.ListTagsInput{Resource: function.FunctionArn})
		if err != nil {
			return nil, err
		}
		object := recordedAs(function, "architectures", "codeSha256", "codeSize", "deadLetterConfig", "description", "ephemeralStorage", "functionArn", "functionName", "handler",
			"kmskeyArn", "layers", "memorySize", "packageType", "revisionId", "role", "runtime", "timeout", "tracingConfig", "version", "vpcConfig")
		all = append(all, object.named(*function.FunctionName, *function.FunctionName, recordedTags(tags.Tags)))
	}
	return all, nil
}

func configTables(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := dynamodb.NewFromConfig(config)
	names, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, name := range names.TableNames {
		table, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return nil, err
		}
		backups, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		if err != nil {
			return nil, err
		}
		tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.Table.TableArn})
		if err != nil {
			return nil, err
		}
		object := recordedAs(*table.Table, "attributeDefinitions", "billingModeSummary", "globalSecondaryIndexes", "keySchema", "localSecondaryIndexes", "provisionedThroughput",
			"ssedescription", "streamSpecification", "tableArn", "tableClassSummary", "tableName", "tableStatus")
		object["supplementaryConfiguration"] = map[string]any{"ContinuousBackupsDescription": recordedAs(*backups.ContinuousBackupsDescription, "continuousBackupsStatus", "pointInTimeRecoveryDescription")["configuration"]}
		pairs := map[string]string{}
		for _, tag := range tags.Tags {
			pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		all = append(all, object.named(name, name, recordedTags(pairs)))
	}
	return all, nil
}

// attributesAsRecorded are those of topics and queues, which keep the API's own names, of those in keep.
func attributesAsRecorded(attributes map[string]string, keep ...string) configObject {
	kept := map[string]any{}
	for _, name := range keep {
		if value := attributes[name]; value != "" {
			kept[name] = value
		}
	}
	return configObject{"configuration": kept}
}

func configTopics(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := sns.NewFromConfig(config)
	topics, err := client.ListTopics(ctx, &sns.ListTopicsInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, topic := range topics.Topics {
		out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic.TopicArn})
		if err != nil {
			return nil, err
		}
		tags, err := client.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: topic.TopicArn})
		if err != nil {
			return nil, err
		}
		pairs := map[string]string{}
		for _, tag := range tags.Tags {
			pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		object := attributesAsRecorded(out.Attributes, "ApplicationFailureFeedbackRoleArn", "ApplicationSuccessFeedbackRoleArn", "DisplayName", "HTTPFailureFeedbackRoleArn",
			"HTTPSuccessFeedbackRoleArn", "KmsMasterKeyId", "LambdaFailureFeedbackRoleArn", "LambdaSuccessFeedbackRoleArn", "Owner", "SQSFailureFeedbackRoleArn", "SQSSuccessFeedbackRoleArn", "TopicArn")
		arn := aws.ToString(topic.TopicArn)
		all = append(all, object.named(arn, arn[strings.LastIndexByte(arn, ':')+1:], recordedTags(pairs)))
	}
	return all, nil
}

func configQueues(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := sqs.NewFromConfig(config)
	queues, err := client.ListQueues(ctx, &sqs.ListQueuesInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, url := range queues.QueueUrls {
		out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}})
		if err != nil {
			return nil, err
		}
		tags, err := client.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
		if err != nil {
			return nil, err
		}
		object := attributesAsRecorded(out.Attributes, "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue", "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds",
			"KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod", "QueueArn", "ReceiveMessageWaitTimeSeconds", "SqsManagedSseEnabled", "VisibilityTimeout")
		all = append(all, object.named(url, url[strings.LastIndexByte(url, '/')+1:], recordedTags(tags.Tags)))
	}
	return all, nil
}

func configAlarms(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := cloudwatch.NewFromConfig(config, func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	alarms, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, alarm := range alarms.MetricAlarms {
		tags, err := client.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: alarm.AlarmArn})
		if err != nil {
			return nil, err
		}
		pairs := map[string]string{}
		for _, tag := range tags.Tags {
			pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		object := recordedAs(alarm, "actionsEnabled", "alarmActions", "alarmArn", "alarmDescription", "alarmName", "comparisonOperator", "datapointsToAlarm", "dimensions",
			"evaluateLowSampleCountPercentile", "evaluationPeriods", "extendedStatistic", "insufficientDataActions", "metricName", "namespace", "okactions", "period", "statistic", "threshold",
			"thresholdMetricId", "treatMissingData", "unit")
		all = append(all, object.named(aws.ToString(alarm.AlarmArn), aws.ToString(alarm.AlarmName), recordedTags(pairs)))
	}
	return all, nil
}

func configBuckets(ctx context.Context, config aws.Config) ([]configObject, error) {
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	var all []configObject
	for _, bucket := range out.Buckets {
		where, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: bucket.Name})
		if err != nil {
			return nil, err
		}
		region := string(where.LocationConstraint)
		if region == "" {
			region = Region
		}
		if region != config.Region {
			continue
		}
		parts, err := bucketParts(ctx, client, bucket.Name)
		if err != nil {
			return nil, err
		}
		pairs := map[string]string{}
		tags, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: bucket.Name})
		if err == nil {
			for _, tag := range tags.TagSet {
				pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
		} else if !absentPart(err) {
			return nil, err
		}
		object := configObject{"configuration": map[string]any{"name": aws.ToString(bucket.Name)}, "supplementaryConfiguration": parts}
		all = append(all, object.named(aws.ToString(bucket.Name), aws.ToString(bucket.Name), recordedTags(pairs)))
	}
	return all, nil
}

// absentPart tells that a bucket has no such sub-resource: each has an error code of its own.
func absentPart(err error) bool {
	var failure smithy.APIError
	return errors.As(err, &failure) && (strings.HasPrefix(failure.ErrorCode(), "NoSuch") || strings.HasSuffix(failure.ErrorCode(), "NotFoundError"))
}

// bucketParts are the sub-resources of a bucket as AWS Config has them.
func bucketParts(ctx context.Context, client *s3.Client, bucket *string) (map[string]any, error) {
	parts := map[string]any{}
	versioning, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket})
	if err != nil {
		return nil, err
	}
	status := string(versioning.Status)
	if status == "" {
		status = "Off"
	}
	parts["BucketVersioningConfiguration"] = map[string]any{"status": status, "isMfaDeleteEnabled": nil}
	encryption, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bucket})
	if err == nil {
		rules := []any{}
		for _, rule := range encryption.ServerSideEncryptionConfiguration.Rules {
			applied := map[string]any{"sseAlgorithm": string(rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm), "kmsMasterKeyID": rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID}
			rules = append(rules, map[string]any{"applyServerSideEncryptionByDefault": applied, "bucketKeyEnabled": aws.ToBool(rule.BucketKeyEnabled)})
		}
		parts["ServerSideEncryptionConfiguration"] = map[string]any{"rules": rules}
	} else if !absentPart(err) {
		return nil, err
	}
	access, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})
	if err == nil {
		block := access.PublicAccessBlockConfiguration
		parts["PublicAccessBlockConfiguration"] = map[string]any{
			"blockPublicAcls": block.BlockPublicAcls, "blockPublicPolicy": block.BlockPublicPolicy, "ignorePublicAcls": block.IgnorePublicAcls, "restrictPublicBuckets": block.RestrictPublicBuckets,
		}
	} else if !absentPart(err) {
		return nil, err
	}
	website, err := client.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: bucket})
	if err == nil {
		site := map[string]any{}
		if website.IndexDocument != nil {
			site["indexDocumentSuffix"] = website.IndexDocument.Suffix
		}
		if website.ErrorDocument != nil {
			site["errorDocument"] = website.ErrorDocument.Key
		}
		if to := website.RedirectAllRequestsTo; to != nil {
			site["redirectAllRequestsTo"] = map[string]any{"hostName": to.HostName, "protocol": string(to.Protocol)}
		}
		parts["BucketWebsiteConfiguration"] = site
	} else if !absentPart(err) {
		return nil, err
	}
	return parts, nil
}
