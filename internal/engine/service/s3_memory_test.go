package service_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// endless is a bucket of any size, made up page by page, that notes how much memory is in use while it is listed.
type endless struct {
	service.S3API
	objects int
	// replaced makes every object one that was written over since the capture.
	replaced bool
	pages    int
	most     uint64 // bytes in use, beside what was in use at the start
	start    uint64
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (e *endless) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatusEnabled}, nil
}

func (e *endless) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{}}, nil
}

func (e *endless) GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	return &s3.GetBucketLifecycleConfigurationOutput{}, nil
}

// name looks like what S3 makes: as hard to compress.
func name(prefix string, i int) string {
	x := uint64(i)*0x9E3779B97F4A7C15 + uint64(len(prefix))
	return fmt.Sprintf("%s%016x%016x", prefix, x, x*0xD1342543DE82EF95)
}

func (e *endless) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	start := 0
	if in.KeyMarker != nil {
		if _, err := fmt.Sscan(*in.KeyMarker, &start); err != nil {
			return nil, err
		}
	}
	e.pages++
	if e.pages == 1 {
		e.start = inUse()
	} else if e.pages%50 == 0 {
		now := inUse()
		e.most = max(e.most, now-min(e.start, now))
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	each := 1000
	if e.replaced {
		each = 500
	}
	end := min(start+each, e.objects)
	out := &s3.ListObjectVersionsOutput{IsTruncated: aws.Bool(end < e.objects)}
	for i := start; i < end; i++ {
		key := fmt.Sprintf("assets/some-folder/%09d/index.html", i)
		if e.replaced {
			out.Versions = append(out.Versions, types.ObjectVersion{
				Key: &key, VersionId: aws.String(name("w", i)), ETag: aws.String(name("\"f", i)), Size: aws.Int64(2), IsLatest: aws.Bool(true), LastModified: aws.Time(at.Add(time.Hour)),
			})
		}
		out.Versions = append(out.Versions, types.ObjectVersion{
			Key: &key, VersionId: aws.String(name("v", i)), ETag: aws.String(name("\"e", i)), Size: aws.Int64(1), IsLatest: aws.Bool(!e.replaced), LastModified: &at,
		})
	}
	if end < e.objects {
		out.NextKeyMarker = aws.String(fmt.Sprint(end))
	}
	return out, nil
}

// made is a capture of the same bucket that is made up part by part too.
type made struct{ objects int }

const perPart = 10_000

func (m made) Len() int { return (m.objects + perPart - 1) / perPart }

func (m made) Part(_ context.Context, part int) ([]byte, error) {
	var lines []byte
	for i := part * perPart; i < min((part+1)*perPart, m.objects); i++ {
		lines = fmt.Appendf(lines, "{\"k\":\"assets/some-folder/%09d/index.html\",\"v\":%q,\"e\":%q,\"s\":1}\n", i, name("v", i), name("\"e", i))
	}
	return lines, nil
}

func madeItem(objects int) service.Item {
	return service.Item{State: fmt.Appendf(nil, `{"bucket":"b","prefix":"","exclude":[],"objects":%d}`, objects), Parts: made{objects}}
}

const megabyte = 1 << 20

// TestMemoryStaysFlat: a bucket of 200,000 objects takes no more than the page, the part and the instructions in hand.
func TestMemoryStaysFlat(t *testing.T) { // alone: it measures the heap of the process
	if underRaceDetector() {
		t.Skip("the race detector multiplies the heap and the time; make unit runs this test without it, too")
	}
	const objects = 200_000
	b := &endless{objects: objects}
	s := newS3(t, b, "b", "")
	item, err := s.CaptureBulk(t.Context(), func(context.Context, []byte) error { return nil })
	must(t, err)
	if item.Objects != objects || b.most > 20*megabyte {
		t.Errorf("a capture of %d objects took %d MB", item.Objects, b.most/megabyte)
	}

	b.most, b.pages = 0, 0
	if changes, err := s.Diff(t.Context(), madeItem(objects)); err != nil || len(changes) != 0 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	if b.most > 20*megabyte {
		t.Errorf("a comparison without changes took %d MB", b.most/megabyte)
	}

	b = &endless{objects: objects, replaced: true}
	s = newS3(t, b, "b", "")
	changes, err := s.Diff(t.Context(), madeItem(objects))
	must(t, err)
	total := 0
	for _, change := range changes {
		total += change.Things()
	}
	if total != objects || len(changes) != objects/perPart {
		t.Errorf("%d objects in %d changes", total, len(changes))
	}
	if b.most > 30*megabyte { // the instructions for a million objects are then below 100 MB
		t.Errorf("a comparison with %d changes took %d MB", objects, b.most/megabyte)
	}
	t.Logf("%d changes took %d MB", objects, b.most/megabyte)
}

// BenchmarkCapture and BenchmarkDiff show that the cost of an object does not grow with their number.
func BenchmarkCapture(b *testing.B) {
	for _, objects := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(objects), func(b *testing.B) {
			for b.Loop() {
				s, err := service.NewS3Bucket(&endless{objects: objects}, "b", "", nil, service.S3Options{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.CaptureBulk(b.Context(), func(context.Context, []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*objects), "ns/object")
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	for _, objects := range []int{10_000, 100_000, 1_000_000} {
		for _, replaced := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/replaced=%t", objects, replaced), func(b *testing.B) {
				var most uint64
				for b.Loop() {
					bucket := &endless{objects: objects, replaced: replaced}
					s, err := service.NewS3Bucket(bucket, "b", "", nil, service.S3Options{})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := s.Diff(b.Context(), madeItem(objects)); err != nil {
						b.Fatal(err)
					}
					most = max(most, bucket.most)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*objects), "ns/object")
				b.ReportMetric(float64(most)/megabyte, "MB")
			})
		}
	}
}

// underRaceDetector tells that this binary was built with -race, which multiplies the heap.
func underRaceDetector() bool {
	built, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(built.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
