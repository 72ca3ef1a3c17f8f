package live

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newCloudFront reads distributions, one call each: their listing leaves out how they are logged and staged.
func newCloudFront(clients *awsapi.Clients) Reader {
	return service{
		single[liveDistribution, *awsapi.CloudFront]{client: clients.CloudFront, get: distributionOf, names: distributions, table: distributionTable}.
			kind(Spec{
				Type: "aws_cloudfront_distribution", Doc: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html",
				Context: []string{"price_class"}, Global: true,
			}),
	}
}

// liveDistribution is a distribution's configuration with its tags, which have a call of their own; nil where that call failed.
type liveDistribution struct {
	types.DistributionConfig
	tags map[string]string
}

var (
	originBlocks = Blocks{
		Key: []string{"origin_id"},
		Fields: []string{
			"domain_name", "origin_path", "origin_access_control_id", "connection_attempts", "connection_timeout", "custom_header",
			"custom_origin_config.0.http_port", "custom_origin_config.0.https_port", "custom_origin_config.0.origin_protocol_policy",
			"custom_origin_config.0.origin_ssl_protocols", "custom_origin_config.0.origin_keepalive_timeout", "custom_origin_config.0.origin_read_timeout",
			"s3_origin_config.0.origin_access_identity", "origin_shield.0.enabled", "origin_shield.0.origin_shield_region",
		},
	}
	behaviorFields = []string{
		"target_origin_id", "viewer_protocol_policy", "allowed_methods", "cached_methods", "compress", "min_ttl", "default_ttl", "max_ttl",
		"cache_policy_id", "origin_request_policy_id", "response_headers_policy_id", "realtime_log_config_arn", "field_level_encryption_id",
		"trusted_key_groups", "trusted_signers", "function_association", "lambda_function_association",
		"forwarded_values.0.query_string", "forwarded_values.0.headers", "forwarded_values.0.cookies.0.forward",
	}
	defaultBehaviorBlocks = Blocks{Fields: behaviorFields, Canon: nothingIsAbsent}
	orderedBehaviorBlocks = Blocks{Key: []string{"path_pattern"}, Fields: behaviorFields, Canon: nothingIsAbsent}
	errorResponseBlocks   = Blocks{
		Key: []string{"error_code"}, Fields: []string{"response_code", "response_page_path", "error_caching_min_ttl"}, Canon: zeroIsAbsent,
	}
)

// nothingIsAbsent is the Canon of blocks whose numbers and switches are 0 and false where nobody set them.
func nothingIsAbsent(_, value string) string {
	if value == "0" || value == "false" {
		return ""
	}
	return value
}

