package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

var shared *emulator.Emulator

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	started, err := emulator.Start(ctx, emulator.Options{Log: os.Getenv("EMULATOR_LOG"), Propagation: 300 * time.Millisecond})
	var missing *emulator.NoMotoError
	switch {
	case errors.As(err, &missing):
		fmt.Fprintln(os.Stderr, "skipped:", err)
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer started.Close() //nolint:errcheck // the process ends
	shared = started
	return m.Run()
}

func TestPassThrough(t *testing.T) {
	ctx := t.Context()
	identity, err := sts.NewFromConfig(shared.AWSConfig()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(identity.Account) != emulator.AccountID {
		t.Fatalf("identity %v, error %v", identity, err)
	}
	client := s3.NewFromConfig(shared.AWSConfig())
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("pass-through")}); err != nil {
		t.Fatal(err)
	}
	content := strings.Repeat("0123456789abcdef", 64<<10)
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("pass-through"), Key: aws.String("a//b c/ü.txt"), Body: strings.NewReader(content), ContentType: aws.String("text/plain"),
	}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("pass-through"), Key: aws.String("a//b c/ü.txt")})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // a test
	if body, err := io.ReadAll(got.Body); err != nil || string(body) != content {
		t.Fatalf("got %d bytes, error %v", len(body), err)
	}
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("pass-through"), Key: aws.String("none")})
	var none *s3types.NoSuchKey
	if !errors.As(err, &none) {
		t.Fatalf("error %v is not NoSuchKey", err)
	}
	for _, call := range shared.Calls() {
		t.Logf("%+v", call)
	}
}
