package livetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestAccLive_s3: a restore by CopyObject of an old version keeps everything that a reader sees.
func TestAccLive_s3(t *testing.T) {
	a := open(t, "s3", "bucket")
	b := newBucket(a)
	b.put("index.html", "one", "text/html; charset=utf-8", "max-age=60", "release=v1&team=web")
	b.put("logo.svg", "<svg/>", "image/svg+xml", "max-age=86400", "")
	a.comesBack(fmt.Sprintf("s3_bucket = { bucket = %q }", a.name), func() {
		b.put("index.html", "two", "text/plain", "no-store", "release=v2")
		_, err := b.client.DeleteObject(a.ctx(), &s3.DeleteObjectInput{Bucket: &a.name, Key: aws.String("logo.svg")})
		a.must(err)
	}, b.seen)
}

// bucket is a versioned bucket.
type bucket struct {
	*account
	client *s3.Client
}

func newBucket(a *account) *bucket {
	a.t.Helper()
	b := &bucket{a, buckets(a.config)}
	in := &s3.CreateBucketInput{Bucket: &a.name}
	if a.config.Region != "us-east-1" { // which has no name of its own here
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(a.config.Region)}
	}
	_, err := b.client.CreateBucket(a.ctx(), in)
	a.must(err)
	_, err = b.client.PutBucketVersioning(a.ctx(), &s3.PutBucketVersioningInput{Bucket: &a.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	a.must(err)
	return b
}

func (b *bucket) put(key, body, kind, cache, tags string) {
	b.t.Helper()
	in := &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: strings.NewReader(body), ContentType: &kind, CacheControl: &cache, ContentLanguage: aws.String("en"),
		ContentDisposition: aws.String("inline"), Metadata: map[string]string{"commit": "c0ffee", "size": fmt.Sprint(len(body))},
	}
	if tags != "" {
		in.Tagging = &tags
	}
	_, err := b.client.PutObject(b.ctx(), in)
	b.must(err)
}

// seen is what a reader sees of each object.
func (b *bucket) seen() string {
	b.t.Helper()
	list, err := b.client.ListObjectsV2(b.ctx(), &s3.ListObjectsV2Input{Bucket: &b.name})
	b.must(err)
	var text strings.Builder
	for i := range list.Contents {
		key := list.Contents[i].Key
		head, err := b.client.HeadObject(b.ctx(), &s3.HeadObjectInput{Bucket: &b.name, Key: key})
		b.must(err)
		tags, err := b.client.GetObjectTagging(b.ctx(), &s3.GetObjectTaggingInput{Bucket: &b.name, Key: key})
		b.must(err)
		named := map[string]string{}
		for _, tag := range tags.TagSet {
			named[*tag.Key] = *tag.Value
		}
		fmt.Fprintf(&text, "%s %s %d bytes, %s, %s, %s, %s", *key, aws.ToString(head.ETag), aws.ToInt64(head.ContentLength), aws.ToString(head.ContentType),
			aws.ToString(head.CacheControl), aws.ToString(head.ContentLanguage), aws.ToString(head.ContentDisposition))
		for _, of := range []map[string]string{head.Metadata, named} {
			for _, name := range slices.Sorted(maps.Keys(of)) {
				fmt.Fprintf(&text, ", %s=%s", name, of[name])
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}
