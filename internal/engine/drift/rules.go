package drift

// rule is one line of the classification: the first that matches a change decides.
type rule struct {
	Type      string // glob
	Attribute string // glob over Change.Path
	Actual    string // the live value that it takes; empty for any
	Category  Category
	Reason    string
}

func (r rule) matches(kind string, change Change) bool {
	if !match(r.Type, kind) || !match(r.Attribute, change.Path) {
		return false
	}
	return r.Actual == "" || (change.Actual != nil && *change.Actual == r.Actual)
}

// reasonDeleted is why a deletion is critical.
const reasonDeleted = "it is gone: whatever depends on it is broken or about to be"

// rules are the built-in classification. Critical: access was opened or cut off, protection is off, or it moved. Major:
// it behaves, performs or costs differently. Minor: it is described, watched or kept differently.
var rules = []rule{
	{"*", "tags.*", "", Minor, "tags change no behaviour, but cost reports and policies read them"},
	{"*", "description", "", Minor, "a description changes no behaviour"},

	{"aws_security_group", "*.description", "", Minor, "a rule's description changes no behaviour"},
	{"aws_security_group", "ingress", "", Critical, "who may reach it has changed"},
	{"aws_security_group", "egress", "", Critical, "what it may reach has changed"},

	{"aws_vpc", "ipv6_cidr_block", "", Critical, "without its IPv6 range, everything that uses IPv6 is cut off"},
	{"aws_vpc", "enable_dns_*", "", Major, "names resolve differently inside the VPC; private endpoints depend on it"},
	{"aws_vpc", "instance_tenancy", "", Major, "new instances run on other hardware, at another price"},

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

	{"aws_db_instance", "publicly_accessible", "true", Critical, "the database got a public address"},
	{"aws_db_instance", "publicly_accessible", "", Critical, "the database lost its public address: clients outside are cut off"},
	{"aws_db_instance", "deletion_protection", "true", Minor, "the database is protected better than intended; destroying it will fail"},
	{"aws_db_instance", "deletion_protection", "", Critical, "nothing keeps the database from being deleted"},
	{"aws_db_instance", "multi_az", "true", Major, "a standby that was not intended doubles the price"},
	{"aws_db_instance", "multi_az", "", Critical, "no standby takes over when the zone fails"},
	{"aws_db_instance", "vpc_security_group_ids", "", Critical, "who may reach the database has changed"},
	{"aws_db_instance", "db_subnet_group_name", "", Critical, "the database moved in the network"},
	{"aws_db_instance", "iam_database_authentication_enabled", "", Critical, "who may log in to the database has changed"},
	{"aws_db_instance", "identifier", "", Critical, "the database's address changed: clients are cut off"},
	{"aws_db_instance", "port", "", Critical, "the database listens elsewhere: clients are cut off"},
	{"aws_db_instance", "instance_class", "", Major, "capacity and price have changed"},
	{"aws_db_instance", "engine_version", "", Major, "another engine version runs"},
	{"aws_db_instance", "allocated_storage", "", Major, "capacity and price have changed"},
	{"aws_db_instance", "max_allocated_storage", "", Major, "storage grows to another limit"},
	{"aws_db_instance", "storage_*", "", Major, "storage performs and costs differently"},
	{"aws_db_instance", "iops", "", Major, "storage performs and costs differently"},
	{"aws_db_instance", "parameter_group_name", "", Major, "the engine runs with other settings"},
	{"aws_db_instance", "option_group_name", "", Major, "the engine runs with other options"},
	{"aws_db_instance", "ca_cert_identifier", "", Major, "clients that pin the old authority cannot connect"},
	{"aws_db_instance", "license_model", "", Major, "the licence and the price have changed"},
	{"aws_db_instance", "backup_*", "", Minor, "backups are kept or taken differently"},
	{"aws_db_instance", "maintenance_window", "", Minor, "maintenance comes at another time"},
	{"aws_db_instance", "auto_minor_version_upgrade", "", Minor, "minor upgrades come by themselves, or no longer do"},
	{"aws_db_instance", "copy_tags_to_snapshot", "", Minor, "only tags of snapshots differ"},
	{"aws_db_instance", "enabled_cloudwatch_logs_exports", "", Minor, "only how it is watched has changed"},
	{"aws_db_instance", "performance_insights_enabled", "", Minor, "only how it is watched has changed"},
	{"aws_db_instance", "monitoring_interval", "", Minor, "only how it is watched has changed"},
}
