package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store/storetest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

func TestS3Conformance(t *testing.T) {
	config := acctest.Emulator(t).AWSConfig()
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	bucket := "store-conformance"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		return store.OpenS3(client, bucket, "/"+strings.ReplaceAll(t.Name(), " ", "-")+"/", "")
	})
	t.Run("a bucket that does not exist", func(t *testing.T) {
		s := store.OpenS3(client, "no-such-bucket", "", "")
		if _, err := s.Get(t.Context(), "k"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get: %v, want an error that is not ErrNotFound", err)
		}
		if _, err := s.Put(t.Context(), "k", nil, store.Condition{IfMatch: "x"}); err == nil || errors.Is(err, store.ErrPrecondition) {
			t.Errorf("Put: %v, want an error that is not ErrPrecondition", err)
		}
		if _, err := s.List(t.Context(), ""); err == nil {
			t.Error("List of a bucket that does not exist")
		}
	})
	t.Run("faults", func(t *testing.T) {
		e, s := acctest.Emulator(t), store.OpenS3(client, bucket, "faults", "")
		remove := e.Inject(emulator.Fault{Service: "s3", Status: 503, Code: "SlowDown", Times: 2})
		etag, err := s.Put(t.Context(), "k", []byte("1"), store.Condition{IfNoneMatch: true})
		remove()
		if err != nil {
			t.Fatalf("asked twice to slow down: %v", err)
		}
		remove = e.Inject(emulator.Fault{Service: "s3", Status: 500, Code: "InternalError"})
		_, putErr := s.Put(t.Context(), "k", []byte("2"), store.Condition{IfMatch: etag})
		_, getErr := s.Get(t.Context(), "k")
		remove()
		if putErr == nil || errors.Is(putErr, store.ErrPrecondition) || getErr == nil || errors.Is(getErr, store.ErrNotFound) {
			t.Errorf("S3 is down: Put %v, Get %v", putErr, getErr)
		}
		remove = e.Inject(emulator.Fault{Service: "s3", Operation: "PutObject", DropLate: true, Times: 1})
		_, err = s.Put(t.Context(), "k", []byte("3"), store.Condition{IfMatch: etag})
		remove()
		if kept, getErr := s.Get(t.Context(), "k"); getErr != nil || string(kept.Data) != "3" || err != nil && !errors.Is(err, store.ErrPrecondition) {
			t.Errorf("the answer was lost: kept %q, %v; Put %v", kept.Data, getErr, err)
		}
	})
}
