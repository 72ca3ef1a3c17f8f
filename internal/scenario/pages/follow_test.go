package pages

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// reader is somebody who follows a page: an empty folder with the page's configuration in it, and a shell.
type reader struct {
	t      *testing.T
	page   string // its text
	client *workspace.Workspace
	env    []string
	seen   strings.Builder // all output
}

// follow begins with a page and the folder of its configuration. The emulator is found through overrides, which are not on the page.
func follow(ctx context.Context, t *testing.T, e *emulator.Emulator, provider, page, folder, overrides string, env ...string) *reader {
	t.Helper()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: append(e.Env(), env...), Mirror: workspace.AWSMirror(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH"), Provider: provider})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "templates", page))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `{{ tffile "`+folder+`/main.tf" }}`) {
		t.Fatalf("%s does not show %s", page, folder)
	}
	if err := os.CopyFS(w.Dir, os.DirFS(filepath.Join(root, folder))); err != nil {
		t.Fatal(err)
	}
	if err := w.Write("emulated_override.tf", emulated+"provider \"reliability\" {\n  s3_use_path_style = true\n}\n"+overrides); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	client := w.Command(ctx)
	if err := os.Symlink(client.Path, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, page: string(text), client: w, env: append(client.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))}
}

// types a command that stands on the page, as it stands there, and answers "yes" to whatever is asked.
func (r *reader) types(ctx context.Context, command string, exit int) string {
	r.t.Helper()
	if !strings.Contains(r.page, "\n"+command+"\n") {
		r.t.Fatalf("%s is not on the page", command)
	}
	began := time.Now()
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Dir, shell.Env, shell.Stdin = r.client.Dir, r.env, strings.NewReader("yes\n")
	var output bytes.Buffer
	shell.Stdout, shell.Stderr = &output, &output
	shell.Cancel = func() error { return shell.Process.Signal(os.Interrupt) }
	shell.WaitDelay = time.Minute
	err := shell.Run()
	r.client.Printed(output.String(), "of a page: "+command)
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || shell.ProcessState.ExitCode() != exit {
		r.t.Fatalf("%s: %v, exit %d, not %d\n%s", command, err, shell.ProcessState.ExitCode(), exit, output.String())
	}
	r.t.Logf("%s: %.0f s", command, time.Since(began).Seconds())
	plain := coloured.ReplaceAllString(output.String(), "")
	r.seen.WriteString(plain)
	return plain
}

var (
	coloured = regexp.MustCompile("\x1b\\[[0-9;]*m")
	shown    = regexp.MustCompile("(?ms)^```text\n(.*?)^```")
	changes  = regexp.MustCompile(`\b[A-Z0-9]{12,}\b|[0-9]+(\.[0-9]+)?(ms|µs|s)?`) // a name first: it may begin with a digit
)

// sawIt: each line of output that the page shows came out of the commands, but for numbers and the names that AWS gives.
func (r *reader) sawIt() {
	r.t.Helper()
	flat := func(text string) string {
		return changes.ReplaceAllString(strings.Join(strings.Fields(text), " "), "N")
	}
	seen := flat(r.seen.String())
	for _, block := range shown.FindAllStringSubmatch(r.page, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "│╷╵")); line != "" && line != "..." && !strings.Contains(seen, flat(line)) {
				r.t.Errorf("the page shows a line that did not come out: %s\n%s", line, r.seen.String())
			}
		}
	}
}

// TestAccThePagesWork: the pages that lead step by step are followed to the letter, in an account of their own.
func TestAccThePagesWork(t *testing.T) {
	acctest.Emulator(t)
	if workspace.AWSMirror() == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // the process ends
	first, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	storage := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("shop-deployments")}); err != nil {
		t.Fatal(err)
	}
	for name, story := range map[string]func(context.Context, *testing.T, *emulator.Emulator, string, internet){
		"index": firstRelease, "route 53": withRoute53, "lambda": withLambda, "cloudfront": withCloudFront,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(ctx, t, e, first.Provider, newInternet(t, e))
		})
	}
}

// firstRelease: what the index promises in five minutes.
func firstRelease(ctx context.Context, t *testing.T, e *emulator.Emulator, provider string, _ internet) {
	t.Helper()
	r := follow(ctx, t, e, provider, "index.md.tmpl", "examples/index", "")
	storage := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	page := func() string {
		buckets, err := storage.ListBuckets(ctx, &s3.ListBucketsInput{Prefix: aws.String("first-release-")})
		if err != nil {
			t.Fatal(err)
		}
		for _, bucket := range buckets.Buckets {
			if !strings.HasPrefix(*bucket.Name, "first-release-") {
				continue
			}
			object, err := storage.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket.Name, Key: aws.String("index.html")})
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(object.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		}
		return ""
	}
	serves := func(want string) {
		t.Helper()
		if got := page(); got != want {
			t.Errorf("%q serves, not %q", got, want)
		}
	}
	r.types(ctx, "terraform init", 0)
	r.types(ctx, "terraform apply -var release=v1", 0)
	serves("<h1>Hello</h1>")
	r.types(ctx, "terraform apply -var release=v2 -var page=oops", 1)
	serves("<h1>Hello</h1>")
	r.types(ctx, "terraform plan -var release=v2 -var page=oops", 1)
	r.types(ctx, "terraform apply -var release=v3 -var 'page=<h1>Hello, world</h1>'", 0)
	serves("<h1>Hello, world</h1>")
	r.types(ctx, "terraform destroy -var release=v3", 0)
	serves("")
	r.sawIt()
}

