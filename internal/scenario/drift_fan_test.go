package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// fan is what the state machine of the guide works with: the objects of its bucket, and builds that end after a minute.
type fan struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string]string // by bucket/key
	begun   map[string]int    // builds, by RUN/workspace; the merge has no workspace
	running int
	most    int
}

var fanOutputs = filepath.Join(root, "internal", "engine", "drift", "testdata")

const (
	fanBucket = "example-drift"
	fanRun    = "nightly-7"
	fanLost   = "lost/account" // whose look always fails
	fanShaky  = "dns"          // whose look fails the first time; it is one that only a refresh can look at
)

// fanWorkspaces are more than the map looks at side by side.
func fanWorkspaces() []string {
	all := []string{"network", "web/prod", "web-prod", fanShaky, fanLost}
	for i := len(all); i < 60; i++ {
		all = append(all, fmt.Sprintf("team-%d/app", i))
	}
	return all
}

// fanOut runs the state machine of the guide over the workspaces.
func fanOut(t *testing.T, definition string) (*fan, error) {
	t.Helper()
	list, err := json.Marshal(fanWorkspaces())
	if err != nil {
		t.Fatal(err)
	}
	f := &fan{t: t, objects: map[string]string{fanBucket + "/workspaces.json": string(list)}, begun: map[string]int{}}
	var ended error
	synctest.Test(t, func(t *testing.T) {
		m, err := readMachine(definition, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.name, m.TimeoutSeconds = fanRun, 3600
		m.does = map[string]func(context.Context, any) (any, error){
			"arn:aws:states:::s3:getObject": f.get, "arn:aws:states:::s3:putObject": f.put, "arn:aws:states:::codebuild:startBuild.sync": f.build,
		}
		ended = m.execute(t.Context(), map[string]any{})
	})
	return f, ended
}

func (f *fan) get(_ context.Context, arguments any) (content any, err error) {
	in, _ := arguments.(map[string]any)
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.objects[fmt.Sprintf("%v/%v", in["Bucket"], in["Key"])]
	if !ok {
		return nil, failure{"S3.NoSuchKeyException", fmt.Sprint(in["Key"])}
	}
	return content, json.Unmarshal([]byte(text), &content)
}

func (f *fan) put(_ context.Context, arguments any) (any, error) {
	in, _ := arguments.(map[string]any)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[fmt.Sprintf("%v/%v", in["Bucket"], in["Key"])] = fmt.Sprint(in["Body"])
	return map[string]any{}, nil
}

// build is a build that is waited for: one that fails is an error States.TaskFailed whose cause is all of its answer,
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-codebuild.html. A look leaves its report where its buildspec copies it.
func (f *fan) build(ctx context.Context, arguments any) (any, error) {
	in, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	var start struct {
		ProjectName                  string
		EnvironmentVariablesOverride []struct{ Name, Value string }
	}
	if err := json.Unmarshal(in, &start); err != nil {
		return nil, failure{"States.Runtime", err.Error()}
	}
	env := map[string]string{}
	for _, variable := range start.EnvironmentVariablesOverride {
		env[variable.Name] = variable.Value
	}
	workspace, run := env["TF_VAR_workspace"], env["RUN"]
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun[run+"/"+workspace]++
	first := f.begun[run+"/"+workspace] == 1
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	err = machineSleeps(ctx, 60)
	f.mu.Lock()
	f.running--
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"Build": map[string]any{"ProjectName": start.ProjectName, "Logs": strings.Repeat("x", 6000)}}
	if start.ProjectName == "drift-look" {
		if workspace == fanLost || workspace == fanShaky && first {
			cause, err := json.Marshal(answer)
			return nil, cmp.Or[error](err, failure{"States.TaskFailed", string(cause)})
		}
		name, text := reportOf(f.t, workspace)
		f.objects[path.Join(fanBucket, "reports", run, name)] = text
	}
	return answer, nil
}

