package drift

// identityRules are for who may do what, and for what is secret.
var identityRules = []rule{
	{"aws_iam_role", "assume_role_policy", "", Critical, "who may take the role has changed"},
	{"aws_iam_role", "permissions_boundary", "", Critical, "what the role may do at most has changed"},
	{"aws_iam_role", "max_session_duration", "", Minor, "sessions last longer or shorter"},
	{"aws_iam_policy", "policy", "", Critical, "who may do what has changed"},
	{"aws_iam_role_policy", "policy", "", Critical, "what the role may do has changed"},
	{"aws_iam_role_policy_attachment", "policy_arn", "", Critical, "what the role may do has changed"},
	{"aws_iam_policy_attachment", "*", "", Critical, "others may do what the policy allows"},

	{"aws_kms_key", "is_enabled", "", Critical, "what the key encrypts cannot be read, or can be read again"},
	{"aws_kms_key", "policy", "", Critical, "who may use the key has changed"},
	{"aws_kms_key", "enable_key_rotation", "", Major, "the key is, or is no longer, renewed by itself"},
	{"aws_kms_key", "rotation_period_in_days", "", Major, "the key is renewed at another pace"},

	{"aws_ssm_parameter", "version", "", Major, "somebody wrote the parameter: its value may be another"},
	{"aws_ssm_parameter", "type", "", Critical, "the value is, or is no longer, encrypted"},
	{"aws_ssm_parameter", "key_id", "", Critical, "the value is encrypted with another key"},
	{"aws_ssm_parameter", "tier", "", Minor, "only the price has changed"},
	{"aws_ssm_parameter", "allowed_pattern", "", Minor, "other values can be written"},
	{"aws_ssm_parameter", "data_type", "", Minor, "other values can be written"},

	{"aws_secretsmanager_secret", "kms_key_id", "", Critical, "the secret is encrypted with another key"},
}
