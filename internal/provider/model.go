package provider

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/validation"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// model is the provider block. A nested object is read in two steps, as all of it may be unknown: Terraform validates with the
// values of variables unknown.
type model struct {
	StoreObject   types.Object `tfsdk:"store"`
	HealthObject  types.Object `tfsdk:"health"`
	MetricsObject types.Object `tfsdk:"metrics"`
	NotifyObject  types.Object `tfsdk:"notify"`
	RoleObject    types.Object `tfsdk:"assume_role"`
	WebRoleObject types.Object `tfsdk:"assume_role_with_web_identity"`

	// What open makes of them; nil where the object is null or not known yet.
	Store                     *storeModel             `tfsdk:"-"`
	Health                    *healthModel            `tfsdk:"-"`
	Metrics                   *metricsModel           `tfsdk:"-"`
	Notify                    *notifyModel            `tfsdk:"-"`
	AssumeRole                *assumeRoleModel        `tfsdk:"-"`
	AssumeRoleWithWebIdentity *assumeWebIdentityModel `tfsdk:"-"`

	Region                         types.String `tfsdk:"region"`
	Profile                        types.String `tfsdk:"profile"`
	AccessKey                      types.String `tfsdk:"access_key"`
	SecretKey                      types.String `tfsdk:"secret_key"`
	Token                          types.String `tfsdk:"token"`
	SharedConfigFiles              types.List   `tfsdk:"shared_config_files"`
	SharedCredentialsFiles         types.List   `tfsdk:"shared_credentials_files"`
	AllowedAccountIDs              types.Set    `tfsdk:"allowed_account_ids"`
	ForbiddenAccountIDs            types.Set    `tfsdk:"forbidden_account_ids"`
	Endpoints                      types.Object `tfsdk:"endpoints"`
	MaxRetries                     types.Int64  `tfsdk:"max_retries"`
	RetryMode                      types.String `tfsdk:"retry_mode"`
	TokenBucketRateLimiterCapacity types.Int64  `tfsdk:"token_bucket_rate_limiter_capacity"`
	CustomCABundle                 types.String `tfsdk:"custom_ca_bundle"`
	HTTPProxy                      types.String `tfsdk:"http_proxy"`
	HTTPSProxy                     types.String `tfsdk:"https_proxy"`
	NoProxy                        types.String `tfsdk:"no_proxy"`
	Insecure                       types.Bool   `tfsdk:"insecure"`
	EC2MetadataServiceEndpoint     types.String `tfsdk:"ec2_metadata_service_endpoint"`
	EC2MetadataServiceEndpointMode types.String `tfsdk:"ec2_metadata_service_endpoint_mode"`
	SkipMetadataAPICheck           types.Bool   `tfsdk:"skip_metadata_api_check"`
	SkipCredentialsValidation      types.Bool   `tfsdk:"skip_credentials_validation"`
	SkipRegionValidation           types.Bool   `tfsdk:"skip_region_validation"`
	SkipRequestingAccountID        types.Bool   `tfsdk:"skip_requesting_account_id"`
	STSRegion                      types.String `tfsdk:"sts_region"`
	S3UsePathStyle                 types.Bool   `tfsdk:"s3_use_path_style"`
	UseDualStackEndpoint           types.Bool   `tfsdk:"use_dualstack_endpoint"`
	UseFIPSEndpoint                types.Bool   `tfsdk:"use_fips_endpoint"`
}

type assumeRoleModel struct {
	RoleARN           types.String `tfsdk:"role_arn"`
	Duration          types.String `tfsdk:"duration"`
	ExternalID        types.String `tfsdk:"external_id"`
	Policy            types.String `tfsdk:"policy"`
	PolicyARNs        types.Set    `tfsdk:"policy_arns"`
	SessionName       types.String `tfsdk:"session_name"`
	SourceIdentity    types.String `tfsdk:"source_identity"`
	Tags              types.Map    `tfsdk:"tags"`
	TransitiveTagKeys types.Set    `tfsdk:"transitive_tag_keys"`
}

type assumeWebIdentityModel struct {
	RoleARN              types.String `tfsdk:"role_arn"`
	Duration             types.String `tfsdk:"duration"`
	Policy               types.String `tfsdk:"policy"`
	PolicyARNs           types.Set    `tfsdk:"policy_arns"`
	SessionName          types.String `tfsdk:"session_name"`
	WebIdentityToken     types.String `tfsdk:"web_identity_token"`
	WebIdentityTokenFile types.String `tfsdk:"web_identity_token_file"`
}