// reportOf is what a look at a workspace leaves.
func reportOf(t *testing.T, workspace string) (name, text string) {
	switch workspace {
	case "network", "web/prod":
		return workspace + ".report.json", readText(t, filepath.Join(fanOutputs, "report.golden.json"))
	case fanShaky:
		return workspace + ".plan.json", readText(t, filepath.Join(fanOutputs, "refresh-only-plan.json"))
	}
	return workspace + ".report.json", `{"summary":{"unverified":0},"items":[]}`
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fanDefinition(t *testing.T) string {
	t.Helper()
	return readText(t, filepath.Join(root, "examples", "guides", "drift-over-many-workspaces", "map.asl.json"))
}

// TestMapOverManyWorkspaces: the state machine of the guide starts one look for each workspace, no more than it says at a time; one that
// fails is tried again, and spoils no other; all reports are beneath the name of the run; what failed, and why, is left in the bucket; and
// the merge follows.
func TestMapOverManyWorkspaces(t *testing.T) {
	t.Parallel()
	f, err := fanOut(t, fanDefinition(t))
	if err != nil {
		t.Fatal(err)
	}
	if f.most != 40 {
		t.Errorf("%d looks at a time", f.most)
	}
	want := map[string]int{fanRun + "/": 1, fanRun + "/" + fanLost: 2, fanRun + "/" + fanShaky: 2}
	for _, workspace := range fanWorkspaces() {
		key := fanRun + "/" + workspace
		if f.begun[key] != max(want[key], 1) {
			t.Errorf("%d builds for %s", f.begun[key], key)
		}
		name, text := reportOf(t, workspace)
		if got := f.objects[path.Join(fanBucket, "reports", fanRun, name)]; (got == text) == (workspace == fanLost) {
			t.Errorf("of %s there is %.40q", workspace, got)
		}
	}
	if merges := f.begun[fanRun+"/"]; merges != 1 || len(f.begun) != len(fanWorkspaces())+1 {
		t.Errorf("%d merges, builds of %d kinds", merges, len(f.begun))
	}
	ended := map[string]int{}
	for key, text := range f.objects {
		var all []child
		if folder := fanBucket + "/maps/" + fanRun + "/"; !strings.HasPrefix(key, folder) || path.Base(key) == "manifest.json" {
			continue
		}
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			ended[one.Status]++
			if one.Status == "FAILED" && (one.Error != "States.TaskFailed" || !strings.Contains(one.Input, fanLost) || !strings.Contains(one.Cause, "drift-look")) {
				t.Errorf("what is left of a failed look is %+v", one)
			}
		}
	}
	if ended["FAILED"] != 1 || ended["SUCCEEDED"] != len(fanWorkspaces())-1 {
		t.Errorf("left are %v", ended)
	}
}

// TestMapToleratesNothingByItself: it is the guide's tolerance that lets the merge follow, and its selector that hands the name of the run to the looks.
func TestMapToleratesNothingByItself(t *testing.T) {
	t.Parallel()
	definition := fanDefinition(t)
	for what, change := range map[string][2]string{
		"no tolerance": {`"ToleratedFailurePercentage": 100`, `"ToleratedFailurePercentage": 1`},
		"no list":      {`"Key": "workspaces.json"`, `"Key": "others.json"`},
	} {
		if _, err := fanOut(t, strings.Replace(definition, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: it went on", what)
		}
	}
	f, err := fanOut(t, strings.Replace(definition, `$states.input.run %}`, `$states.context.Execution.Name %}`, 1))
	if err != nil || f.begun[fanRun+"/network"] != 0 {
		t.Errorf("%v: a look knows the name of the run by itself: %v", err, f.begun)
	}
}

// TestAccDriftOverManyWorkspaces: what several looks and a refresh found is merged by the build of the guide: sums, the
// critical ones by workspace, and who was not looked at, of whatever form its name is; and that build is red.
func TestAccDriftOverManyWorkspaces(t *testing.T) {
	t.Parallel()
	needsAWSCLI(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	f, err := fanOut(t, fanDefinition(t))
	if err != nil {
		t.Fatal(err)
	}
	e := acctest.Emulator(t)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	storage := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := acctest.Unique(t)
	ok[*s3.CreateBucketOutput](t)(storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}))
	for key, text := range f.objects {
		ok[*s3.PutObjectOutput](t)(storage.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(strings.TrimPrefix(key, fanBucket+"/")), Body: strings.NewReader(text)}))
	}
	ended := fanBuild(ctx, t, w, "merge", bucket, "RUN="+fanRun)
	var merged struct {
		Summary struct {
			Value map[string]int `json:"value"`
		} `json:"summary"`
		Missing struct {
			Value []string `json:"value"`
		} `json:"missing"`
		Critical struct {
			Value []string `json:"value"`
		} `json:"critical"`
	}
	object, err := storage.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("reports/" + fanRun + "/merged.json")})
	if err != nil {
		t.Fatalf("%v\n%s", err, ended.Log)
	}
	defer object.Body.Close() //nolint:errcheck // only read
	if err := json.NewDecoder(object.Body).Decode(&merged); err != nil {
		t.Fatal(err)
	}
	found := merged.Summary.Value
	if found["workspaces"] != len(fanWorkspaces())-1 || found["critical"] < 4 || found["unverified"] != 2 || len(merged.Critical.Value) != found["critical"] {
		t.Errorf("merged to %v, critical %q", found, merged.Critical.Value)
	}
	if !slices.Equal(merged.Missing.Value, []string{fanLost}) || ended.Succeeded {
		t.Errorf("missing %v; the build is green: %v", merged.Missing.Value, ended.Succeeded)
	}
	for _, workspace := range []string{"network: ", "web/prod: "} {
		if !strings.Contains(strings.Join(merged.Critical.Value, "\n"), workspace) {
			t.Errorf("nothing of %s among %q", workspace, merged.Critical.Value)
		}
	}
}

