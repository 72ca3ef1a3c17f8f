package main

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

const (
	// growthFactor is what an object of a large bucket may cost, in terms of one of the smallest.
	growthFactor = 2
	// growthMemory is what capture and comparison of the largest bucket may hold at a time.
	growthMemory = 100_000_000
	smallest     = 10_000
	// pageSize is what S3 lists at a time: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
	pageSize = 1000
)

// growthRows run the engine itself over made-up buckets: there is no waiting for AWS in them, only what an object costs here.
func growthRows(ctx context.Context, _ *bench) ([]row, error) {
	var rows []row
	for _, work := range []struct {
		what     string
		replaced bool
		do       func(ctx context.Context, bucket *service.S3Bucket, captured service.Item) (int, error)
	}{
		{"a capture", false, recapture},
		{"a comparison that finds every object changed", true, differences},
	} {
		var first growth
		for _, objects := range []int{smallest, 10 * smallest, 100 * smallest} {
			cost, err := grown(ctx, objects, work.replaced, work.do)
			if err != nil {
				return nil, err
			}
			if objects == smallest {
				first = cost
			}
			limit := time.Duration(growthFactor * float64(first.each))
			rows = append(rows, row{
				What: fmt.Sprintf("%s, %d objects from a made-up list: processor time of one object, and heap", work.what, objects), Ours: fmt.Sprintf("%s, %s", us(cost.each), mb(cost.heap)), Bound: "as much as one of a small bucket: " + us(first.each) + " (" + ratio(cost.each, first.each) + ")",
				Limit: fmt.Sprintf("%s, %s", us(limit), mb(growthMemory)), Beside: fmt.Sprintf("of %d objects: %s", smallest, us(first.each)), Ratio: ratio(cost.each, first.each),
				Exceeded: cost.each > limit || cost.heap > growthMemory,
			})
		}
	}
	return rows, nil
}

func us(d time.Duration) string { return fmt.Sprintf("%.1f us", float64(d.Nanoseconds())/1000) }

// growth is what one object costs, and the most that was held at a time.
type growth struct {
	each time.Duration
	heap int64
}

// grown measures how much processor time objects take, which other programs hardly change, and now and then looks at the
// heap, which does not count. A small bucket is measured as often as it takes to have something to measure.
func grown(ctx context.Context, objects int, replaced bool, do func(context.Context, *service.S3Bucket, service.Item) (int, error)) (growth, error) {
	captured := service.Item{State: fmt.Appendf(nil, `{"bucket":"b","prefix":"","exclude":[],"objects":%d}`, objects), Parts: madeUpParts(objects)}
	runs := max(1, 10*smallest/objects)
	var spent time.Duration
	var most int64
	for range runs {
		list := &madeUp{objects: objects, replaced: replaced}
		bucket, err := service.NewS3Bucket(list, "b", "", nil, service.S3Options{})
		if err != nil {
			return growth{}, err
		}
		start := held()
		began, err := processor()
		if err != nil {
			return growth{}, err
		}
		found, err := do(ctx, bucket, captured)
		if err == nil && found != objects {
			err = fmt.Errorf("%d of %d objects: this is no measurement", found, objects)
		}
		if err != nil {
			return growth{}, err
		}
		ended, err := processor()
		if err != nil {
			return growth{}, err
		}
		spent += ended - began - list.looking
		most = max(most, list.most-start)
	}
	return growth{each: spent / time.Duration(runs*objects), heap: most}, nil
}

// processor is the processor time of this process so far.
func processor() (time.Duration, error) {
	var used syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

func recapture(ctx context.Context, bucket *service.S3Bucket, _ service.Item) (int, error) {
	item, err := bucket.CaptureBulk(ctx, func(context.Context, []byte) error { return nil })
	return item.Objects, err
}

func differences(ctx context.Context, bucket *service.S3Bucket, captured service.Item) (int, error) {
	changes, err := bucket.Diff(ctx, captured)
	found := 0
	for _, change := range changes {
		found += change.Things()
	}
	return found, err
}

// held is how much is in use.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below
}

// madeUp is a bucket of any size of which only the page in hand is there.
type madeUp struct {
	service.S3API
	objects  int
	replaced bool // every object was written over since the capture
	pages    int
	most     int64         // that was in use
	looking  time.Duration // processor time that it took to look at that
}

// GetBucketVersioning answers that versions are kept.
func (m *madeUp) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatusEnabled}, nil
}

// GetBucketEncryption answers that S3's own keys are used.
func (m *madeUp) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{}}, nil
}

// GetBucketLifecycleConfiguration answers that there are no rules.
func (m *madeUp) GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	return &s3.GetBucketLifecycleConfigurationOutput{}, nil
}

// ListObjectVersions makes up the next page.
func (m *madeUp) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	first := 0
	if in.KeyMarker != nil {
		if _, err := fmt.Sscan(*in.KeyMarker, &first); err != nil {
			return nil, err
		}
	}
	if m.pages++; m.pages%100 == 0 || m.pages*pageSize >= m.objects {
		began, err := processor()
		if err != nil {
			return nil, err
		}
		m.most = max(m.most, held())
		ended, err := processor()
		if err != nil {
			return nil, err
		}
		m.looking += ended - began
	}
	each := pageSize
	if m.replaced {
		each /= 2
	}
	end := min(first+each, m.objects)
	captured := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	out := &s3.ListObjectVersionsOutput{IsTruncated: aws.Bool(end < m.objects)}
	for i := first; i < end; i++ {
		key := madeUpKey(i)
		if m.replaced {
			out.Versions = append(out.Versions, types.ObjectVersion{
				Key: &key, VersionId: aws.String(madeUpID('w', i)), ETag: aws.String(madeUpID('f', i)), Size: aws.Int64(2), IsLatest: aws.Bool(true), LastModified: aws.Time(captured.Add(time.Hour)),
			})
		}
		out.Versions = append(out.Versions, types.ObjectVersion{
			Key: &key, VersionId: aws.String(madeUpID('v', i)), ETag: aws.String(madeUpID('e', i)), Size: aws.Int64(1), IsLatest: aws.Bool(!m.replaced), LastModified: &captured,
		})
	}
	if end < m.objects {
		out.NextKeyMarker = aws.String(fmt.Sprint(end))
	}
	return out, nil
}

func madeUpKey(i int) string { return fmt.Sprintf("assets/some-folder/%09d/index.html", i) }

// madeUpID is as hard to compress as what S3 makes.
func madeUpID(kind byte, i int) string {
	x := uint64(i)*0x9E3779B97F4A7C15 + uint64(kind) //nolint:gosec // any bits do
	return fmt.Sprintf("%c%016x%016x", kind, x, x*0xD1342543DE82EF95)
}

// madeUpParts is a capture of so many objects, made up part by part.
type madeUpParts int

const perPart = 10_000

// Len is how many parts there are.
func (m madeUpParts) Len() int { return (int(m) + perPart - 1) / perPart }

// Part makes up one.
func (m madeUpParts) Part(_ context.Context, part int) ([]byte, error) {
	var lines []byte
	for i := part * perPart; i < min((part+1)*perPart, int(m)); i++ {
		lines = fmt.Appendf(lines, "{\"k\":%q,\"v\":%q,\"e\":%q,\"s\":1}\n", madeUpKey(i), madeUpID('v', i), madeUpID('e', i))
	}
	return lines, nil
}
