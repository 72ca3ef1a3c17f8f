package service_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

type bucket struct {
	*testing.T
	client *s3.Client
	name   string
}

func newBucket(t *testing.T, name string, versioned bool) bucket {
	t.Helper()
	client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	if versioned {
		_, err = client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		must(t, err)
	}
	return bucket{t, client, name}
}

func (b bucket) put(key, body, contentType string) {
	b.Helper()
	_, err := b.client.PutObject(b.Context(), &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader(body), ContentType: &contentType, Metadata: map[string]string{"by": body}})
	must(b.T, err)
}

func (b bucket) remove(key string) {
	b.Helper()
	_, err := b.client.DeleteObject(b.Context(), &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	must(b.T, err)
}

// read returns body and content type, or "" where there is no object.
func (b bucket) read(key string) string {
	b.Helper()
	out, err := b.client.GetObject(b.Context(), &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return ""
	}
	must(b.T, err)
	body, err := io.ReadAll(out.Body)
	must(b.T, err)
	return string(body) + " " + aws.ToString(out.ContentType) + " " + out.Metadata["by"]
}

func newS3(t *testing.T, client service.S3API, name, prefix string, exclude ...string) *service.S3Bucket {
	t.Helper()
	s, err := service.NewS3Bucket(client, name, prefix, exclude, service.S3Options{})
	must(t, err)
	return s
}

func TestS3Bucket(t *testing.T) {
	b := newBucket(t, "conform", true)
	seed := map[string]string{
		"site/index.html": "one text/html one", "site/a+b c/ä&?.txt": "one text/plain one", "site/gone.txt": "one text/plain one",
		"site/typed.css": "same text/css same", "site/deleted-twice": "one text/plain one",
	}
	for key, content := range seed {
		body, contentType, _ := strings.Cut(content, " ")
		contentType, _, _ = strings.Cut(contentType, " ")
		b.put(key, body, contentType)
	}
	b.put("site/logs/x.log", "log", "text/plain")
	b.put("other/index.html", "other", "text/html")
	site := newS3(t, b.client, b.name, "site/", "site/logs/**")
	conform(t, subject{
		service: site,
		change: func(t *testing.T) {
			b.put("site/index.html", "two", "text/html")
			b.put("site/a+b c/ä&?.txt", "two", "text/plain")
			b.put("site/typed.css", "same", "text/plain") // the same content under another type
			b.remove("site/gone.txt")
			b.put("site/deleted-twice", "two", "text/plain")
			b.remove("site/deleted-twice")
			b.remove("site/deleted-twice")
			b.put("site/new.txt", "new", "text/plain")
			b.put("site/logs/x.log", "log 2", "text/plain")
			b.put("other/index.html", "other 2", "text/html")
		},
		missing:    func() service.Service { return newS3(t, b.client, "no-such-bucket", "") },
		awsService: "s3", operation: "CopyObject", after: 1,
	})
	for key, want := range seed {
		if got := b.read(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for key, want := range map[string]string{"site/new.txt": "new", "site/logs/x.log": "log 2", "other/index.html": "other 2"} {
		if got := b.read(key); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q: what was not captured was touched", key, got)
		}
	}
}

func TestS3BucketCleanup(t *testing.T) {
	b := newBucket(t, "cleanup", true)
	b.put("old", "one", "text/plain")
	s := newS3(t, b.client, b.name, "")
	item, err := s.Capture(t.Context())
	must(t, err)
	b.put("new", "two", "text/plain")
	changes, err := s.Cleanup(t.Context(), item)
	must(t, err)
	if len(changes) != 1 || changes[0].Action != service.Delete || !strings.Contains(changes[0].Detail, "/new") {
		t.Fatalf("changes: %+v", changes)
	}
	must(t, s.Restore(t.Context(), changes))
	if b.read("new") != "" || b.read("old") == "" {
		t.Error("the new object is there, or the old one is not")
	}
	versions, err := b.client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: aws.String("new")})
	must(t, err)
	if len(versions.Versions) != 1 {
		t.Errorf("%d versions of the new object are left, want 1: a clean-up takes nothing away for good", len(versions.Versions))
	}
	again, err := s.Cleanup(t.Context(), item)
	must(t, err)
	if len(again) != 0 {
		t.Errorf("a second clean-up would do %+v", again)
	}
}

func TestS3BucketUnrestorable(t *testing.T) {
	plain := newBucket(t, "unversioned", false)
	if _, err := newS3(t, plain.client, plain.name, "").Capture(t.Context()); !errors.Is(err, service.ErrUnrestorable) || !strings.Contains(err.Error(), "enable versioning") {
		t.Errorf("an unversioned bucket: %v", err)
	}
	b := newBucket(t, "expired", true)
	b.put("a", "one", "text/plain")
	b.put("b", "one", "text/plain")
	s := newS3(t, b.client, b.name, "")
	item, err := s.Capture(t.Context())
	must(t, err)
	versions, err := b.client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: aws.String("a")})
	must(t, err)
	b.put("a", "two", "text/plain")
	b.put("b", "two", "text/plain")
	_, err = b.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &b.name, Key: aws.String("a"), VersionId: versions.Versions[0].VersionId})
	must(t, err)
	changes, err := s.Diff(t.Context(), item)
	if !errors.Is(err, service.ErrUnrestorable) || len(changes) != 1 {
		t.Fatalf("a version is gone for good: %+v, %v", changes, err)
	}
	must(t, s.Restore(t.Context(), changes))
	if got := b.read("b"); !strings.HasPrefix(got, "one") {
		t.Errorf("b is %q", got)
	}
}

func TestGlobs(t *testing.T) {
	if _, err := service.NewS3Bucket(nil, "b", "", []string{""}, service.S3Options{}); err == nil {
		t.Error("an empty pattern was taken")
	}
	b := newBucket(t, "globs", true)
	for _, key := range []string{"a.log", "x/a.log", "x/y/a.log", "a[1].txt", "ab.txt"} {
		b.put(key, key, "text/plain")
	}
	for pattern, left := range map[string]int{"*.log": 4, "**.log": 2, "x/*": 4, "x/**": 3, "a[1].txt": 4, "a?.txt": 4, "*": 2, "**": 0, "nothing": 5} {
		item, err := newS3(t, b.client, b.name, "", pattern).Capture(t.Context())
		must(t, err)
		if item.Objects != left {
			t.Errorf("without %s: %d objects, want %d", pattern, item.Objects, left)
		}
	}
}
