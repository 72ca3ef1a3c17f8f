package drift

// watchRules are for alarms and logs.
var watchRules = []rule{
	{"aws_cloudwatch_metric_alarm", "actions_enabled", "", Major, "the alarm tells nobody, or tells again"},
	{"aws_cloudwatch_metric_alarm", "*_actions", "", Major, "the alarm tells others, or nobody"},
	{"aws_cloudwatch_metric_alarm", "alarm_description", "", Minor, "a description changes no behaviour"},
	{"aws_cloudwatch_metric_alarm", "*", "", Major, "the alarm goes off for other reasons"},
	{"aws_cloudwatch_log_group", "kms_key_id", "", Critical, "logs are encrypted with another key, or not at all"},
	{"aws_cloudwatch_log_group", "retention_in_days", "", Minor, "logs are kept for another time"},
}
