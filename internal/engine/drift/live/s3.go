package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newS3 reads buckets, and of their sub-resources those that a state holds: each has a call of its own.
func newS3(clients *awsapi.Clients) Reader {
	return service{
		single[map[string]string, *awsapi.S3]{client: clients.S3, get: bucketTags(clients), names: buckets, table: bucketTable}.
			kind(Spec{Type: "aws_s3_bucket", Doc: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html"}),
		bucketPart("aws_s3_bucket_versioning", "API_GetBucketVersioning", clients, versioningTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketVersioningOutput, error) {
			return call(ctx, caller, client.GetBucketVersioning, &s3.GetBucketVersioningInput{Bucket: bucket})
		}),
		bucketPart("aws_s3_bucket_server_side_encryption_configuration", "API_GetBucketEncryption", clients, encryptionTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketEncryptionOutput, error) {
			return call(ctx, caller, client.GetBucketEncryption, &s3.GetBucketEncryptionInput{Bucket: bucket})
		}),
		bucketPart("aws_s3_bucket_public_access_block", "API_GetPublicAccessBlock", clients, publicAccessTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetPublicAccessBlockOutput, error) {
			return call(ctx, caller, client.GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: bucket})
		}),
		bucketPart("aws_s3_bucket_policy", "API_GetBucketPolicy", clients, bucketPolicyTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketPolicyOutput, error) {
			return call(ctx, caller, client.GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: bucket})
		}),
		bucketPart("aws_s3_bucket_lifecycle_configuration", "API_GetBucketLifecycleConfiguration", clients, lifecycleTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketLifecycleConfigurationOutput, error) {
			return call(ctx, caller, client.GetBucketLifecycleConfiguration, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
		}),
		bucketPart("aws_s3_bucket_website_configuration", "API_GetBucketWebsite", clients, websiteTable, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketWebsiteOutput, error) {
			return call(ctx, caller, client.GetBucketWebsite, &s3.GetBucketWebsiteInput{Bucket: bucket})
		}),
	}
}

// bucketPart is a sub-resource of a bucket. No listing tells of it: S3 is asked twice before it counts as deleted.
func bucketPart[Out any](
	kindName, page string, clients *awsapi.Clients, table []field[*Out],
	ask func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*Out, error),
) kind {
	return single[*Out, *awsapi.S3]{
		client: clients.S3, table: table,
		get: func(ctx context.Context, client *awsapi.S3, caller *Caller, resource Resource) (*Out, error, error) {
			out, err := inItsRegion(ctx, clients, client, caller, resource, ask)
			return out, nil, err
		},
	}.kind(Spec{Type: kindName, Doc: "https://docs.aws.amazon.com/AmazonS3/latest/API/" + page + ".html", Context: []string{"bucket"}})
}

func bucketOf(resource Resource) string {
	if bucket := resource.Text("bucket"); bucket != "" {
		return bucket
	}
	return resource.ID
}

// buckets lists all of the account, in every Region.
func buckets(ctx context.Context, client *awsapi.S3, caller *Caller) ([]Thing, error) {
	input := &s3.ListBucketsInput{MaxBuckets: aws.Int32(10000)}
	return pages(ctx, caller, client.ListBuckets, input, func(page *s3.ListBucketsOutput) ([]Thing, bool) {
		input.ContinuationToken = page.ContinuationToken
		things := make([]Thing, 0, len(page.Buckets))
		for _, bucket := range page.Buckets {
			things = append(things, Thing{ID: aws.ToString(bucket.Name), Name: aws.ToString(bucket.Name), Aliases: []string{"arn:aws:s3:::" + aws.ToString(bucket.Name)}})
		}
		return things, aws.ToString(page.ContinuationToken) != ""
	})
}

// Everything else of a bucket has a resource of its own; what the state holds of it here is computed, or was written by a
// provider before version 4.
var bucketTable = []field[map[string]string]{
	{tagsAttribute("TagSet"), func(tags map[string]string, _ Resource) any { return tags }},
}

// bucketTags: a bucket without tags is answered with an error of its own.
func bucketTags(clients *awsapi.Clients) func(ctx context.Context, client *awsapi.S3, caller *Caller, resource Resource) (tags map[string]string, partial, err error) {
	return func(ctx context.Context, client *awsapi.S3, caller *Caller, resource Resource) (map[string]string, error, error) {
		answer, err := inItsRegion(ctx, clients, client, caller, resource, func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*s3.GetBucketTaggingOutput, error) {
			return call(ctx, caller, client.GetBucketTagging, &s3.GetBucketTaggingInput{Bucket: bucket})
		})
		switch {
		case awsapi.HasCode(err, "NoSuchTagSet"):
			return map[string]string{}, nil, nil
		case err != nil:
			return nil, nil, err
		}
		return tagMap(answer.TagSet, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value }), nil, nil
	}
}

// inItsRegion asks S3 for something of a bucket, and where S3 answers that the bucket is in another Region, asks there: a state does not
// say where the bucket of a sub-resource is, and only the bucket's own Region tells of it,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html.
func inItsRegion[Out any](
	ctx context.Context, clients *awsapi.Clients, client *awsapi.S3, caller *Caller, resource Resource,
	ask func(ctx context.Context, client *awsapi.S3, caller *Caller, bucket *string) (*Out, error),
) (*Out, error) {
	bucket := aws.String(bucketOf(resource))
	out, err := ask(ctx, client, caller, bucket)
	region := awsapi.BucketRegion(err)
	if region == "" || region == resource.Region {
		return out, err
	}
	there, problem := clients.S3(ctx, region)
	if problem != nil {
		return nil, err
	}
	return ask(ctx, there, caller, bucket)
}

