package acctest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func leaked(watch *canary.Watch, label string) bool {
	return slices.ContainsFunc(watch.Leaks(), func(leak string) bool { return strings.Contains(leak, "holds the "+label+" (") })
}

// TestALeakIsFoundInEveryFile: whatever a run of Terraform writes or prints is looked through, in every shape.
func TestALeakIsFoundInEveryFile(t *testing.T) {
	gzipped := func(text string) string {
		var out bytes.Buffer
		writer := gzip.NewWriter(&out)
		_, _ = writer.Write([]byte(text))
		_ = writer.Close()
		return out.String()
	}
	plain := func(text string) string { return text }
	for name, test := range map[string]struct {
		kind  canary.Kind
		path  string // "" is what was printed
		shape func(string) string
		fine  bool
	}{
		"log":                              {canary.Remote, "witness.log", plain, false},
		"log, quoted":                      {canary.Remote, "witness.log", func(s string) string { return fmt.Sprintf("%q", s) }, false},
		"printed":                          {canary.WriteOnly, "", plain, false},
		"report":                           {canary.Sensitive, "work/out/health.html", plain, false},
		"report, of URLs":                  {canary.Sensitive, "work/out/drift.sarif", url.QueryEscape, false},
		"write-only in the state":          {canary.WriteOnly, "work/terraform.tfstate", plain, false},
		"write-only in a plan":             {canary.WriteOnly, "work/tfplan", func(s string) string { return "PK" + gzipped(s) }, false},
		"sensitive in the state":           {canary.Sensitive, "work/terraform.tfstate", plain, true},
		"sensitive in the configuration":   {canary.Sensitive, "work/main.tf", plain, true},
		"credentials in the state":         {canary.Credential, "work/terraform.tfstate", plain, false},
		"credentials in the configuration": {canary.Credential, "work/main.tf", plain, false},
		"snapshot":                         {canary.Sensitive, "work/store/deployments/web/000001/manifest.json", gzipped, false},
		"snapshot, of what is put back":    {canary.Returned, "work/store/deployments/web/000001/manifest.json", plain, true},
		"journal":                          {canary.Remote, "work/store/journal/x.json", plain, false},
		"ledger, of what is put back":      {canary.Returned, "work/store/ledger/web.json", plain, false},
		"lock file in base64":              {canary.Remote, "work/.reliability/x", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			watch, dir, printed := &canary.Watch{}, t.TempDir(), ""
			secret := test.shape(watch.Plant(test.kind, "secret"))
			if test.path == "" {
				printed = secret
			} else {
				path := filepath.Join(dir, filepath.FromSlash(test.path))
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("before "+secret+" after"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			(&watching{watch: watch}).ran(dir, []string{"apply"}, printed)
			if leaked(watch, "secret") == test.fine {
				t.Errorf("found %v", watch.Leaks())
			}
		})
	}
}

// TestALeakFailsThePackage: what terraform-plugin-testing left is looked through at the end, named by path and label and never quoted.
func TestALeakFailsThePackage(t *testing.T) {
	watch := &canary.Watch{}
	secret := watch.Plant(canary.WriteOnly, "password")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "provider.log"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if (&watching{watch: watch, folder: folder}).end(&said) || !strings.Contains(said.String(), "provider.log holds the password") {
		t.Errorf("it said %q", said.String())
	}
	if shapes := canary.Find(said.Bytes(), secret); len(shapes) > 0 {
		t.Error("the finding shows the secret")
	}
	if _, err := os.Stat(folder); err == nil {
		t.Error("the folder was left behind")
	}
	if !(&watching{watch: &canary.Watch{}, folder: t.TempDir()}).end(&said) {
		t.Error("something was found where nothing is")
	}
}

// TestALeakIsFoundInEveryRequest that the provider sends, and only in those; and the credentials of an assumed role are known.
func TestALeakIsFoundInEveryRequest(t *testing.T) {
	Emulator(t)
	watch := &canary.Watch{}
	started, err := emulator.Start(t.Context(), emulator.Options{Credentials: credentials(watch), Heard: heard(watch), Answered: answered(watch)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = started.Close() })
	config := started.AWSConfig()
	others := sns.NewFromConfig(config)
	config.APIOptions = append(config.APIOptions, func(stack *smithymiddleware.Stack) error {
		return middleware.AddUserAgentKey(agent)(stack)
	})
	objects := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	parameters, topics := ssm.NewFromConfig(config), sns.NewFromConfig(config)
	put := func(key string, in s3.PutObjectInput) {
		in.Bucket, in.Key = aws.String("store"), &key
		_, _ = objects.PutObject(t.Context(), &in)
	}
	metrics := func(name, dimension string) {
		_, _ = cloudwatch.NewFromConfig(config).PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("x"), MetricData: []cloudwatchtypes.MetricDatum{{
			MetricName: &name, Value: aws.Float64(1), Dimensions: []cloudwatchtypes.Dimension{{Name: &dimension, Value: aws.String("v")}},
		}}})
	}
	// Whether AWS takes what is sent says nothing of whether it was sent.
	for label, send := range map[string]func(secret string){
		"object": func(s string) { put("reports/a", s3.PutObjectInput{Body: strings.NewReader(s)}) },
		"snapshot": func(s string) {
			put("deployments/a/000001/manifest.json", s3.PutObjectInput{Body: strings.NewReader(s)})
		},
		"metadata": func(s string) { put("a", s3.PutObjectInput{Metadata: map[string]string{"note": s}}) },
		"key":      func(s string) { put(s, s3.PutObjectInput{}) },
		"message": func(s string) {
			_, _ = topics.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:x"), Message: &s})
		},
		"metric":    func(s string) { metrics(s, "d") },
		"dimension": func(s string) { metrics("m", s) },
		"event": func(s string) {
			_, _ = eventbridge.NewFromConfig(config).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{
				Source: aws.String("x"), DetailType: aws.String("x"), Detail: aws.String(fmt.Sprintf(`{"reason":%q}`, s)),
			}}})
		},
		"parameter": func(s string) {
			_, _ = parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/a"), Value: &s})
		},
	} {
		send(watch.PlantToken(canary.Remote, label))
		if !leaked(watch, label) {
			t.Errorf("the %s was not found", label)
		}
	}
	_, _ = others.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:x"), Message: aws.String(watch.PlantToken(canary.Remote, "test's own"))})
	_, _ = parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/b"), Value: aws.String(watch.PlantToken(canary.Returned, "former value"))})
	for _, label := range []string{"test's own", "former value", "access key of the run", "secret key of the run", "session token of the run"} {
		if leaked(watch, label) {
			t.Errorf("the %s was found, which may be there", label)
		}
	}
	given, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/x"), RoleSessionName: aws.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	for label, secret := range map[string]*string{"secret key of an assumed role": given.Credentials.SecretAccessKey, "session token of an assumed role": given.Credentials.SessionToken} {
		if watch.Look(canary.Elsewhere, "a log", []byte(*secret)); !leaked(watch, label) {
			t.Errorf("the %s was not found", label)
		}
	}
}
