package store_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

func advice(t *testing.T, s store.Store) string {
	t.Helper()
	said, err := s.(store.Adviser).Advice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(said, "\n")
}

func TestAThrowAwayMachineIsSaid(t *testing.T) {
	for _, variable := range []string{"CODEBUILD_BUILD_ID", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TF_BUILD", "BITBUCKET_BUILD_NUMBER", "TFC_RUN_ID"} {
		t.Setenv(variable, "")
	}
	s := open(t, t.TempDir())
	if said := advice(t, s); said != "" {
		t.Errorf("a machine that stays: %s", said)
	}
	t.Setenv("CODEBUILD_BUILD_ID", "web:1")
	if said := advice(t, s); !strings.Contains(said, "AWS CodeBuild") || !strings.Contains(said, "lost with the machine") {
		t.Errorf("a build machine: %q", said)
	}
}

func TestABucketWithoutVersionsIsSaid(t *testing.T) {
	e := acctest.Emulator(t)
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := acctest.Unique(t)
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	s := store.OpenS3(client, bucket, "", "")
	if said := advice(t, s); !strings.Contains(said, "keeps no versions") {
		t.Errorf("said %q", said)
	}
	remove := e.Inject(emulator.Fault{Service: "s3", Operation: "GetBucketVersioning", Status: 403, Code: "AccessDenied"})
	if said := advice(t, s); said != "" {
		t.Errorf("who may not ask is told %q", said)
	}
	remove()
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	if said := advice(t, s); said != "" {
		t.Errorf("a bucket with versions: %s", said)
	}
	if _, err := store.OpenS3(client, "no-such-bucket", "", "").(store.Adviser).Advice(t.Context()); err == nil {
		t.Error("a bucket that does not exist")
	}
}