// open reads the nested objects.
func (m *model) open(ctx context.Context, diags *diag.Diagnostics) {
	m.Store = section[storeModel](ctx, m.StoreObject, diags)
	if m.Store != nil {
		m.Store.Local = section[localStoreModel](ctx, m.Store.LocalObject, diags)
		m.Store.S3 = section[s3StoreModel](ctx, m.Store.S3Object, diags)
	}
	m.Health = section[healthModel](ctx, m.HealthObject, diags)
	m.Metrics = section[metricsModel](ctx, m.MetricsObject, diags)
	m.Notify = section[notifyModel](ctx, m.NotifyObject, diags)
	m.AssumeRole = section[assumeRoleModel](ctx, m.RoleObject, diags)
	m.AssumeRoleWithWebIdentity = section[assumeWebIdentityModel](ctx, m.WebRoleObject, diags)
}

// section reads one nested object; nil when it is null or not known.
func section[T any](ctx context.Context, object types.Object, diags *diag.Diagnostics) *T {
	if object.IsNull() || object.IsUnknown() {
		return nil
	}
	read := new(T)
	diags.Append(object.As(ctx, read, basetypes.ObjectAsOptions{})...)
	return read
}

// validate reports what is wrong whatever the environment says, with the attribute path.
func (m *model) validate(diags *diag.Diagnostics) {
	if region := m.Region.ValueString(); region != "" && !m.SkipRegionValidation.ValueBool() {
		if err := validation.SupportedRegion(region); err != nil {
			tfdiag.ErrorAt(diags, path.Root("region"), tfdiag.Message{
				Summary: "Unknown AWS Region", Err: err,
				Next: "correct the name, or set skip_region_validation = true for a Region that is newer than this provider.",
			})
		}
	}
	for key, value := range m.Endpoints.Attributes() {
		address, ok := value.(types.String)
		if !ok || address.IsNull() || address.IsUnknown() {
			continue
		}
		if err := awsapi.ValidateEndpoint(address.ValueString()); err != nil {
			tfdiag.ErrorAt(diags, path.Root("endpoints").AtName(key), tfdiag.Message{Summary: "Invalid endpoint", Err: err})
		}
	}
	if m.AccessKey.IsNull() != m.SecretKey.IsNull() {
		tfdiag.ErrorAt(diags, path.Root("access_key"), tfdiag.Message{
			Summary: "Half a pair of AWS keys", Happened: "Only one of access_key and secret_key is set.", Next: "set both, or neither and use a profile, role or the environment.",
		})
	}
	if m.AssumeRole != nil {
		duration(m.AssumeRole.Duration, path.Root("assume_role").AtName("duration"), diags)
	}
	if m.AssumeRoleWithWebIdentity != nil {
		duration(m.AssumeRoleWithWebIdentity.Duration, path.Root("assume_role_with_web_identity").AtName("duration"), diags)
	}
	m.toHealth(diags)
	if m.Metrics != nil && len(m.Metrics.Dimensions.Elements()) > maxDimensions {
		tfdiag.ErrorAt(diags, path.Root("metrics").AtName("dimensions"), tfdiag.Message{
			Summary: "Too many dimensions", Happened: "CloudWatch takes at most 30 dimensions a metric.", Next: "drop some.",
		})
	}
}