// withRoute53: a good release, and one that turns out bad once it has traffic.
func withRoute53(ctx context.Context, t *testing.T, e *emulator.Emulator, provider string, web internet) {
	t.Helper()
	client := route53.NewFromConfig(e.AWSConfig())
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("shop.example"), CallerReference: aws.String("guide")})
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(*zone.HostedZone.Id, "/hostedzone/")
	const sooner = "resource \"aws_route53_record\" \"www\" {\n  ttl = 1\n}\n"
	r := follow(ctx, t, e, provider, "guides/blue-green-with-route-53.md.tmpl", "examples/guides/blue-green-with-route-53", sooner, append(web.env, "TF_VAR_watch=1s", "TF_VAR_zone_id="+id)...)
	serves := func(colour string) {
		t.Helper()
		sets, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &id})
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range sets.ResourceRecordSets {
			if set.Weight != nil && *set.Weight != map[bool]int64{true: 100}[*set.SetIdentifier == colour] {
				t.Errorf("%s has weight %d, and %s should serve", *set.SetIdentifier, *set.Weight, colour)
			}
		}
	}
	r.types(ctx, "terraform init", 0)
	r.types(ctx, "terraform apply", 0)
	serves("blue")
	r.types(ctx, "terraform apply -var active=green", 0)
	serves("green")
	web.spoil("blue.shop.example", 1) // well before it has traffic
	r.types(ctx, "terraform apply -var active=blue", 1)
	serves("green")
	web.heal("blue.shop.example")
	r.sawIt()
}

// withLambda: the same with versions behind an alias.
func withLambda(ctx context.Context, t *testing.T, e *emulator.Emulator, provider string, web internet) {
	t.Helper()
	r := follow(ctx, t, e, provider, "guides/blue-green-with-lambda.md.tmpl", "examples/guides/blue-green-with-lambda", "", append(web.env, "TF_VAR_watch=1s")...)
	for release := 1; release <= 3; release++ {
		pack(t, filepath.Join(r.client.Dir, fmt.Sprintf("orders-%d.zip", release)), release)
	}
	asked := 0
	e.OnInvoke("orders", func(version string, _ []byte) ([]byte, string) {
		if version == "3" {
			if asked++; asked > 1 { // well before it has traffic
				return []byte(`{"errorMessage":"cannot reach the database"}`), "Unhandled"
			}
		}
		return []byte(`{"statusCode":200}`), ""
	})
	serves := func(version string) {
		t.Helper()
		alias, err := lambda.NewFromConfig(e.AWSConfig()).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
		if err != nil {
			t.Fatal(err)
		}
		if *alias.FunctionVersion != version || alias.RoutingConfig != nil && len(alias.RoutingConfig.AdditionalVersionWeights) > 0 {
			t.Errorf("the alias serves %s and %+v, not version %s", *alias.FunctionVersion, alias.RoutingConfig, version)
		}
	}
	r.types(ctx, "terraform init", 0)
	r.types(ctx, "terraform apply -var package=orders-1.zip", 0)
	serves("1")
	r.types(ctx, "terraform apply -var package=orders-2.zip", 0)
	serves("1")
	r.types(ctx, `terraform apply -var package=orders-2.zip -var active=green -var 'versions={blue="1",green="2"}'`, 0)
	serves("2")
	r.types(ctx, `terraform apply -var package=orders-3.zip -var active=green -var 'versions={blue="1",green="2"}'`, 0)
	serves("2")
	r.types(ctx, `terraform apply -var package=orders-3.zip -var active=blue -var 'versions={blue="3",green="2"}'`, 1)
	serves("2")
	r.sawIt()
}

// withCloudFront: the same with weights that a function at the edge follows.
func withCloudFront(ctx context.Context, t *testing.T, e *emulator.Emulator, provider string, web internet) {
	t.Helper()
	r := follow(ctx, t, e, provider, "guides/blue-green-with-cloudfront.md.tmpl", "examples/guides/blue-green-with-cloudfront", "", append(web.env, "TF_VAR_watch=1s")...)
	r.types(ctx, "terraform init", 0)
	r.types(ctx, "terraform apply", 0)
	arn := strings.TrimSpace(r.types(ctx, "terraform output -raw weights", 0))
	serves := func(want string) {
		t.Helper()
		value, err := e.KeyValueStores().GetKey(ctx, &kvs.GetKeyInput{KvsARN: &arn, Key: aws.String("weights")})
		if err != nil {
			t.Fatal(err)
		}
		if *value.Value != want {
			t.Errorf("the weights are %s, not %s", *value.Value, want)
		}
	}
	r.types(ctx, "terraform apply -var active=green", 0)
	serves(`{"blue":0,"green":100,"version":1}`)
	web.spoil("blue.shop.example", 1) // well before it has traffic
	r.types(ctx, "terraform apply -var active=blue", 1)
	serves(`{"blue":0,"green":100,"version":1}`)
	r.sawIt()
}

// pack makes a zip file with code of a release.
func pack(t *testing.T, name string, release int) {
	t.Helper()
	var content bytes.Buffer
	writer := zip.NewWriter(&content)
	entry, err := writer.Create("index.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(entry, "exports.handler = async () => ({ statusCode: 200, release: %d });\n", release); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Close(), os.WriteFile(name, content.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}
