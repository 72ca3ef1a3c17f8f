package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// lifecycle returns how long the versions of a capture last, and what people should know of the bucket's rules. A rule that
// only takes objects with certain tags or sizes counts as one that may take any.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func (b *S3Bucket) lifecycle(ctx context.Context) (warnings []string, lasts time.Duration, err error) {
	out, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.bucket})
	switch {
	case awsapi.HasCode(err, "NoSuchLifecycleConfiguration"):
		return nil, 0, nil
	case awsapi.IsDenied(err):
		return []string{fmt.Sprintf("whether a lifecycle rule of bucket %s expires old versions is not known: reading it needs s3:GetLifecycleConfiguration", b.bucket)}, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("read the lifecycle rules of bucket %s: %w", b.bucket, err)
	}
	for _, rule := range out.Rules {
		if rule.Status != types.ExpirationStatusEnabled || !b.covers(rule) {
			continue
		}
		if gone := rule.NoncurrentVersionExpiration; gone != nil {
			days := aws.ToInt32(gone.NoncurrentDays)
			if d := time.Duration(days) * 24 * time.Hour; lasts == 0 || d < lasts {
				lasts = d
			}
			newer := ""
			if n := aws.ToInt32(gone.NewerNoncurrentVersions); n > 0 {
				newer = fmt.Sprintf(" once %d newer ones are kept", n)
			}
			warnings = append(warnings, fmt.Sprintf("lifecycle rule %q of bucket %s removes old versions %d day(s) after they were replaced%s: what was changed longer ago than that cannot be put back",
				aws.ToString(rule.ID), b.bucket, days, newer))
		}
		for _, moved := range rule.NoncurrentVersionTransitions {
			if moved.StorageClass == types.TransitionStorageClassGlacier || moved.StorageClass == types.TransitionStorageClassDeepArchive {
				warnings = append(warnings, fmt.Sprintf("lifecycle rule %q of bucket %s moves old versions to %s %d day(s) after they were replaced: then they have to be restored from the archive before they can be put back",
					aws.ToString(rule.ID), b.bucket, moved.StorageClass, aws.ToInt32(moved.NoncurrentDays)))
			}
		}
	}
	slices.Sort(warnings)
	return warnings, lasts, nil
}

// covers tells whether a rule may take captured objects.
func (b *S3Bucket) covers(rule types.LifecycleRule) bool {
	prefix := aws.ToString(rule.Prefix) //nolint:staticcheck // rules of an older format have it there
	if filter := rule.Filter; filter != nil {
		prefix = aws.ToString(filter.Prefix)
		if filter.And != nil {
			prefix = aws.ToString(filter.And.Prefix)
		}
	}
	return strings.HasPrefix(prefix, b.prefix) || strings.HasPrefix(b.prefix, prefix)
}
