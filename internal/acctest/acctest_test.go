package acctest_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

func TestUnique(t *testing.T) {
	t.Run("A Long_Name/with a slash, and more than forty characters in all", func(t *testing.T) {
		first, second := acctest.Unique(t), acctest.Unique(t)
		if first == second {
			t.Errorf("%s twice", first)
		}
		if want := "testunique-a-long-name-with-a-slash--and-1"; first != want {
			t.Errorf("name %q, want %q", first, want)
		}
	})
}

func TestCounts(t *testing.T) {
	emulator := acctest.Emulator(t)
	bucket := acctest.Unique(t)
	client := s3.NewFromConfig(emulator.AWSConfig())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String(bucket)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := acctest.CountCalls(t, "s3", "HeadBucket", bucket); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
	if got := acctest.CountMutations(t); got != 1 {
		t.Errorf("%d changes, want 1", got)
	}
	if got := acctest.CountMutations(t, "s3"); got != 0 {
		t.Errorf("%d changes outside S3, want 0", got)
	}
}

// Nothing of the person who runs the tests may lead them to a real account.
func TestEnvironmentIsTheEmulators(t *testing.T) {
	emulator := acctest.Emulator(t)
	for name, want := range map[string]string{"AWS_ENDPOINT_URL": emulator.URL(), "AWS_CONFIG_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_ENDPOINT_URL_S3": ""} {
		if got := os.Getenv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
