package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

func providerSchema() schema.Schema {
	attributes := awsAttributes()
	attributes["store"] = storeAttribute()
	attributes["health"] = schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Defaults of every gate. What is left out comes from the environment (`HEALTH_CHECK_TIMEOUT` in seconds, `MAX_RETRIES`, " +
			"`RETRY_DELAY` in seconds), else from here.",
		Attributes: map[string]schema.Attribute{
			"timeout":     optional("Time that a whole gate may take. Default `\"5m\"`."),
			"max_retries": schema.Int64Attribute{Optional: true, MarkdownDescription: "Attempts after the first, for each check. Default `5`.", Validators: []validator.Int64{int64validator.AtLeast(0)}},
			"retry_delay": optional("Time before the first retry of a check. Default `\"10s\"`."),
		},
	}
	attributes["metrics"] = schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Sends CloudWatch metrics. Without this block none are sent.",
		Attributes: map[string]schema.Attribute{
			"namespace":       optional("Namespace of health, deployment, switch and rollback metrics. Default `\"Custom/DeploymentHealth\"`."),
			"drift_namespace": optional("Namespace of drift metrics. Default `\"Custom/AdvancedInfrastructureDrift\"`."),
			"dimensions":      schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Dimensions of every metric, such as `{ Environment = \"prod\" }`. At most 30."},
		},
	}
	attributes["notify"] = schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Sends notices. A notice that cannot be sent is a warning; it never fails a deployment.",
		Attributes: map[string]schema.Attribute{
			"sns_topic_arn":  optional("SNS topic that gets a message for each failure, recovery, switch and rollback."),
			"event_bus_name": optional("EventBridge bus that gets an event for each of them."),
		},
	}
	return schema.Schema{
		MarkdownDescription: "Makes deployments on AWS safe from inside `terraform plan` and `terraform apply`. " +
			"Nothing in AWS is contacted, and no credentials are needed, until a resource or data source needs it.",
		Attributes: attributes,
	}
}

func storeAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:   true,
		Validators: []validator.Object{tfdiag.ExactlyOne("local", "s3")},
		MarkdownDescription: "Where snapshots, the deployment ledger, the journal and leases are kept: exactly one of `local` and `s3`. " +
			"Default `{ local = { path = \".reliability\" } }`. A throw-away build machine loses a local store: use `s3` in pipelines.",
		Attributes: map[string]schema.Attribute{
			"local": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "A folder on this machine.",
				Attributes: map[string]schema.Attribute{
					"path": schema.StringAttribute{Required: true, MarkdownDescription: "The folder, made when it is first written to.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
				},
			},
			"s3": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "An S3 bucket, best with versioning. Needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and `s3:ListBucket`.",
				Attributes: map[string]schema.Attribute{
					"bucket":     schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket.", Validators: []validator.String{stringvalidator.LengthBetween(3, 63)}},
					"prefix":     optional("Prefix of every key."),
					"region":     optional("Region of the bucket. Default: the provider's."),
					"kms_key_id": optional("KMS key that encrypts the objects. Default: the bucket's own encryption."),
				},
			},
		},
	}
}

