// Package scenario holds whole stories: the real Terraform, hashicorp/aws beside us, the emulator below.
package scenario

import (
	"archive/zip"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// atOnce is how many of the tests that may run side by side do so. They wait for the waiters of hashicorp/aws and for TTLs most of the
// time, so that two, which fill two cores elsewhere, leave them idle here.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	acctest.Main(m)
}

// root is the project's root, seen from this package.
var root = filepath.Join("..", "..")

// colour is one side of the site: a server whose health can be taken away. It answers the first check of a broken
// release well, and no later one.
type colour struct {
	*httptest.Server
	broken atomic.Bool
	asked  atomic.Int64
}

func serve(t *testing.T) *colour {
	t.Helper()
	c := &colour{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && c.broken.Load() && c.asked.Add(1) > 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// TestAccReleaseBesideAWS: hashicorp/aws owns a stack, we guard its releases.
func TestAccReleaseBesideAWS(t *testing.T) {
	t.Parallel()
	e := acctest.Emulator(t)
	mirror := workspace.AWSMirror()
	if mirror == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Mirror: mirror, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(filepath.Join("testdata", "release"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	for _, release := range []string{"v1", "v2", "v3"} {
		pack(t, filepath.Join(w.Dir, release+".zip"), release)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	blue, green := serve(t), serve(t)
	w.Vars = []string{fmt.Sprintf("-var=urls={blue=%q,green=%q}", blue.URL, green.URL)}
	run := func(want int, do func(context.Context, ...string) (workspace.Result, error), args ...string) string {
		t.Helper()
		began := time.Now()
		ended, err := do(ctx, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v: exit %d after %.0f s", args, ended.Exit, time.Since(began).Seconds())
		if ended.Exit != want {
			t.Fatalf("%v: exit %d, not %d:\n%s", args, ended.Exit, want, ended.Output)
		}
		return ended.Output
	}

	run(0, w.Apply, "-var=release=v1", "-var=active=blue", "-var=first=true")
	assertLive(t, e, 100, 0, "1", "<h1>v1</h1>")

	run(0, w.Apply, "-var=release=v2", "-var=active=green")
	assertLive(t, e, 0, 100, "2", "<h1>v2</h1>")
	if out := run(0, w.Plan, "-var=release=v2", "-var=active=green"); !strings.Contains(out, "No changes.") {
		t.Fatalf("the second plan is not empty:\n%s", out)
	}

	blue.broken.Store(true)
	out := run(1, w.Apply, "-var=release=v3", "-var=active=blue")
	if !strings.Contains(out, "Live now") {
		t.Errorf("the error does not say what is live:\n%s", out)
	}
	assertLive(t, e, 0, 100, "2", "<h1>v2</h1>")

	// The failed release is quarantined; destroying the stack needs no health and moves no traffic.
	run(0, w.Destroy, "-var=release=v2", "-var=active=green")
	assertGone(t, e)
}

// assertLive asks the emulator what customers get.
func assertLive(t *testing.T, e *emulator.Emulator, blue, green int64, version, page string) {
	t.Helper()
	cfg := e.AWSConfig()
	zones, err := route53.NewFromConfig(cfg).ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: aws.String("scenario.example")})
	if err != nil || len(zones.HostedZones) == 0 {
		t.Fatalf("the zone: %v, %v", zones, err)
	}
	sets, err := route53.NewFromConfig(cfg).ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: zones.HostedZones[0].Id})
	if err != nil {
		t.Fatal(err)
	}
	weights := map[string]int64{}
	for _, set := range sets.ResourceRecordSets {
		if set.Weight != nil {
			weights[aws.ToString(set.SetIdentifier)] = *set.Weight
		}
	}
	if weights["blue"] != blue || weights["green"] != green {
		t.Errorf("weights are %v, not blue %d and green %d", weights, blue, green)
	}
	alias, err := lambda.NewFromConfig(cfg).GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("scenario-api"), Name: aws.String("live")})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(alias.FunctionVersion); got != version {
		t.Errorf("the alias serves version %s, not %s", got, version)
	}
	object, err := s3.NewFromConfig(cfg).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("scenario-site"), Key: aws.String("index.html")})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close() //nolint:errcheck // read below
	content := make([]byte, 64)
	n, _ := object.Body.Read(content)
	if string(content[:n]) != page {
		t.Errorf("the site serves %q, not %q", content[:n], page)
	}
}

// assertGone asks the emulator, which other scenarios share, that the stack left nothing of its own.
func assertGone(t *testing.T, e *emulator.Emulator) {
	t.Helper()
	cfg := e.AWSConfig()
	if _, err := lambda.NewFromConfig(cfg).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("scenario-api")}); !awsapi.IsNotFound(err) {
		t.Errorf("the function is left: %v", err)
	}
	if _, err := s3.NewFromConfig(cfg).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("scenario-site")}); !awsapi.IsNotFound(err) {
		t.Errorf("the bucket is left: %v", err)
	}
	zones, err := route53.NewFromConfig(cfg).ListHostedZones(t.Context(), &route53.ListHostedZonesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range zones.HostedZones {
		if aws.ToString(zone.Name) == "scenario.example." {
			t.Errorf("the zone is left: %s", aws.ToString(zone.Id))
		}
	}
}

func pack(t *testing.T, name, release string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(file)
	entry, err := writer.Create("index.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(entry, "exports.handler = async () => %q;\n", release); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
