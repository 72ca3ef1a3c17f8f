package drift

// lambdaRules are for functions.
var lambdaRules = []rule{
	{"aws_lambda_function", "role", "", Critical, "the function may do other things than intended"},
	{"aws_lambda_function", "vpc_config.*", "", Critical, "the function moved in the network: it reaches, and is shielded from, other things"},
	{"aws_lambda_function", "kms_key_arn", "", Critical, "its environment is encrypted with another key"},
	{"aws_lambda_function", "memory_size", "", Major, "memory sets processor share and price"},
	{"aws_lambda_function", "timeout", "", Major, "calls are cut off earlier or run longer"},
	{"aws_lambda_function", "runtime", "", Major, "the code runs on another language version"},
	{"aws_lambda_function", "handler", "", Major, "other code is called"},
	{"aws_lambda_function", "layers", "", Major, "the code runs with other libraries"},
	{"aws_lambda_function", "architectures", "", Major, "the code runs on another processor, at another price"},
	{"aws_lambda_function", "environment.variables.*", "", Major, "the code is configured differently"},
	{"aws_lambda_function", "ephemeral_storage.size", "", Major, "the code has more or less disk, at another price"},
	{"aws_lambda_function", "dead_letter_config.*", "", Major, "failed events go elsewhere, or are lost"},
	{"aws_lambda_function", "tracing_config.*", "", Minor, "only how it is watched has changed"},
	{"aws_lambda_function", "logging_config.*", "", Minor, "only how it is watched has changed"},
}