var distributionTable = []field[liveDistribution]{
	{Attribute{Path: "enabled", API: "Enabled", Default: false}, func(d liveDistribution, _ Resource) any { return d.Enabled }},
	{Attribute{Path: "comment", API: "Comment"}, func(d liveDistribution, _ Resource) any { return d.Comment }},
	{Attribute{Path: "aliases", API: "Aliases.Items", Kind: Set, Fold: true}, func(d liveDistribution, _ Resource) any {
		return through(d.Aliases, func(a *types.Aliases) any { return a.Items })
	}},
	{Attribute{Path: "default_root_object", API: "DefaultRootObject"}, func(d liveDistribution, _ Resource) any { return d.DefaultRootObject }},
	{Attribute{Path: "price_class", API: "PriceClass"}, func(d liveDistribution, _ Resource) any { return string(d.PriceClass) }},
	{Attribute{Path: "http_version", API: "HttpVersion", Fold: true}, func(d liveDistribution, _ Resource) any { return string(d.HttpVersion) }},
	{Attribute{Path: "is_ipv6_enabled", API: "IsIPV6Enabled", Default: false}, func(d liveDistribution, _ Resource) any { return d.IsIPV6Enabled }},
	{Attribute{Path: "web_acl_id", API: "WebACLId"}, func(d liveDistribution, _ Resource) any { return d.WebACLId }},
	{Attribute{Path: "continuous_deployment_policy_id", API: "ContinuousDeploymentPolicyId"}, func(d liveDistribution, _ Resource) any { return d.ContinuousDeploymentPolicyId }},
	{
		Attribute{Path: "origin", API: "Origins.Items", Kind: Map, Blocks: &originBlocks, Expect: func(resource Resource) (any, bool) {
			return withPairs(resource, "origin", func(origin map[string]any) {
				origin["custom_header"] = blockPairs(origin["custom_header"], "name", "value")
			})
		}},
		liveOrigins,
	},
	{
		Attribute{Path: "default_cache_behavior", API: "DefaultCacheBehavior", Kind: Map, Blocks: &defaultBehaviorBlocks, Expect: stateBehaviors("default_cache_behavior")},
		func(d liveDistribution, _ Resource) any {
			if d.DefaultCacheBehavior == nil {
				return nil
			}
			return liveBehavior(asCacheBehavior(*d.DefaultCacheBehavior))
		},
	},
	{
		Attribute{Path: "ordered_cache_behavior", API: "CacheBehaviors.Items", Kind: Map, Blocks: &orderedBehaviorBlocks, Expect: stateBehaviors("ordered_cache_behavior")},
		func(d liveDistribution, _ Resource) any {
			blocks := []map[string]any{}
			if d.CacheBehaviors != nil {
				for _, behavior := range d.CacheBehaviors.Items {
					blocks = append(blocks, liveBehavior(behavior))
				}
			}
			return blocks
		},
	},
	{Attribute{Path: "custom_error_response", API: "CustomErrorResponses.Items", Kind: Map, Blocks: &errorResponseBlocks}, func(d liveDistribution, _ Resource) any {
		blocks := []map[string]any{}
		if d.CustomErrorResponses != nil {
			for _, response := range d.CustomErrorResponses.Items {
				blocks = append(blocks, map[string]any{
					"error_code": response.ErrorCode, "response_code": response.ResponseCode, "response_page_path": response.ResponsePagePath,
					"error_caching_min_ttl": response.ErrorCachingMinTTL,
				})
			}
		}
		return blocks
	}},
	{Attribute{Path: "viewer_certificate.0.cloudfront_default_certificate", API: "ViewerCertificate.CloudFrontDefaultCertificate", Default: false}, viewerCertificate(func(c *types.ViewerCertificate) any { return c.CloudFrontDefaultCertificate })},
	{Attribute{Path: "viewer_certificate.0.acm_certificate_arn", API: "ViewerCertificate.ACMCertificateArn"}, viewerCertificate(func(c *types.ViewerCertificate) any { return c.ACMCertificateArn })},
	{Attribute{Path: "viewer_certificate.0.iam_certificate_id", API: "ViewerCertificate.IAMCertificateId"}, viewerCertificate(func(c *types.ViewerCertificate) any { return c.IAMCertificateId })},
	{Attribute{Path: "viewer_certificate.0.minimum_protocol_version", API: "ViewerCertificate.MinimumProtocolVersion", IfSet: true}, viewerCertificate(func(c *types.ViewerCertificate) any { return string(c.MinimumProtocolVersion) })},
	{Attribute{Path: "viewer_certificate.0.ssl_support_method", API: "ViewerCertificate.SSLSupportMethod", IfSet: true}, viewerCertificate(func(c *types.ViewerCertificate) any { return string(c.SSLSupportMethod) })},
	{Attribute{Path: "restrictions.0.geo_restriction.0.restriction_type", API: "Restrictions.GeoRestriction.RestrictionType", Default: "none"}, func(d liveDistribution, _ Resource) any {
		if d.Restrictions == nil || d.Restrictions.GeoRestriction == nil {
			return nil
		}
		return string(d.Restrictions.GeoRestriction.RestrictionType)
	}},
	{Attribute{Path: "restrictions.0.geo_restriction.0.locations", API: "Restrictions.GeoRestriction.Items", Kind: Set}, func(d liveDistribution, _ Resource) any {
		if d.Restrictions == nil || d.Restrictions.GeoRestriction == nil {
			return nil
		}
		return d.Restrictions.GeoRestriction.Items
	}},
	{Attribute{Path: "logging_config.0.bucket", API: "Logging.Bucket"}, func(d liveDistribution, _ Resource) any {
		if d.Logging == nil || !aws.ToBool(d.Logging.Enabled) {
			return nil
		}
		return d.Logging.Bucket
	}},
	{tagsAttribute("ListTagsForResource.Tags"), func(d liveDistribution, _ Resource) any {
		if d.tags == nil {
			return unread
		}
		return d.tags
	}},
}

