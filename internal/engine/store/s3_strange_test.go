package store_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// strange lists whatever it likes, whatever it is asked for.
type strange struct {
	store.S3API
	keys []string
}

func (s strange) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	out := &s3.ListObjectsV2Output{}
	for _, key := range s.keys {
		out.Contents = append(out.Contents, types.Object{Key: aws.String(key)})
	}
	return out, nil
}

// TestWhatAStrangeServerListsFromElsewhereIsIgnored: a name of another prefix is no name of the store, which would delete or read what has
// that name under its own.
func TestWhatAStrangeServerListsFromElsewhereIsIgnored(t *testing.T) {
	t.Parallel()
	listed := []string{
		"ours/deployments/web/000001/manifest.json", // the only one
		"ours/deployments/web2/000001/manifest.json", "ours/journal/web.json", "theirs/deployments/web/000001/manifest.json",
		"deployments/web/000002/manifest.json", "deployments/web/parts/20200101T000000Z-X/x.gz", "ours/../deployments/web/x", "ours/deployments/web/../x", "",
	}
	s := store.OpenS3(strange{keys: listed}, "bucket", "ours", "")
	keys, err := s.List(t.Context(), "deployments/web/")
	if want := []string{"deployments/web/000001/manifest.json"}; err != nil || !slices.Equal(keys, want) {
		t.Errorf("%q, %v; want %q", keys, err, want)
	}
}
