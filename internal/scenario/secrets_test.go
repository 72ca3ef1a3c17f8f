package scenario

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	planted "github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// wire notes what the provider sends to AWS: addresses and bodies. Headers are signed with, and hold no secret of a user.
type wire struct {
	mu   sync.Mutex
	sent map[string][]byte // by what the request is, all bodies one after another
}

func listenIn(t *testing.T, target string) (*wire, string) {
	t.Helper()
	w := &wire{sent: map[string][]byte{}}
	address, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(address)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		what := r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Amz-Target")
		w.mu.Lock()
		w.sent[what] = append(append(w.sent[what], r.URL.RequestURI()...), body...)
		w.mu.Unlock()
		forward.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return w, server.URL
}

// TestAccNoSecretIsLeftBehind: secrets stand wherever a user can write one and wherever AWS keeps one; a release goes out, is judged, told of
// and rolled back with everything logged, and nothing that is left on disk, printed or sent holds one.
func TestAccNoSecretIsLeftBehind(t *testing.T) {
	t.Parallel()
	e := acctest.Emulator(t)
	secrets := planted.Secrets{
		"header": planted.Token("header"), "write-only header": planted.Token("wo-header"), "password of a DSN": planted.Token("dsn"), "password of a write-only DSN": planted.Token("wo-dsn"),
		"secret key of the provider": planted.Token("secret-key"), "session token": planted.Token("session"), "environment of a function": planted.New("environment"),
		"SSM parameter": planted.New("ssm"), "new SSM parameter": planted.New("ssm2"), "body of an answer": planted.New("answer"), "captured token of a workflow": planted.Token("captured"),
		"sensitive attribute of the state": planted.New("state"), "response of a function": planted.New("response"), "password in a URL": planted.Token("userinfo"), "query of a URL": planted.Token("query"),
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			fmt.Fprintf(w, `{"token":%q}`, secrets["captured token of a workflow"])
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"error":%q}`, secrets["body of an answer"])
	}))
	t.Cleanup(site.Close)
	name := acctest.Unique(t)
	config := e.AWSConfig()
	targettest.New(t, name)
	functions, parameters := lambda.NewFromConfig(config), ssm.NewFromConfig(config)
	if _, err := functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Environment: environment(secrets["environment of a function"])}); err != nil {
		t.Fatal(err)
	}
	e.OnInvoke(name, func(string, []byte) ([]byte, string) {
		return []byte(fmt.Sprintf(`{"errorMessage":%q}`, secrets["response of a function"])), "Unhandled"
	})
	set := func(value string) {
		t.Helper()
		if _, err := parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/" + name), Value: &value, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	set(secrets["SSM parameter"])
	topic, err := sns.NewFromConfig(config).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	heard, endpoint := listenIn(t, e.URL())
	dir := t.TempDir()
	logs := filepath.Join(dir, "trace.log")
	w, err := workspace.New(ctx, workspace.Options{Dir: dir, Root: root, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH"), Env: []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "TF_LOG=TRACE", "TF_LOG_PATH=" + logs,
		"AWS_ACCESS_KEY_ID=AKIASECRETSSECRETS", "AWS_SECRET_ACCESS_KEY=" + secrets["secret key of the provider"], "AWS_SESSION_TOKEN=" + secrets["session token"],
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write("other.tfstate", stateOf(name, secrets["sensitive attribute of the state"])); err != nil {
		t.Fatal(err)
	}
	if err := w.Write("main.tf", secretive(name, *topic.TopicArn, site.URL, secrets)); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	apply := func(what string, args ...string) {
		t.Helper()
		ended, err := w.Apply(ctx, args...)
		if err != nil {
			t.Fatal(err)
		}
		secrets.Absent(t, "what "+what+" printed", []byte(ended.Output))
		if ended.Exit != 0 {
			t.Fatalf("%s: exit %d\n%s", what, ended.Exit, ended.Output)
		}
	}
	apply("the release")
	set(secrets["new SSM parameter"])
	apply("the rollback", "-var=back=true")

	for _, path := range []string{"trace.log", "work/store", "work/terraform.tfstate", "work/out/health.html", "work/out/drift.sarif"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Errorf("nothing was looked for there: %v", err)
		}
	}
	secrets.AbsentBelow(t, dir, func(path string) []string {
		switch {
		case strings.HasPrefix(path, "work/terraform.tfstate"): // a sensitive attribute that is not write-only is in the state, as Terraform has it
			return []string{"header", "password of a DSN", "password in a URL", "query of a URL"}
		case path == "work/main.tf", path == "work/other.tfstate":
			return keys(secrets)
		}
		return nil
	})
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for what, sent := range heard.sent {
		secrets.Absent(t, "the request "+what, sent, allowedOnTheWire(what)...)
	}
	if len(heard.sent) < 5 {
		t.Errorf("only %d requests were heard", len(heard.sent))
	}
}

// secretive is a configuration with a secret wherever one may be written.
func secretive(name, topic, site string, secrets planted.Secrets) string {
	return fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "back" {
  type    = bool
  default = false
}

provider "reliability" {
  s3_use_path_style = true
  store             = { local = { path = "store" } }
  metrics           = {}
  notify            = { sns_topic_arn = %[2]q }
}

resource "reliability_health_gate" "web" {
  on_failure  = "record"
  max_retries = 0
  triggers    = { back = var.back }
  checks = {
    site = { http = {
      url               = "%[3]s/health"
      method            = "POST"
      sensitive_headers = { Authorization = "Bearer %[4]s" }
      headers_wo        = { "X-Token" = %[5]q }
      wo_version        = 1
      expect            = { json = { "json.error" = "none" }, body_contains = "fine" }
    } }
    link  = { http = { url = sensitive("http://user:%[6]s@127.0.0.1:1/?token=%[7]s") } }
    db    = { database = { engine = "postgres", dsn = "postgres://app:%[8]s@127.0.0.1:1/shop?connect_timeout=1" } }
    other = { database = { engine = "mysql", dsn_wo = "app:%[9]s@tcp(127.0.0.1:1)/shop", wo_version = 1 } }
    code  = { lambda = { function_name = %[1]q, qualifier = "live" } }
    flow = { workflow = { steps = [
      { name = "login", url = "%[3]s/login", capture = { token = "json.token" } },
      { name = "use", url = "%[3]s/use", headers = { Authorization = "Bearer {{token}}" } },
    ] } }
  }
  report = { json = "out/health.json", junit = "out/health.xml", markdown = "out/health.md", html = "out/health.html" }
}

resource "reliability_deployment_snapshot" "web" {
  name    = %[1]q
  release = "v1"
  targets = {
    code = { lambda_alias = { function_name = %[1]q, name = "live" } }
    flag = { ssm_parameter = { name = "/%[1]s" } }
  }
}

resource "reliability_rollback" "web" {
  snapshot_id = reliability_deployment_snapshot.web.id
  when        = var.back
  reason      = "unhealthy"
  on_complete = "ok"
}

data "reliability_drift" "live" {
  state  = { path = "other.tfstate" }
  report = { json = "out/drift.json", sarif = "out/drift.sarif", junit = "out/drift.xml", markdown = "out/drift.md", html = "out/drift.html" }
}

output "drift" {
  value = data.reliability_drift.live.report_json
}

output "health" {
  value = reliability_health_gate.web.report_json
}
`, name, topic, site, secrets["header"], secrets["write-only header"], secrets["password in a URL"], secrets["query of a URL"], secrets["password of a DSN"], secrets["password of a write-only DSN"])
}

func environment(value string) *lambdatypes.Environment {
	return &lambdatypes.Environment{Variables: map[string]string{"TOKEN": value}}
}

func keys(secrets planted.Secrets) []string { return slices.Collect(maps.Keys(secrets)) }

// allowedOnTheWire is what AWS itself has to be sent: the value that a parameter had.
func allowedOnTheWire(what string) []string {
	if strings.HasSuffix(what, "AmazonSSM.PutParameter") {
		return []string{"SSM parameter"}
	}
	return nil
}