func viewerCertificate(get func(*types.ViewerCertificate) any) func(liveDistribution, Resource) any {
	return func(d liveDistribution, _ Resource) any { return through(d.ViewerCertificate, get) }
}

// withPairs takes the blocks of an attribute out of a state and lets change flatten what is nested in each.
func withPairs(resource Resource, name string, change func(block map[string]any)) (blocks any, held bool) {
	value, held := resource.State.Get(name)
	list, _ := value.([]any)
	flat := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if block, ok := element.(map[string]any); ok {
			block = maps.Clone(block)
			change(block)
			flat = append(flat, block)
		}
	}
	return flat, held
}

// blockPairs writes nested blocks as "key=value".
func blockPairs(value any, key, content string) []string {
	list, _ := value.([]any)
	pairs := make([]string, 0, len(list))
	for _, block := range list {
		pairs = append(pairs, scalar(inside(block, key))+"="+scalar(inside(block, content)))
	}
	return pairs
}

func stateBehaviors(name string) func(Resource) (any, bool) {
	return func(resource Resource) (any, bool) {
		return withPairs(resource, name, func(behavior map[string]any) {
			behavior["function_association"] = blockPairs(behavior["function_association"], "event_type", "function_arn")
			behavior["lambda_function_association"] = blockPairs(behavior["lambda_function_association"], "event_type", "lambda_arn")
		})
	}
}

