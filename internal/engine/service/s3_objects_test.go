package service_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

const partSize = 5 << 20 // the least that S3 takes

// upload puts an object in parts, without a checksum of the whole, and returns its version.
func (b bucket) upload(key string, body []byte) string {
	b.Helper()
	plain := func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired }
	made, err := b.client.CreateMultipartUpload(b.Context(), &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: &key, ContentType: aws.String("video/mp4")}, plain)
	must(b.T, err)
	var parts []types.CompletedPart
	for i := 0; i*partSize < len(body); i++ {
		number := int32(i + 1)
		part, err := b.client.UploadPart(b.Context(), &s3.UploadPartInput{
			Bucket: &b.name, Key: &key, UploadId: made.UploadId, PartNumber: &number, Body: bytes.NewReader(body[i*partSize : min((i+1)*partSize, len(body))]),
		}, plain)
		must(b.T, err)
		parts = append(parts, types.CompletedPart{PartNumber: &number, ETag: part.ETag})
	}
	out, err := b.client.CompleteMultipartUpload(b.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: &b.name, Key: &key, UploadId: made.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}, plain)
	must(b.T, err)
	return aws.ToString(out.VersionId)
}

// TestACopyIsKnownAgain: neither ETag nor checksum of an object that was uploaded in parts tells that a copy is the same.
func TestACopyIsKnownAgain(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	body := bytes.Repeat([]byte("0123456789abcdef"), (partSize+1024)/16)
	b.upload("film", body)
	notes := &notebook{}
	s := newWith(t, b, service.S3Options{Notes: notes})
	item, err := s.Capture(t.Context())
	must(t, err)
	b.put("film", "cut", "text/plain")
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	must(t, s.Restore(t.Context(), changes))
	must(t, s.Verify(t.Context(), item))
	must(t, newWith(t, b, service.S3Options{Notes: notes}).Verify(t.Context(), item)) // another process, the same store
	// Without the notes nobody can tell: it is copied once more, and said so.
	blind := newWith(t, b, service.S3Options{})
	changes, err = blind.Diff(t.Context(), item)
	must(t, err)
	if len(changes) != 1 || !strings.Contains(changes[0].Detail, "cannot be compared") {
		t.Fatalf("changes %+v", changes)
	}
	must(t, blind.Restore(t.Context(), changes))
	must(t, blind.Verify(t.Context(), item))
	// The same bytes under another type are a change even so.
	b.upload("film", body)
	_, err = b.client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &b.name, Key: aws.String("film"), CopySource: aws.String(b.name + "/film"), MetadataDirective: types.MetadataDirectiveReplace, ContentType: aws.String("text/plain")})
	must(t, err)
	if changes, err := s.Diff(t.Context(), item); err != nil || len(changes) != 1 {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

func TestALargeObjectIsCopiedInParts(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	body := bytes.Repeat([]byte("0123456789abcdef"), (2*partSize+4096)/16)
	_, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &b.name, Key: aws.String("big file+ä"), Body: bytes.NewReader(body), ContentType: aws.String("video/mp4"), CacheControl: aws.String("no-store"), ContentLanguage: aws.String("de"),
		ContentDisposition: aws.String("attachment"), ContentEncoding: aws.String("identity"), Metadata: map[string]string{"by": "one"}, Tagging: aws.String("a=1&b=x%20y"),
		StorageClass: types.StorageClassStandardIa, ServerSideEncryption: types.ServerSideEncryptionAwsKms, Expires: aws.Time(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)),
	})
	must(t, err)
	s := newWith(t, b, service.S3Options{Tuning: service.S3Tuning{MaxCopy: partSize, PartSize: partSize}})
	item, err := s.Capture(t.Context())
	must(t, err)
	b.put("big file+ä", "small", "text/plain")
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	e := acctest.Emulator(t)
	remove := e.Inject(emulator.Fault{Service: "s3", Operation: "UploadPartCopy", Status: 403, Code: "AccessDenied", After: 1})
	err = s.Restore(t.Context(), changes)
	remove()
	if err == nil || !strings.Contains(err.Error(), "1 of 1 objects") {
		t.Errorf("a part was refused: %v", err)
	}
	uploads, err := b.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b.name})
	must(t, err)
	if len(uploads.Uploads) != 0 {
		t.Errorf("%d uploads were left behind", len(uploads.Uploads))
	}
	e.ResetCalls()
	must(t, s.Restore(t.Context(), changes))
	must(t, s.Verify(t.Context(), item))
	if parts, whole := acctest.CountCalls(t, "s3", "UploadPartCopy", b.name), acctest.CountCalls(t, "s3", "CopyObject", b.name); parts != 3 || whole != 0 {
		t.Errorf("%d parts, %d whole copies", parts, whole)
	}
	out, err := b.client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.name, Key: aws.String("big file+ä")})
	must(t, err)
	back, err := io.ReadAll(out.Body)
	must(t, err)
	if !bytes.Equal(back, body) || aws.ToString(out.ContentType) != "video/mp4" || aws.ToString(out.CacheControl) != "no-store" || aws.ToString(out.ContentLanguage) != "de" ||
		aws.ToString(out.ContentDisposition) != "attachment" || out.Metadata["by"] != "one" || out.StorageClass != types.StorageClassStandardIa ||
		out.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(out.ExpiresString) != "Wed, 02 Jan 2030 03:04:05 GMT" {
		t.Errorf("%d bytes, %+v", len(back), out)
	}
	tags, err := b.client.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &b.name, Key: aws.String("big file+ä")})
	must(t, err)
	if len(tags.TagSet) != 2 || aws.ToString(tags.TagSet[1].Value) != "x y" {
		t.Errorf("tags %+v", tags.TagSet)
	}
}

