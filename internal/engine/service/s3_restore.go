package service

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// s3Parallel is how many requests of one sort go to one bucket at a time: far below the 3,500 writes a second that S3 takes
// for one prefix. https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
const s3Parallel = 16

// deletesPerCall is what one DeleteObjects takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const deletesPerCall = 1000

// failures collects what went wrong with single objects. It is safe for many goroutines.
type failures struct {
	mu    sync.Mutex
	total int
	first []error
}

func (f *failures) add(err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total++
	if len(f.first) < 5 {
		f.first = append(f.first, err)
	}
}

// Restore does the changes side by side. One that fails does not keep the others from being done. Above the threshold of
// S3Batch it hands the copies to S3 Batch Operations; delete markers, which that has no operation for, and objects too large
// for it are always done from here.
func (b *S3Bucket) Restore(ctx context.Context, changes []Change) error {
	total := 0
	for _, change := range changes {
		total += change.Things()
	}
	defer b.lineage.save(context.WithoutCancel(ctx))
	var failed failures
	var jobs *batchRun
	if b.batch.takes(total) {
		jobs = &batchRun{bucket: b, failed: &failed}
	}
	var here []s3Apply
	flush := func() {
		b.applyAll(ctx, here, &failed)
		here = here[:0]
	}
	for _, change := range changes {
		err := unpack(change, func(apply s3Apply) error {
			if jobs != nil && apply.Do == "copy" && apply.Size <= b.tuning.MaxCopy {
				return jobs.add(ctx, apply)
			}
			here = append(here, apply)
			if len(here) == entriesPerPart {
				flush()
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the instructions for s3://%s: %w", b.bucket, err)
		}
	}
	flush()
	if jobs != nil {
		if err := jobs.finish(ctx, changes); err != nil {
			return err
		}
	}
	if failed.total == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d objects in s3://%s were not put back: %w", failed.total, total, b.bucket, errors.Join(failed.first...))
}

// applyAll does instructions from here.
func (b *S3Bucket) applyAll(ctx context.Context, instructions []s3Apply, failed *failures) {
	var copies []s3Apply
	var removals []types.ObjectIdentifier
	for _, apply := range instructions {
		switch apply.Do {
		case "copy":
			copies = append(copies, apply)
		case "unmark":
			removals = append(removals, types.ObjectIdentifier{Key: aws.String(apply.Key), VersionId: aws.String(apply.Version)})
		case "mark":
			removals = append(removals, types.ObjectIdentifier{Key: aws.String(apply.Key)})
		default:
			failed.add(fmt.Errorf("unknown instruction %q for s3://%s/%s", apply.Do, b.bucket, apply.Key))
		}
	}
	var group errgroup.Group
	group.Go(func() error { b.remove(ctx, removals, failed); return nil })
	group.Go(func() error { b.copyAll(ctx, copies, failed); return nil })
	_ = group.Wait() // every error is in failed
}

// copyAll copies old versions back. What has to be known of each is asked for ahead of its copy, by workers of their own,
// so that the copies follow each other without a pause.
func (b *S3Bucket) copyAll(ctx context.Context, copies []s3Apply, failed *failures) {
	type known struct {
		apply s3Apply
		old   *s3.HeadObjectOutput
	}
	ahead := make(chan known, s3Parallel)
	var heads, copying errgroup.Group
	copying.SetLimit(s3Parallel)
	heads.SetLimit(s3Parallel + 1)
	heads.Go(func() error {
		for _, apply := range copies {
			heads.Go(func() error {
				err := context.Cause(ctx)
				var old *s3.HeadObjectOutput
				if err == nil {
					old, err = b.head(ctx, apply.Key, apply.Version)
				}
				if err != nil {
					failed.add(err)
					return nil
				}
				ahead <- known{apply, old}
				return nil
			})
		}
		return nil
	})
	go func() { // owner: the loop below ends when this closes the channel
		_ = heads.Wait() // every error is in failed
		close(ahead)
	}()
	for k := range ahead {
		copying.Go(func() error {
			failed.add(b.copyBack(ctx, k.apply, k.old))
			return nil
		})
	}
	_ = copying.Wait() // every error is in failed
}

// remove takes away delete markers and puts others, a thousand a call.
func (b *S3Bucket) remove(ctx context.Context, objects []types.ObjectIdentifier, failed *failures) {
	for start := 0; start < len(objects); start += deletesPerCall {
		some := objects[start:min(start+deletesPerCall, len(objects))]
		out, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.bucket, Delete: &types.Delete{Objects: some, Quiet: aws.Bool(true)}})
		if err != nil {
			for _, object := range some {
				failed.add(fmt.Errorf("change the delete marker of s3://%s/%s: %w", b.bucket, aws.ToString(object.Key), err))
			}
			continue
		}
		for _, refused := range out.Errors {
			failed.add(&ObjectError{Bucket: b.bucket, Key: aws.ToString(refused.Key), Code: aws.ToString(refused.Code), Message: aws.ToString(refused.Message)})
		}
	}
}

// ObjectError says that S3 refused one object of many.
type ObjectError struct {
	Bucket, Key   string
	Code, Message string // S3's own
}

// Error names the object.
func (e *ObjectError) Error() string {
	return fmt.Sprintf("s3://%s/%s: %s: %s", e.Bucket, e.Key, e.Code, e.Message)
}
