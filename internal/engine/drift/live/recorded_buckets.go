package live

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// recordedBuckets are buckets and those of their sub-resources that AWS Config tells of whole. It records each as a part of
// the bucket's item; policies and lifecycles it does not tell, or not all of them.
var recordedBuckets = []recordedKind{
	{
		Spec: Spec{Type: "aws_s3_bucket"}, resource: "AWS::S3::Bucket", field: "resourceId", key: bucketOf, id: bucketOf,
		take: takeTable(bucketTable, []string{"tags"}, func(item recordedItem) (map[string]string, error) { return item.tags(), nil }),
	},
	bucketPiece("aws_s3_bucket_versioning", "BucketVersioningConfiguration", versioningTable, []string{"versioning_configuration.0.status", "versioning_configuration.0.mfa_delete"},
		func(text json.RawMessage) (*s3.GetBucketVersioningOutput, error) {
			var versioning struct {
				Status             string `json:"status"`
				IsMfaDeleteEnabled *bool  `json:"isMfaDeleteEnabled"`
			}
			err := json.Unmarshal(text, &versioning)
			out := &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatus(versioning.Status)}
			if versioning.Status == "Off" { // a bucket that never had versions
				out.Status = ""
			}
			if aws.ToBool(versioning.IsMfaDeleteEnabled) {
				out.MFADelete = types.MFADeleteStatusEnabled
			}
			return out, err
		}),
	bucketPiece("aws_s3_bucket_server_side_encryption_configuration", "ServerSideEncryptionConfiguration", encryptionTable, []string{
		"rule.0.apply_server_side_encryption_by_default.0.sse_algorithm", "rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id", "rule.0.bucket_key_enabled",
	}, func(text json.RawMessage) (*s3.GetBucketEncryptionOutput, error) {
		out := &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{}}
		return out, json.Unmarshal(text, out.ServerSideEncryptionConfiguration)
	}),
	bucketPiece("aws_s3_bucket_public_access_block", "PublicAccessBlockConfiguration", publicAccessTable, []string{
		"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets",
	}, func(text json.RawMessage) (*s3.GetPublicAccessBlockOutput, error) {
		out := &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}}
		return out, json.Unmarshal(text, out.PublicAccessBlockConfiguration)
	}),
	bucketPiece("aws_s3_bucket_website_configuration", "BucketWebsiteConfiguration", websiteTable, []string{
		"index_document.0.suffix", "error_document.0.key", "redirect_all_requests_to.0.host_name", "redirect_all_requests_to.0.protocol",
	}, recordedWebsite),
}

// bucketPiece is a sub-resource, whose part of the bucket's item is absent when the bucket has none.
func bucketPiece[Out any](kindName, part string, table []field[*Out], tells []string, decode func(json.RawMessage) (*Out, error)) recordedKind {
	take := takeTable(table, tells, func(item recordedItem) (*Out, error) { return decode(unquoted(item.Supplementary[part])) })
	return recordedKind{
		Spec: Spec{Type: kindName}, resource: "AWS::S3::Bucket", field: "resourceId", key: bucketOf, id: bucketOf,
		take: func(item recordedItem, resource Resource) (recordedValues, error) {
			if text := unquoted(item.Supplementary[part]); len(text) == 0 || string(text) == "null" {
				return recordedValues{gone: true}, nil
			}
			return take(item, resource)
		},
	}
}

func recordedWebsite(text json.RawMessage) (*s3.GetBucketWebsiteOutput, error) {
	var website struct {
		IndexDocumentSuffix   *string                      `json:"indexDocumentSuffix"`
		ErrorDocument         *string                      `json:"errorDocument"`
		RedirectAllRequestsTo *types.RedirectAllRequestsTo `json:"redirectAllRequestsTo"`
	}
	err := json.Unmarshal(text, &website)
	out := &s3.GetBucketWebsiteOutput{RedirectAllRequestsTo: website.RedirectAllRequestsTo}
	if website.IndexDocumentSuffix != nil {
		out.IndexDocument = &types.IndexDocument{Suffix: website.IndexDocumentSuffix}
	}
	if website.ErrorDocument != nil {
		out.ErrorDocument = &types.ErrorDocument{Key: website.ErrorDocument}
	}
	return out, err
}
