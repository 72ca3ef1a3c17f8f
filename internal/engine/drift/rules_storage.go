package drift

// storageRules are for buckets and tables.
var storageRules = []rule{
	{"aws_s3_bucket_versioning", "versioning_configuration.status", "", Critical, "what is overwritten or deleted is lost from now on, or kept and paid for"},
	{"aws_s3_bucket_versioning", "versioning_configuration.mfa_delete", "", Critical, "deleting versions takes, or no longer takes, a second factor"},
	{"aws_s3_bucket_server_side_encryption_configuration", "*", "", Critical, "objects are encrypted differently, or with another key"},
	{"aws_s3_bucket_public_access_block", "*", "true", Critical, "public access is blocked: visitors may be cut off"},
	{"aws_s3_bucket_public_access_block", "*", "", Critical, "public access is no longer blocked"},
	{"aws_s3_bucket_policy", "policy", "", Critical, "who may do what with the bucket has changed"},
	{"aws_s3_bucket_lifecycle_configuration", "rule.*", "", Major, "objects are deleted or moved earlier, later or not at all"},
	{"aws_s3_bucket_website_configuration", "*", "", Major, "visitors get other pages"},

	{"aws_dynamodb_table", "deletion_protection_enabled", "true", Minor, "the table is protected better than intended; destroying it will fail"},
	{"aws_dynamodb_table", "deletion_protection_enabled", "", Critical, "nothing keeps the table from being deleted"},
	{"aws_dynamodb_table", "server_side_encryption.*", "", Critical, "the table is encrypted with another key"},
	{"aws_dynamodb_table", "point_in_time_recovery.*", "true", Minor, "the table is backed up better than intended, at a price"},
	{"aws_dynamodb_table", "point_in_time_recovery.*", "", Critical, "the table can no longer be restored to a point in time"},
	{"aws_dynamodb_table", "billing_mode", "", Major, "capacity and price have changed"},
	{"aws_dynamodb_table", "*_capacity", "", Major, "capacity and price have changed"},
	{"aws_dynamodb_table", "table_class", "", Major, "the price has changed"},
	{"aws_dynamodb_table", "stream_*", "", Critical, "what reads the table's changes no longer gets them, or gets others"},
	{"aws_dynamodb_table", "ttl.*", "", Major, "items expire, or no longer do"},
	{"aws_dynamodb_table", "attribute.*", "", Major, "other attributes are indexed"},
	{"aws_dynamodb_table", "global_secondary_index.*", "", Major, "queries over the index fail, or cost and perform differently"},
}