// fanBuild runs a build of the guide, with the bucket in the place of the guide's.
func fanBuild(ctx context.Context, t *testing.T, w *workspace.Workspace, name, bucket string, env ...string) build {
	t.Helper()
	guide := filepath.Join(root, "examples", "guides", "drift-over-many-workspaces")
	if err := w.Copy(filepath.Join(guide, name), "*.tf"); err != nil {
		t.Fatal(err)
	}
	bin, source := t.TempDir(), t.TempDir()
	command := w.Command(ctx)
	for from, to := range map[string]string{command.Path: filepath.Join(bin, "terraform"), w.Dir: filepath.Join(source, name)} {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	file := "buildspec-" + name + ".yml"
	spec := parseBuildspec(t, file, []byte(strings.ReplaceAll(readText(t, filepath.Join(guide, file)), fanBucket, bucket)))
	ended := spec.run(ctx, t, source, append(append(command.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH")), env...))
	w.Printed(ended.Log, "build "+name)
	return ended
}

// TestAccALookAtOneWorkspaceOfMany: the build that the map starts leaves its report where the merge looks for it, is green although
// something critical is in it, which is the merge's to judge, and tells CloudWatch of its workspace.
func TestAccALookAtOneWorkspaceOfMany(t *testing.T) {
	t.Parallel()
	needsAWSCLI(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	e := acctest.Emulator(t)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write("emulated_override.tf", "provider \"reliability\" {\n  s3_use_path_style = true\n}\n"); err != nil {
		t.Fatal(err)
	}
	storage := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := acctest.Unique(t)
	ok[*s3.CreateBucketOutput](t)(storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}))
	const state = `{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"a","outputs":{},"resources":[{"mode":"managed","type":"aws_security_group","name":"web",
		"provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{"schema_version":1,"attributes":{"id":"sg-0123456789abcdef0","name":"gone","vpc_id":"vpc-1","ingress":[],"egress":[],"tags":{}}}]}]}`
	ok[*s3.PutObjectOutput](t)(storage.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("web/prod/terraform.tfstate"), Body: strings.NewReader(state)}))

	began := time.Now().Add(-time.Minute)
	ended := fanBuild(ctx, t, w, "look", bucket, "RUN="+fanRun, "TF_VAR_workspace=web/prod", "TF_VAR_bucket="+bucket)
	if !ended.Succeeded {
		t.Fatalf("the build is red:\n%s", ended.Log)
	}
	object, err := storage.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("reports/" + fanRun + "/web/prod.report.json")})
	if err != nil {
		t.Fatalf("%v\n%s", err, ended.Log)
	}
	defer object.Body.Close() //nolint:errcheck // only read
	var report struct {
		Items []struct {
			Address  string `json:"address"`
			Kind     string `json:"kind"`
			Category string `json:"category"`
		} `json:"items"`
	}
	if err := json.NewDecoder(object.Body).Decode(&report); err != nil {
		t.Fatal(err)
	}
	if len(report.Items) != 1 || report.Items[0].Address != "aws_security_group.web" || report.Items[0].Kind != "deleted" || report.Items[0].Category != "critical" {
		t.Errorf("reported is %+v", report.Items)
	}
	if sum := sumIn(t, e, began, "Custom/AdvancedInfrastructureDrift", "Stack", "web/prod", "CriticalDrift"); sum != 1 {
		t.Errorf("CloudWatch was told of %v critical ones in this workspace", sum)
	}
}
