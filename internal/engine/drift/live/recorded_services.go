package live

import (
	"encoding/json"
	"strings"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// recordedServices are the types of serverless services, their queues, tables and alarms.
var recordedServices = []recordedKind{
	{
		Spec: Spec{Type: "aws_lambda_function"}, resource: "AWS::Lambda::Function", field: "resourceId", key: functionName, id: functionName,
		take: takeTable(functionTable, []string{
			"description", "handler", "runtime", "memory_size", "timeout", "role", "kms_key_arn", "architectures", "layers", "tracing_config.0.mode", "ephemeral_storage.0.size",
			"dead_letter_config.0.target_arn", "vpc_config.0.subnet_ids", "vpc_config.0.security_group_ids", "tags",
		}, func(item recordedItem) (function liveFunction, err error) {
			err = decodeRecorded(item.Configuration, &function.FunctionConfiguration, "description", "handler", "runtime", "memorySize", "timeout", "role", "kmskeyArn", "kMSKeyArn",
				"architectures", "layers", "tracingConfig", "ephemeralStorage", "deadLetterConfig", "vpcConfig")
			function.tags = item.tags()
			return function, err
		}),
	},
	{
		Spec: Spec{Type: "aws_dynamodb_table"}, resource: "AWS::DynamoDB::Table", field: "resourceId", id: idOf,
		take: takeTable(tableTable, []string{
			"billing_mode", "read_capacity", "write_capacity", "stream_enabled", "stream_view_type", "table_class", "server_side_encryption.0.enabled",
			"server_side_encryption.0.kms_key_arn", "point_in_time_recovery.0.enabled", "attribute", "global_secondary_index", "tags",
		}, recordedTable),
	},
	{
		Spec: Spec{Type: "aws_sns_topic"}, resource: "AWS::SNS::Topic", field: "resourceId", id: idOf,
		take: takeTable(topicTable, []string{
			"display_name", "kms_master_key_id", "application_success_feedback_role_arn", "application_failure_feedback_role_arn", "http_success_feedback_role_arn",
			"http_failure_feedback_role_arn", "lambda_success_feedback_role_arn", "lambda_failure_feedback_role_arn", "sqs_success_feedback_role_arn", "sqs_failure_feedback_role_arn", "tags",
		}, recordedAttributes),
	},
	{
		Spec: Spec{Type: "aws_sqs_queue"}, resource: "AWS::SQS::Queue", field: "resourceId", id: idOf,
		take: takeTable(queueTable, []string{
			"visibility_timeout_seconds", "message_retention_seconds", "max_message_size", "delay_seconds", "receive_wait_time_seconds", "kms_master_key_id",
			"kms_data_key_reuse_period_seconds", "sqs_managed_sse_enabled", "content_based_deduplication", "deduplication_scope", "fifo_throughput_limit", "tags",
		}, recordedAttributes),
	},
	{
		Spec: Spec{Type: "aws_cloudwatch_metric_alarm"}, resource: "AWS::CloudWatch::Alarm", field: "resourceName", id: func(resource Resource) string { return resource.Text("arn") },
		take: takeTable(alarmTable, []string{
			"actions_enabled", "alarm_actions", "ok_actions", "insufficient_data_actions", "alarm_description", "comparison_operator", "threshold", "threshold_metric_id",
			"evaluation_periods", "datapoints_to_alarm", "period", "statistic", "extended_statistic", "metric_name", "namespace", "unit", "treat_missing_data", "dimensions", "tags",
		}, func(item recordedItem) (alarm liveAlarm, err error) {
			err = decodeRecorded(item.Configuration, &alarm.MetricAlarm, "actionsEnabled", "alarmActions", "okactions", "oKActions", "insufficientDataActions", "alarmDescription",
				"comparisonOperator", "threshold", "thresholdMetricId", "evaluationPeriods", "datapointsToAlarm", "period", "statistic", "extendedStatistic", "metricName", "namespace",
				"unit", "treatMissingData", "dimensions")
			alarm.tags = item.tags()
			return alarm, err
		}),
	},
}

func recordedTable(item recordedItem) (table liveTable, err error) {
	err = decodeRecorded(item.Configuration, &table.TableDescription, "billingModeSummary", "provisionedThroughput", "streamSpecification", "tableClassSummary", "ssedescription",
		"sSEDescription", "attributeDefinitions", "globalSecondaryIndexes")
	table.tags = item.tags()
	if backups := item.Supplementary["ContinuousBackupsDescription"]; err == nil && backups != nil {
		var description dynamodbtypes.ContinuousBackupsDescription
		if err = json.Unmarshal(unquoted(backups), &description); err == nil {
			table.recovery = description.PointInTimeRecoveryDescription
		}
	}
	return table, err
}

// recordedAttributes are those of topics and queues, which AWS Config calls what the API calls them; numbers and booleans may
// come as such.
func recordedAttributes(item recordedItem) (liveAttributes, error) {
	taken := liveAttributes{attributes: map[string]string{}, tags: item.tags()}
	for name, value := range item.Configuration {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = strings.TrimSpace(string(value))
		}
		if text != "null" {
			taken.attributes[name] = text
		}
	}
	return taken, nil
}
