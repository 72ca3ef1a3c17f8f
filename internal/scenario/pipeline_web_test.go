package scenario

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// pipeline is a CodeBuild project whose source is examples/pipelines.
type pipeline struct {
	*workspace.Workspace
	spec buildspec
	env  []string
}

// newPipeline lays out the source; the configurations among it find the emulator instead of AWS.
func newPipeline(ctx context.Context, t *testing.T, e *emulator.Emulator, buildspecName string, configurations ...string) *pipeline {
	t.Helper()
	w := besideAWS(ctx, t, e)
	source := filepath.Join(root, "examples", "pipelines")
	if err := os.CopyFS(w.Dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	const ours = "provider \"reliability\" {\n  s3_use_path_style = true\n}\n"
	// A step of the switch takes a TTL at least.
	const sooner = "resource \"aws_route53_record\" \"www\" {\n  ttl = 1\n}\n"
	blocks := map[string]string{"web": emulated + ours + sooner, "infra": emulated + ours, "rollback": ours}
	for _, name := range configurations {
		if err := w.Write(filepath.Join(name, "emulated_override.tf"), blocks[name]); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	client := w.Command(ctx)
	if err := os.Symlink(client.Path, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	env := append(client.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return &pipeline{Workspace: w, spec: readBuildspec(t, filepath.Join(source, buildspecName)), env: env}
}

// run is one build; its variables are those of the project.
func (p *pipeline) run(ctx context.Context, t *testing.T, succeeds bool, variables ...string) build {
	t.Helper()
	began := time.Now()
	ended := p.spec.run(ctx, t, p.Dir, append(append(p.env, "CODEBUILD_BUILD_ID=shop:1"), variables...))
	p.Printed(ended.Log, "build of the pipeline")
	t.Logf("%v after %.0f s", ended.Phases, time.Since(began).Seconds())
	if ended.Succeeded != succeeds {
		t.Fatalf("succeeded: %v, %v\n%s", ended.Succeeded, ended.Phases, ended.Log)
	}
	return ended
}

// site is what customers of the web pipeline's configuration get.
type site struct {
	Weights                      map[string]int64
	Version, Page, Stage, Served string // of the alias, the bucket, the stage's variable, and the stage's deployment
}

func siteOf(t *testing.T, e *emulator.Emulator) site {
	t.Helper()
	cfg, ctx := e.AWSConfig(), t.Context()
	found := site{Weights: map[string]int64{}}
	records := route53.NewFromConfig(cfg)
	zones, err := records.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String("pipeline.example")})
	if err != nil || len(zones.HostedZones) == 0 {
		t.Fatalf("the zone: %v", err)
	}
	sets, err := records.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zones.HostedZones[0].Id})
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets.ResourceRecordSets {
		if set.Weight != nil {
			found.Weights[aws.ToString(set.SetIdentifier)] = *set.Weight
		}
	}
	alias, err := lambda.NewFromConfig(cfg).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("web-api"), Name: aws.String("live")})
	if err != nil {
		t.Fatal(err)
	}
	found.Version = aws.ToString(alias.FunctionVersion)
	found.Page = pageOf(t, s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }))
	gateway := apigateway.NewFromConfig(cfg)
	apis, err := gateway.GetRestApis(ctx, &apigateway.GetRestApisInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, api := range apis.Items {
		if aws.ToString(api.Name) != "web" {
			continue
		}
		stage, err := gateway.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api.Id, StageName: aws.String("live")})
		if err != nil {
			t.Fatal(err)
		}
		found.Stage, found.Served = stage.Variables["release"], aws.ToString(stage.DeploymentId)
	}
	return found
}

func pageOf(t *testing.T, client *s3.Client) string {
	t.Helper()
	buckets, err := client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range buckets.Buckets {
		if !strings.HasPrefix(aws.ToString(bucket.Name), "web-site-") {
			continue
		}
		object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket.Name, Key: aws.String("index.html")})
		if err != nil {
			t.Fatal(err)
		}
		defer object.Body.Close() //nolint:errcheck // read below
		content := make([]byte, 256)
		n, _ := object.Body.Read(content)
		return string(content[:n])
	}
	t.Fatal("there is no bucket of the site")
	return ""
}

