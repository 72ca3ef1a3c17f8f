package drift

// messagingRules are for topics, queues and what functions are called by.
var messagingRules = []rule{
	{"aws_sns_topic", "policy", "", Critical, "who may publish and subscribe has changed"},
	{"aws_sns_topic_policy", "policy", "", Critical, "who may publish and subscribe has changed"},
	{"aws_sns_topic", "kms_master_key_id", "", Critical, "messages are encrypted with another key, or not at all"},
	{"aws_sns_topic", "display_name", "", Minor, "messages come under another name"},
	{"aws_sns_topic", "delivery_policy", "", Major, "messages are delivered again at another pace"},
	{"aws_sns_topic", "content_based_deduplication", "", Major, "messages are taken for the same, or no longer are"},
	{"aws_sns_topic", "fifo_throughput_scope", "", Major, "messages go through at another pace"},
	{"aws_sns_topic", "signature_version", "", Major, "subscribers that check signatures may refuse messages"},
	{"aws_sns_topic", "tracing_config", "", Minor, "only how it is watched has changed"},
	{"aws_sns_topic", "*_feedback_role_arn", "", Minor, "only how it is watched has changed"},
	{"aws_sns_topic_subscription", "subscription_role_arn", "", Critical, "messages are delivered in another name"},
	{"aws_sns_topic_subscription", "*", "", Major, "other messages are delivered, or differently"},

	{"aws_sqs_queue", "policy", "", Critical, "who may send and receive has changed"},
	{"aws_sqs_queue_policy", "policy", "", Critical, "who may send and receive has changed"},
	{"aws_sqs_queue", "kms_master_key_id", "", Critical, "messages are encrypted with another key, or not at all"},
	{"aws_sqs_queue", "sqs_managed_sse_enabled", "", Critical, "messages are encrypted with another key, or not at all"},
	{"aws_sqs_queue", "kms_data_key_reuse_period_seconds", "", Minor, "only the price of encryption has changed"},
	{"aws_sqs_queue", "redrive_*", "", Major, "messages that fail go elsewhere, or are lost"},
	{"aws_sqs_queue", "*_seconds", "", Major, "messages wait, hide or are kept for another time"},
	{"aws_sqs_queue", "max_message_size", "", Major, "other messages are refused"},
	{"aws_sqs_queue", "*dupl*", "", Major, "messages are taken for the same, or no longer are"},
	{"aws_sqs_queue", "fifo_throughput_limit", "", Major, "messages go through at another pace"},

	{"aws_lambda_alias", "function_version", "", Major, "customers get another version"},
	{"aws_lambda_alias", "routing_config.*", "", Major, "customers get another version"},
	{"aws_lambda_permission", "*", "", Critical, "who may call the function has changed"},
	{"aws_lambda_event_source_mapping", "enabled", "", Critical, "events no longer reach the function, or do so again"},
	{"aws_lambda_event_source_mapping", "kms_key_arn", "", Critical, "the filter is encrypted with another key"},
	{"aws_lambda_event_source_mapping", "*", "", Major, "other events reach the function, or differently"},
}
