package service_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// paged is a bucket whose listing is made up, a thousand entries a page.
type paged struct {
	service.S3API
	versions []types.ObjectVersion
	rules    []types.LifecycleRule
}

func (p *paged) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatusEnabled}, nil
}

func (p *paged) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{}}, nil
}

func (p *paged) GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	return &s3.GetBucketLifecycleConfigurationOutput{Rules: p.rules}, nil
}

func (p *paged) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	start := 0
	if in.KeyMarker != nil {
		if _, err := fmt.Sscan(*in.KeyMarker, &start); err != nil {
			return nil, err
		}
	}
	end := min(start+1000, len(p.versions))
	out := &s3.ListObjectVersionsOutput{Versions: p.versions[start:end], IsTruncated: aws.Bool(end < len(p.versions))}
	if end < len(p.versions) {
		out.NextKeyMarker = aws.String(fmt.Sprint(end))
	}
	return out, nil
}

func version(key, id string, latest bool, at time.Time) types.ObjectVersion {
	return types.ObjectVersion{Key: &key, VersionId: &id, IsLatest: &latest, LastModified: &at, ETag: aws.String(id), Size: aws.Int64(1)}
}

func TestALargeBucketIsKeptInParts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := &paged{}
	for i := range 25_500 {
		b.versions = append(b.versions, version(fmt.Sprintf("k%06d", i), fmt.Sprintf("v%d", i), true, now))
	}
	s := newS3(t, b, "large", "")
	item, err := s.Capture(t.Context())
	must(t, err)
	if item.Objects != 25_500 || item.Bytes != 25_500 || item.Parts.Len() != 3 || len(item.State) > 200 {
		t.Fatalf("%d objects, %d bytes, %d parts, a state of %d bytes", item.Objects, item.Bytes, item.Parts.Len(), len(item.State))
	}
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	if len(changes) != 0 {
		t.Errorf("%d changes", len(changes))
	}
	item.Parts = item.Parts.(service.InMemory)[:2]
	if _, err := s.Diff(t.Context(), item); err == nil {
		t.Error("a part is gone, unnoticed")
	}
}

// answers is S3 at a moment: what the real client reads from the wire, so that the server's time is there.
type answers struct {
	now     time.Time
	listing string
}

func (a answers) RoundTrip(request *http.Request) (*http.Response, error) {
	body := "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
	if request.URL.Query().Has("lifecycle") {
		body = "<LifecycleConfiguration></LifecycleConfiguration>"
	}
	if request.URL.Query().Has("versions") {
		body = "<ListVersionsResult>" + a.listing + "</ListVersionsResult>"
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Date": {a.now.Format(http.TimeFormat)}}, Body: io.NopCloser(strings.NewReader(body)), Request: request,
	}, nil
}

// TestWhatIsWrittenMeanwhile: a listing takes a while; the capture is of the moment at which it began.
func TestWhatIsWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	entry := func(element, key, id string, latest bool, after time.Duration) string {
		return fmt.Sprintf("<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest><LastModified>%s</LastModified><ETag>%s</ETag><Size>1</Size></%s>",
			element, key, id, latest, now.Add(after).Format(time.RFC3339Nano), id, element)
	}
	const earlier, later = -time.Minute, 3 * time.Second
	listing := entry("Version", "changed", "c2", true, later) + entry("Version", "changed", "c1", false, earlier) +
		entry("Version", "created", "n1", true, later) +
		entry("DeleteMarker", "deleted", "d2", true, later) + entry("Version", "deleted", "d1", false, earlier) +
		entry("DeleteMarker", "gone", "g2", true, earlier) + entry("Version", "gone", "g1", false, 2*earlier) +
		entry("Version", "same-second", "s1", true, 900*time.Millisecond)
	client := s3.New(s3.Options{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: &http.Client{Transport: answers{now: now, listing: listing}},
	})
	item, err := newS3(t, client, "busy", "").Capture(t.Context())
	must(t, err)
	want := `{"k":"changed","v":"c1","e":"c1","s":1}
{"k":"deleted","v":"d1","e":"d1","s":1}
{"k":"same-second","v":"s1","e":"s1","s":1}
`
	if parts, ok := item.Parts.(service.InMemory); !ok || len(parts) != 1 || string(parts[0]) != want {
		t.Errorf("captured:\n%s\nwant:\n%s", item.Parts, want)
	}
}