func TestEverythingOfAnObjectComesBack(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	key := "page"
	_, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: strings.NewReader("one"), ContentType: aws.String("text/html"), CacheControl: aws.String("max-age=60"), Metadata: map[string]string{"by": "one"},
		Tagging: aws.String("team=web"), StorageClass: types.StorageClassStandardIa, ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("alias/own"),
		WebsiteRedirectLocation: aws.String("/elsewhere"),
	})
	must(t, err)
	s := newWith(t, b, service.S3Options{})
	item, err := s.Capture(t.Context())
	must(t, err)
	b.put(key, "two", "text/plain")
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	must(t, s.Restore(t.Context(), changes))
	head, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	must(t, err)
	if aws.ToString(head.ContentType) != "text/html" || aws.ToString(head.CacheControl) != "max-age=60" || head.Metadata["by"] != "one" || head.StorageClass != types.StorageClassStandardIa ||
		head.ServerSideEncryption != types.ServerSideEncryptionAwsKms || !strings.Contains(aws.ToString(head.SSEKMSKeyId), "own") || aws.ToString(head.WebsiteRedirectLocation) != "/elsewhere" {
		t.Errorf("%+v", head)
	}
	tags, err := b.client.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &b.name, Key: &key})
	must(t, err)
	if len(tags.TagSet) != 1 || aws.ToString(tags.TagSet[0].Value) != "web" {
		t.Errorf("tags %+v", tags.TagSet)
	}
}

func TestObjectLockIsKept(t *testing.T) {
	name := acctest.Unique(t)
	b := bucket{t, newBucket(t, name+"-other", true).client, name}
	_, err := b.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true)})
	must(t, err)
	until := time.Now().Add(240 * time.Hour).UTC().Truncate(time.Second)
	_, err = b.client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &name, Key: aws.String("ledger"), Body: strings.NewReader("one"), ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until,
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	must(t, err)
	s := newWith(t, b, service.S3Options{})
	item, err := s.Capture(t.Context())
	must(t, err)
	b.put("ledger", "two", "text/plain")
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "s3", Operation: "CopyObject", Status: 403, Code: "AccessDenied"})
	err = s.Restore(t.Context(), changes)
	remove()
	if err == nil || !strings.Contains(err.Error(), "s3:PutObjectRetention") {
		t.Errorf("retention was refused: %v", err)
	}
	must(t, s.Restore(t.Context(), changes))
	head, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: aws.String("ledger")})
	must(t, err)
	if head.ObjectLockMode != types.ObjectLockModeGovernance || head.ObjectLockRetainUntilDate == nil || !head.ObjectLockRetainUntilDate.Equal(until) {
		t.Errorf("mode %q until %v", head.ObjectLockMode, head.ObjectLockRetainUntilDate)
	}
}

func TestArchivedObjectsAreNamed(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	for _, key := range []string{"cold", "deleted", "thawed"} {
		_, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader("one"), StorageClass: types.StorageClassGlacier})
		must(t, err)
	}
	b.put("warm", "one", "text/plain")
	s := newWith(t, b, service.S3Options{})
	item, err := s.Capture(t.Context())
	must(t, err)
	if len(item.Warnings) != 3 || !strings.Contains(item.Warnings[0], "cold is archived (GLACIER)") {
		t.Errorf("warnings %q", item.Warnings)
	}
	_, err = b.client.RestoreObject(t.Context(), &s3.RestoreObjectInput{Bucket: &b.name, Key: aws.String("thawed"), RestoreRequest: &types.RestoreRequest{Days: aws.Int32(2)}})
	must(t, err)
	for i := 0; ; i++ { // moto thaws at the second look
		head, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.name, Key: aws.String("thawed")})
		must(t, err)
		if strings.Contains(aws.ToString(head.Restore), `"false"`) {
			break
		}
		if i == 50 {
			t.Fatalf("it does not thaw: %s", aws.ToString(head.Restore))
		}
	}
	b.put("cold", "two", "text/plain")
	b.put("warm", "two", "text/plain")
	b.put("thawed", "two", "text/plain")
	b.remove("deleted")
	changes, err := s.Diff(t.Context(), item)
	if !errors.Is(err, service.ErrUnrestorable) || !strings.Contains(err.Error(), "cold (archived in GLACIER: restore version") || !strings.Contains(err.Error(), "1 object(s)") || len(changes) != 3 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	must(t, s.Restore(t.Context(), changes))
	if got := b.read("warm"); !strings.HasPrefix(got, "one") {
		t.Errorf("read %q", got)
	}
	var differs *service.DiffersError
	if err := s.Verify(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) || errors.As(err, &differs) {
		t.Errorf("verify: %v", err)
	}
}