// TestAccPipelineWeb: a first, a good and a bad release through buildspec-web.yml.
func TestAccPipelineWeb(t *testing.T) {
	t.Parallel()
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 18*time.Minute)
	defer cancel()
	p := newPipeline(ctx, t, e, "buildspec-web.yml", "web")
	blue, green := serve(t), serve(t)
	for _, release := range []string{"r1", "r2", "r3"} {
		pack(t, filepath.Join(p.Dir, release+".zip"), release)
	}
	release := func(name, active string, succeeds bool, more ...string) build {
		t.Helper()
		return p.run(ctx, t, succeeds, append(more,
			"CODEBUILD_RESOLVED_SOURCE_VERSION="+name, "TF_VAR_active="+active, "TF_VAR_package="+filepath.Join(p.Dir, name+".zip"), "TF_VAR_name=web", "TF_VAR_domain=pipeline.example",
			"TF_VAR_interval=1s", fmt.Sprintf(`TF_VAR_sides={"blue":{"address":"192.0.2.1","url":%q},"green":{"address":"192.0.2.2","url":%q}}`, blue.URL, green.URL))...)
	}

	// wrote holds the ledger against what a build must have left: the latest deployment, and the counts of all so far.
	since := time.Now().Add(-time.Minute)
	wrote := func(last string, succeeded, rolledBack float64) {
		t.Helper()
		ledger, err := os.ReadFile(filepath.Join(p.Dir, "web", ".reliability", "ledger", "web.json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := lastOf(t, bytes.NewReader(ledger)); !strings.HasPrefix(got, last) {
			t.Errorf("the ledger ends with %q, not %q", got, last)
		}
		if good, back := sumOf(t, e, since, "web", "DeploymentSuccess"), sumOf(t, e, since, "web", "RollbackSuccess"); good != succeeded || back != rolledBack {
			t.Errorf("%v deployments succeeded and %v were rolled back, not %v and %v", good, back, succeeded, rolledBack)
		}
	}

	release("r1", "blue", true, "TF_VAR_bootstrap=true")
	first := siteOf(t, e)
	if first.Weights["blue"] != 100 || first.Version != "1" || !strings.Contains(first.Page, "r1") {
		t.Fatalf("after the first release: %+v", first)
	}

	ended := release("r2", "green", true)
	second := siteOf(t, e)
	if second.Weights["green"] != 100 || second.Weights["blue"] != 0 || second.Version != "2" || !strings.Contains(second.Page, "r2") || second.Stage != "r2" || second.Served == first.Served {
		t.Fatalf("after the second release: %+v", second)
	}
	want := "reports/apply.log reports/committed.html reports/committed.xml reports/outputs.json reports/ready.html reports/ready.xml reports/switch.html reports/switch.xml"
	if got := strings.Join(ended.Artifacts, " "); got != want {
		t.Errorf("the artifacts are %s", got)
	}

	wrote("r2 succeeded", 2, 0)

	blue.broken.Store(true)
	ended = release("r3", "blue", false)
	wrote("r3 rolled_back", 2, 1)
	if ended.Phases["build"] != "FAILED" || !strings.Contains(ended.Log, "Live now") {
		t.Errorf("%v\n%s", ended.Phases, ended.Log)
	}
	if third := siteOf(t, e); fmt.Sprint(third) != fmt.Sprint(second) {
		t.Errorf("after the bad release %+v is live, not %+v\n%s", third, second, ended.Log)
	}

	blue.broken.Store(false)
	ended = release("r3", "blue", false)
	if ended.Phases["pre_build"] != "FAILED" || ended.Phases["build"] != "" || !strings.Contains(ended.Log, "r3") {
		t.Errorf("a release that was put back came out again: %v\n%s", ended.Phases, ended.Log)
	}
}