// toAWS returns the part that concerns AWS. A value that is not known yet (it comes from a resource that does not exist)
// counts as not set, so that a plan does not fail for what nobody needs yet.
func (m *model) toAWS(ctx context.Context, diags *diag.Diagnostics) awsapi.Config {
	skipValidation := true
	if !m.SkipCredentialsValidation.IsNull() && !m.SkipCredentialsValidation.IsUnknown() {
		skipValidation = m.SkipCredentialsValidation.ValueBool()
	}
	config := awsapi.Config{
		Config: awsbase.Config{
			AccessKey: m.AccessKey.ValueString(), SecretKey: m.SecretKey.ValueString(), Token: m.Token.ValueString(),
			Profile: m.Profile.ValueString(), Region: m.Region.ValueString(), StsRegion: m.STSRegion.ValueString(),
			SharedConfigFiles: configured.Strings(ctx, m.SharedConfigFiles, diags), SharedCredentialsFiles: configured.Strings(ctx, m.SharedCredentialsFiles, diags),
			AllowedAccountIds: configured.Strings(ctx, m.AllowedAccountIDs, diags), ForbiddenAccountIds: configured.Strings(ctx, m.ForbiddenAccountIDs, diags),
			MaxRetries: int(m.MaxRetries.ValueInt64()), RetryMode: aws.RetryMode(m.RetryMode.ValueString()),
			TokenBucketRateLimiterCapacity: int(m.TokenBucketRateLimiterCapacity.ValueInt64()),
			CustomCABundle:                 m.CustomCABundle.ValueString(), Insecure: m.Insecure.ValueBool(),
			HTTPProxy: known(m.HTTPProxy), HTTPSProxy: known(m.HTTPSProxy), NoProxy: m.NoProxy.ValueString(),
			EC2MetadataServiceEndpoint:     m.EC2MetadataServiceEndpoint.ValueString(),
			EC2MetadataServiceEndpointMode: m.EC2MetadataServiceEndpointMode.ValueString(),
			SkipCredsValidation:            skipValidation, SkipRequestingAccountId: m.SkipRequestingAccountID.ValueBool(),
			UseDualStackEndpoint: m.UseDualStackEndpoint.ValueBool(), UseFIPSEndpoint: m.UseFIPSEndpoint.ValueBool(),
			SuppressDebugLog: true,
		},
		Endpoints:      map[string]string{},
		S3UsePathStyle: m.S3UsePathStyle.ValueBool(),
	}
	if m.SkipMetadataAPICheck.ValueBool() {
		config.EC2MetadataServiceEnableState = imds.ClientDisabled
	}
	for key, value := range m.Endpoints.Attributes() {
		if address, ok := value.(types.String); ok && address.ValueString() != "" {
			config.Endpoints[key] = address.ValueString()
		}
	}
	if role := m.AssumeRole; role != nil {
		config.AssumeRole = []awsbase.AssumeRole{{
			RoleARN: role.RoleARN.ValueString(), ExternalID: role.ExternalID.ValueString(), Policy: role.Policy.ValueString(),
			Duration:   duration(role.Duration, path.Root("assume_role").AtName("duration"), diags),
			PolicyARNs: configured.Strings(ctx, role.PolicyARNs, diags), SessionName: role.SessionName.ValueString(), SourceIdentity: role.SourceIdentity.ValueString(),
			Tags: configured.StringMap(ctx, role.Tags, diags), TransitiveTagKeys: configured.Strings(ctx, role.TransitiveTagKeys, diags),
		}}
	}
	if role := m.AssumeRoleWithWebIdentity; role != nil {
		config.AssumeRoleWithWebIdentity = &awsbase.AssumeRoleWithWebIdentity{
			RoleARN: role.RoleARN.ValueString(), Policy: role.Policy.ValueString(), SessionName: role.SessionName.ValueString(),
			Duration:   duration(role.Duration, path.Root("assume_role_with_web_identity").AtName("duration"), diags),
			PolicyARNs: configured.Strings(ctx, role.PolicyARNs, diags), WebIdentityToken: role.WebIdentityToken.ValueString(), WebIdentityTokenFile: role.WebIdentityTokenFile.ValueString(),
		}
	}
	return config
}

type storeModel struct {
	LocalObject types.Object     `tfsdk:"local"`
	S3Object    types.Object     `tfsdk:"s3"`
	Local       *localStoreModel `tfsdk:"-"`
	S3          *s3StoreModel    `tfsdk:"-"`
}

type localStoreModel struct {
	Path types.String `tfsdk:"path"`
}

type s3StoreModel struct {
	Bucket   types.String `tfsdk:"bucket"`
	Prefix   types.String `tfsdk:"prefix"`
	Region   types.String `tfsdk:"region"`
	KMSKeyID types.String `tfsdk:"kms_key_id"`
}

// defaultStorePath is where the store is when the provider block says nothing, relative to the working directory.
const defaultStorePath = ".reliability"

// errStoreUnknown: the store's place is made by a resource of the same configuration.
var errStoreUnknown = errors.New("the store of the provider block is not known yet: its path or bucket comes from a resource that does not exist. " +
	"Use a store that exists before this configuration")

// toStore returns what opens the store, once.
func (m *model) toStore(clients *awsapi.Clients) func(context.Context) (store.Store, error) {
	return once(func(ctx context.Context) (store.Store, error) {
		switch {
		case m.StoreObject.IsUnknown(), m.Store != nil && (m.Store.LocalObject.IsUnknown() || m.Store.S3Object.IsUnknown()):
			return nil, errStoreUnknown
		case m.Store != nil && m.Store.S3 != nil:
			s3 := m.Store.S3
			if s3.Bucket.IsUnknown() || s3.Prefix.IsUnknown() || s3.Region.IsUnknown() {
				return nil, errStoreUnknown
			}
			client, err := clients.S3(ctx, s3.Region.ValueString())
			if err != nil {
				return nil, err
			}
			return store.OpenS3(client, s3.Bucket.ValueString(), s3.Prefix.ValueString(), s3.KMSKeyID.ValueString()), nil
		case m.Store != nil && m.Store.Local != nil:
			if m.Store.Local.Path.IsUnknown() {
				return nil, errStoreUnknown
			}
			return store.OpenLocal(m.Store.Local.Path.ValueString())
		default:
			return store.OpenLocal(defaultStorePath)
		}
	})
}