func TestLifecycleRulesAreSaid(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	b.put("site/a", "one", "text/plain")
	rule := func(id, prefix string, days int32, status types.ExpirationStatus) types.LifecycleRule {
		return types.LifecycleRule{
			ID: &id, Status: status, Filter: &types.LifecycleRuleFilter{Prefix: &prefix}, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: &days},
		}
	}
	_, err := b.client.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: &b.name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{
		rule("mine", "site/", 3, types.ExpirationStatusEnabled), rule("longer", "", 30, types.ExpirationStatusEnabled), rule("others", "logs/", 1, types.ExpirationStatusEnabled), rule("off", "", 1, types.ExpirationStatusDisabled),
		{ID: aws.String("cool"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, NoncurrentVersionTransitions: []types.NoncurrentVersionTransition{{NoncurrentDays: aws.Int32(7), StorageClass: types.TransitionStorageClassGlacier}}},
	}}})
	must(t, err)
	item, err := newS3(t, b.client, b.name, "site/").Capture(t.Context())
	must(t, err)
	said := strings.Join(item.Warnings, "\n")
	if item.Lasts != 72*time.Hour || len(item.Warnings) != 3 || !strings.Contains(said, `"mine"`) || !strings.Contains(said, `"longer"`) || !strings.Contains(said, "GLACIER 7 day(s)") {
		t.Errorf("lasts %s, warnings:\n%s", item.Lasts, said)
	}
	remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "s3", Operation: "GetBucketLifecycleConfiguration", Status: 403, Code: "AccessDenied"})
	defer remove()
	item, err = newS3(t, b.client, b.name, "site/").Capture(t.Context())
	must(t, err)
	if len(item.Warnings) != 1 || !strings.Contains(item.Warnings[0], "s3:GetLifecycleConfiguration") {
		t.Errorf("who may not ask: %q", item.Warnings)
	}
}

func TestDeleteMarkersGoAThousandACall(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	for _, key := range []string{"a", "b", "c"} {
		b.put(key, "one", "text/plain")
	}
	s := newWith(t, b, service.S3Options{})
	item, err := s.Capture(t.Context())
	must(t, err)
	for _, key := range []string{"a", "b", "c"} {
		b.remove(key)
	}
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	acctest.Emulator(t).ResetCalls()
	must(t, s.Restore(t.Context(), changes))
	if one, many := acctest.CountCalls(t, "s3", "DeleteObject", b.name), acctest.CountCalls(t, "s3", "DeleteObjects", b.name); one != 0 || many != 1 {
		t.Errorf("%d calls for one object, %d for many", one, many)
	}
	must(t, s.Verify(t.Context(), item))
}

func TestABucketUnderPressureOrGone(t *testing.T) {
	b := newBucket(t, acctest.Unique(t), true)
	for _, key := range []string{"a", "b", "c", "d"} {
		b.put(key, "one", "text/plain")
	}
	s := newWith(t, b, service.S3Options{})
	e := acctest.Emulator(t)
	remove := e.Inject(emulator.Fault{Service: "s3", Operation: "ListObjectVersions", Throttle: true, Times: 2})
	item, err := s.Capture(t.Context())
	remove()
	must(t, err)
	for _, key := range []string{"a", "b", "c", "d"} {
		b.put(key, "two", "text/plain")
	}
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	remove = e.Inject(emulator.Fault{Service: "s3", Operation: "CopyObject", Throttle: true, Times: 2})
	err = s.Restore(t.Context(), changes)
	remove()
	must(t, err)
	must(t, s.Verify(t.Context(), item))

	_, err = b.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &b.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
	must(t, err)
	if _, err := s.Capture(t.Context()); !errors.Is(err, service.ErrUnrestorable) {
		t.Errorf("a bucket whose versioning is suspended: %v", err)
	}
	remove = e.Inject(emulator.Fault{Service: "s3", Resource: b.name, Status: http.StatusNotFound, Code: "NoSuchBucket"})
	defer remove()
	for what, err := range map[string]error{"diff": second(s.Diff(t.Context(), item)), "verify": s.Verify(t.Context(), item), "capture": second(s.Capture(t.Context()))} {
		if !errors.Is(err, service.ErrMissing) {
			t.Errorf("%s of a bucket that is gone: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