// awsAttributes are the arguments of hashicorp/aws, by the same names, as nested attributes.
func awsAttributes() map[string]schema.Attribute {
	endpoints := map[string]schema.Attribute{}
	for _, key := range awsapi.ServiceKeys {
		endpoints[key] = optional("Address of this service.")
	}
	return map[string]schema.Attribute{
		"region":                   optional("AWS Region. Also from `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile."),
		"profile":                  optional("Profile of the shared configuration. Also from `AWS_PROFILE`."),
		"access_key":               optional("Access key. Better from the environment, a profile or a role."),
		"secret_key":               schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Secret key that belongs to `access_key`."},
		"token":                    schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Session token that belongs to `access_key`."},
		"shared_config_files":      stringList("Shared configuration files. Default `~/.aws/config`."),
		"shared_credentials_files": stringList("Shared credentials files. Default `~/.aws/credentials`."),
		"assume_role": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Role to assume.",
			Attributes: map[string]schema.Attribute{
				"role_arn":            schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the role."},
				"duration":            optional("How long the session lasts, between `\"15m\"` and `\"12h\"`."),
				"external_id":         optional("External ID that the role's trust policy asks for."),
				"policy":              optional("IAM policy, as JSON, that narrows the session."),
				"policy_arns":         schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "IAM policies that narrow the session."},
				"session_name":        optional("Name of the session."),
				"source_identity":     optional("Source identity of the session."),
				"tags":                schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Session tags."},
				"transitive_tag_keys": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Session tags that later sessions inherit."},
			},
		},
		"assume_role_with_web_identity": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Role to assume with a web identity token (OIDC).",
			Attributes: map[string]schema.Attribute{
				"role_arn":                schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the role."},
				"duration":                optional("How long the session lasts."),
				"policy":                  optional("IAM policy, as JSON, that narrows the session."),
				"policy_arns":             schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "IAM policies that narrow the session."},
				"session_name":            optional("Name of the session."),
				"web_identity_token":      schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The token."},
				"web_identity_token_file": optional("File with the token."),
			},
		},
		"allowed_account_ids":   schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Accounts that may be touched; any other is refused. Costs one STS call."},
		"forbidden_account_ids": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Accounts that must not be touched. Costs one STS call."},
		"endpoints": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Addresses that replace those of AWS services. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` work too.",
			Attributes:          endpoints,
		},
		"max_retries": schema.Int64Attribute{Optional: true, MarkdownDescription: "How often one AWS call is tried. Also from `AWS_MAX_ATTEMPTS`. Default `10`.", Validators: []validator.Int64{int64validator.AtLeast(1)}},
		"retry_mode":  schema.StringAttribute{Optional: true, MarkdownDescription: "`standard` or `adaptive`. Also from `AWS_RETRY_MODE`.", Validators: []validator.String{stringvalidator.OneOf("standard", "adaptive")}},
		"token_bucket_rate_limiter_capacity": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "Capacity of the SDK's retry token bucket. Default: no limit.", Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"custom_ca_bundle":              optional("File with certificates to trust besides the system's. Also from `AWS_CA_BUNDLE`."),
		"http_proxy":                    optional("Proxy for `http` (and, unless `https_proxy` is set, `https`). Also from `HTTP_PROXY`."),
		"https_proxy":                   optional("Proxy for `https`. Also from `HTTPS_PROXY`."),
		"no_proxy":                      optional("Hosts that are reached without a proxy. Also from `NO_PROXY`."),
		"insecure":                      schema.BoolAttribute{Optional: true, MarkdownDescription: "Do not verify the certificates of AWS. Default `false`."},
		"ec2_metadata_service_endpoint": optional("Address of the EC2 metadata service. Also from `AWS_EC2_METADATA_SERVICE_ENDPOINT`."),
		"ec2_metadata_service_endpoint_mode": schema.StringAttribute{
			Optional: true, MarkdownDescription: "`IPv4` or `IPv6`.", Validators: []validator.String{stringvalidator.OneOf("IPv4", "IPv6")},
		},
		"skip_metadata_api_check": schema.BoolAttribute{Optional: true, MarkdownDescription: "Do not ask the EC2 metadata service for credentials or a Region."},
		"skip_credentials_validation": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Do not ask STS whether the credentials are good before the first call. Default `true`: the first real call tells as well, and one call is saved.",
		},
		"skip_region_validation":     schema.BoolAttribute{Optional: true, MarkdownDescription: "Do not check that the Region is one that this version knows. Default `false`."},
		"skip_requesting_account_id": schema.BoolAttribute{Optional: true, MarkdownDescription: "Taken for likeness with hashicorp/aws; the account is asked for only where it matters."},
		"sts_region":                 optional("Region of the STS that is asked."),
		"s3_use_path_style":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Address buckets in the path instead of the host name. Default `false`."},
		"use_dualstack_endpoint":     schema.BoolAttribute{Optional: true, MarkdownDescription: "Use endpoints that speak IPv6 too. Also from `AWS_USE_DUALSTACK_ENDPOINT`."},
		"use_fips_endpoint":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Use FIPS endpoints. Also from `AWS_USE_FIPS_ENDPOINT`."},
	}
}

func optional(description ...string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: strings.Join(description, " ")}
}

func stringList(description string) schema.ListAttribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType, MarkdownDescription: description,
		Validators: []validator.List{listvalidator.SizeAtLeast(1)},
	}
}