// A bucket on which nobody ever set versioning has no status, which hashicorp/aws calls Disabled.
var versioningTable = []field[*s3.GetBucketVersioningOutput]{
	{Attribute{Path: "versioning_configuration.0.status", API: "Status", Default: "Disabled"}, func(v *s3.GetBucketVersioningOutput, _ Resource) any { return string(v.Status) }},
	{Attribute{Path: "versioning_configuration.0.mfa_delete", API: "MfaDelete", Default: "Disabled"}, func(v *s3.GetBucketVersioningOutput, _ Resource) any { return string(v.MFADelete) }},
}

func encryptionRule(get func(types.ServerSideEncryptionRule) any) func(*s3.GetBucketEncryptionOutput, Resource) any {
	return func(e *s3.GetBucketEncryptionOutput, _ Resource) any {
		if e.ServerSideEncryptionConfiguration == nil || len(e.ServerSideEncryptionConfiguration.Rules) == 0 {
			return nil
		}
		return get(e.ServerSideEncryptionConfiguration.Rules[0])
	}
}

// There can be only one rule.
var encryptionTable = []field[*s3.GetBucketEncryptionOutput]{
	{
		Attribute{Path: "rule.0.apply_server_side_encryption_by_default.0.sse_algorithm", API: "ApplyServerSideEncryptionByDefault.SSEAlgorithm"},
		encryptionRule(func(r types.ServerSideEncryptionRule) any {
			return through(r.ApplyServerSideEncryptionByDefault, func(d *types.ServerSideEncryptionByDefault) any { return string(d.SSEAlgorithm) })
		}),
	},
	{
		Attribute{Path: "rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id", API: "ApplyServerSideEncryptionByDefault.KMSMasterKeyID"},
		encryptionRule(func(r types.ServerSideEncryptionRule) any {
			return through(r.ApplyServerSideEncryptionByDefault, func(d *types.ServerSideEncryptionByDefault) any { return d.KMSMasterKeyID })
		}),
	},
	{
		Attribute{Path: "rule.0.bucket_key_enabled", API: "BucketKeyEnabled", Default: false},
		encryptionRule(func(r types.ServerSideEncryptionRule) any { return r.BucketKeyEnabled }),
	},
}

func publicAccess(get func(*types.PublicAccessBlockConfiguration) any) func(*s3.GetPublicAccessBlockOutput, Resource) any {
	return func(p *s3.GetPublicAccessBlockOutput, _ Resource) any {
		return through(p.PublicAccessBlockConfiguration, get)
	}
}

var publicAccessTable = []field[*s3.GetPublicAccessBlockOutput]{
	{Attribute{Path: "block_public_acls", API: "BlockPublicAcls", Default: false}, publicAccess(func(p *types.PublicAccessBlockConfiguration) any { return p.BlockPublicAcls })},
	{Attribute{Path: "block_public_policy", API: "BlockPublicPolicy", Default: false}, publicAccess(func(p *types.PublicAccessBlockConfiguration) any { return p.BlockPublicPolicy })},
	{Attribute{Path: "ignore_public_acls", API: "IgnorePublicAcls", Default: false}, publicAccess(func(p *types.PublicAccessBlockConfiguration) any { return p.IgnorePublicAcls })},
	{Attribute{Path: "restrict_public_buckets", API: "RestrictPublicBuckets", Default: false}, publicAccess(func(p *types.PublicAccessBlockConfiguration) any { return p.RestrictPublicBuckets })},
}

var bucketPolicyTable = []field[*s3.GetBucketPolicyOutput]{
	{Attribute{Path: "policy", API: "Policy", Kind: Policy}, func(p *s3.GetBucketPolicyOutput, _ Resource) any { return p.Policy }},
}

var websiteTable = []field[*s3.GetBucketWebsiteOutput]{
	{Attribute{Path: "index_document.0.suffix", API: "IndexDocument.Suffix"}, func(w *s3.GetBucketWebsiteOutput, _ Resource) any {
		return through(w.IndexDocument, func(d *types.IndexDocument) any { return d.Suffix })
	}},
	{Attribute{Path: "error_document.0.key", API: "ErrorDocument.Key"}, func(w *s3.GetBucketWebsiteOutput, _ Resource) any {
		return through(w.ErrorDocument, func(d *types.ErrorDocument) any { return d.Key })
	}},
	{Attribute{Path: "redirect_all_requests_to.0.host_name", API: "RedirectAllRequestsTo.HostName"}, func(w *s3.GetBucketWebsiteOutput, _ Resource) any {
		return through(w.RedirectAllRequestsTo, func(r *types.RedirectAllRequestsTo) any { return r.HostName })
	}},
	{Attribute{Path: "redirect_all_requests_to.0.protocol", API: "RedirectAllRequestsTo.Protocol"}, func(w *s3.GetBucketWebsiteOutput, _ Resource) any {
		return through(w.RedirectAllRequestsTo, func(r *types.RedirectAllRequestsTo) any { return string(r.Protocol) })
	}},
}