func liveOrigins(d liveDistribution, _ Resource) any {
	if d.Origins == nil {
		return nil
	}
	blocks := make([]map[string]any, 0, len(d.Origins.Items))
	for _, origin := range d.Origins.Items {
		block := map[string]any{
			"origin_id": origin.Id, "domain_name": origin.DomainName, "origin_path": origin.OriginPath, "origin_access_control_id": origin.OriginAccessControlId,
			"connection_attempts": origin.ConnectionAttempts, "connection_timeout": origin.ConnectionTimeout,
		}
		if origin.CustomHeaders != nil {
			headers := make([]string, 0, len(origin.CustomHeaders.Items))
			for _, header := range origin.CustomHeaders.Items {
				headers = append(headers, aws.ToString(header.HeaderName)+"="+aws.ToString(header.HeaderValue))
			}
			block["custom_header"] = headers
		}
		if custom := origin.CustomOriginConfig; custom != nil {
			nested := map[string]any{
				"http_port": custom.HTTPPort, "https_port": custom.HTTPSPort, "origin_protocol_policy": string(custom.OriginProtocolPolicy),
				"origin_keepalive_timeout": custom.OriginKeepaliveTimeout, "origin_read_timeout": custom.OriginReadTimeout,
			}
			if custom.OriginSslProtocols != nil {
				nested["origin_ssl_protocols"] = enums(custom.OriginSslProtocols.Items)
			}
			block["custom_origin_config"] = []any{nested}
		}
		if bucket := origin.S3OriginConfig; bucket != nil {
			block["s3_origin_config"] = []any{map[string]any{"origin_access_identity": bucket.OriginAccessIdentity}}
		}
		if shield := origin.OriginShield; shield != nil && aws.ToBool(shield.Enabled) {
			block["origin_shield"] = []any{map[string]any{"enabled": shield.Enabled, "origin_shield_region": shield.OriginShieldRegion}}
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// asCacheBehavior gives the default behavior the type of the others; the SDK has two.
func asCacheBehavior(d types.DefaultCacheBehavior) types.CacheBehavior {
	return types.CacheBehavior{
		TargetOriginId: d.TargetOriginId, ViewerProtocolPolicy: d.ViewerProtocolPolicy, AllowedMethods: d.AllowedMethods, CachePolicyId: d.CachePolicyId,
		Compress: d.Compress, DefaultTTL: d.DefaultTTL, MaxTTL: d.MaxTTL, MinTTL: d.MinTTL, //nolint:staticcheck // deprecated, and still in use
		FieldLevelEncryptionId: d.FieldLevelEncryptionId, ForwardedValues: d.ForwardedValues, //nolint:staticcheck // deprecated, and still in use
		FunctionAssociations: d.FunctionAssociations, LambdaFunctionAssociations: d.LambdaFunctionAssociations, OriginRequestPolicyId: d.OriginRequestPolicyId,
		RealtimeLogConfigArn: d.RealtimeLogConfigArn, ResponseHeadersPolicyId: d.ResponseHeadersPolicyId, TrustedKeyGroups: d.TrustedKeyGroups, TrustedSigners: d.TrustedSigners,
	}
}

func liveBehavior(b types.CacheBehavior) map[string]any {
	block := map[string]any{
		"path_pattern": b.PathPattern, "target_origin_id": b.TargetOriginId, "viewer_protocol_policy": string(b.ViewerProtocolPolicy), "compress": b.Compress,
		"min_ttl": b.MinTTL, "default_ttl": b.DefaultTTL, "max_ttl": b.MaxTTL, //nolint:staticcheck // deprecated, and still in use
		"cache_policy_id": b.CachePolicyId, "origin_request_policy_id": b.OriginRequestPolicyId, "response_headers_policy_id": b.ResponseHeadersPolicyId,
		"realtime_log_config_arn": b.RealtimeLogConfigArn, "field_level_encryption_id": b.FieldLevelEncryptionId,
	}
	if b.AllowedMethods != nil {
		block["allowed_methods"] = enums(b.AllowedMethods.Items)
		if b.AllowedMethods.CachedMethods != nil {
			block["cached_methods"] = enums(b.AllowedMethods.CachedMethods.Items)
		}
	}
	if b.TrustedKeyGroups != nil {
		block["trusted_key_groups"] = b.TrustedKeyGroups.Items
	}
	if b.TrustedSigners != nil {
		block["trusted_signers"] = b.TrustedSigners.Items
	}
	if b.FunctionAssociations != nil {
		var pairs []string
		for _, association := range b.FunctionAssociations.Items {
			pairs = append(pairs, string(association.EventType)+"="+aws.ToString(association.FunctionARN))
		}
		block["function_association"] = pairs
	}
	if b.LambdaFunctionAssociations != nil {
		var pairs []string
		for _, association := range b.LambdaFunctionAssociations.Items {
			pairs = append(pairs, string(association.EventType)+"="+aws.ToString(association.LambdaFunctionARN))
		}
		block["lambda_function_association"] = pairs
	}
	if values := b.ForwardedValues; values != nil { //nolint:staticcheck // deprecated, and still in use
		nested := map[string]any{"query_string": values.QueryString}
		if values.Headers != nil {
			nested["headers"] = values.Headers.Items
		}
		if values.Cookies != nil {
			nested["cookies"] = []any{map[string]any{"forward": string(values.Cookies.Forward)}}
		}
		block["forwarded_values"] = []any{nested}
	}
	return block
}

func distributionOf(ctx context.Context, client *awsapi.CloudFront, caller *Caller, resource Resource) (distribution liveDistribution, partial, err error) {
	answer, err := call(ctx, caller, client.GetDistribution, &cloudfront.GetDistributionInput{Id: aws.String(resource.ID)})
	switch {
	case err != nil:
		return distribution, nil, err
	case answer.Distribution == nil || answer.Distribution.DistributionConfig == nil:
		return distribution, nil, errNoAnswer
	}
	distribution.DistributionConfig = *answer.Distribution.DistributionConfig
	tags, partial := call(ctx, caller, client.ListTagsForResource, &cloudfront.ListTagsForResourceInput{Resource: answer.Distribution.ARN})
	if partial == nil && tags.Tags != nil {
		distribution.tags = tagMap(tags.Tags.Items, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	return distribution, partial, nil
}

// distributions lists all of the account, https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListDistributions.html.
func distributions(ctx context.Context, client *awsapi.CloudFront, caller *Caller) ([]Thing, error) {
	input := &cloudfront.ListDistributionsInput{MaxItems: aws.Int32(100)}
	return pages(ctx, caller, client.ListDistributions, input, func(page *cloudfront.ListDistributionsOutput) ([]Thing, bool) {
		if page.DistributionList == nil {
			return nil, false
		}
		input.Marker = page.DistributionList.NextMarker
		return wrapped(page.DistributionList.Items, func(d types.DistributionSummary) Thing {
			return Thing{ID: aws.ToString(d.Id), Name: aws.ToString(d.Comment), Aliases: []string{aws.ToString(d.ARN)}}
		}), aws.ToBool(page.DistributionList.IsTruncated)
	})
}
