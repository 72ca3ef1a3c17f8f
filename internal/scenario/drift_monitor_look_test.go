package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// watcher is the project of the looks: its source out of the bucket, its buildspec and environment as they were applied, and its role.
type watcher struct {
	*monitor
	client *workspace.Workspace
	spec   buildspec
	env    []string
}

func newWatcher(ctx context.Context, t *testing.T, m *monitor) *watcher {
	t.Helper()
	client := os.Getenv("TF_ACC_TERRAFORM_1_14_PATH")
	if client == "" {
		t.Skip("TF_ACC_TERRAFORM_1_14_PATH names no Terraform 1.14.1 or newer")
	}
	needsAWSCLI(t)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: m.e.Env(), Terraform: client, Provider: m.w.Provider})
	if err != nil {
		t.Fatal(err)
	}
	watcher := &watcher{monitor: m, client: w, spec: parseBuildspec(t, "buildspec.yml", []byte(m.firstOf("aws_codebuild_project.this", "source")["buildspec"].(string)))}
	watcher.fetch(ctx)
	if err := w.Write("emulated_override.tf", "provider \"reliability\" {\n  s3_use_path_style = true\n}\n"); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	command := w.Command(ctx)
	if err := os.Symlink(command.Path, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	watcher.env = append(command.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "AWS_ACCESS_KEY_ID=look", "AWS_SECRET_ACCESS_KEY=look")
	variables, _ := m.firstOf("aws_codebuild_project.this", "environment")["environment_variable"].([]any)
	for _, variable := range variables {
		one, _ := variable.(map[string]any)
		watcher.env = append(watcher.env, fmt.Sprintf("%v=%v", one["name"], one["value"]))
	}
	release, err := m.e.Bind(emulator.Caller{AccessKey: "look"}, []byte(m.text(`aws_iam_role_policy.project["run"]`, "policy")), []byte(m.text(`aws_iam_role_policy.project["read"]`, "policy")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return watcher
}

// firstOf is the first block of a name in a resource.
func (m *monitor) firstOf(address, block string) map[string]any {
	m.t.Helper()
	blocks, _ := m.resource(address)[block].([]any)
	if len(blocks) == 0 {
		m.t.Fatalf("%s has no %s", address, block)
	}
	first, _ := blocks[0].(map[string]any)
	return first
}

func (m *monitor) storage() *s3.Client {
	return s3.NewFromConfig(m.e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
}

// fetch downloads the source, as CodeBuild does with a folder in a bucket.
func (w *watcher) fetch(ctx context.Context) {
	w.t.Helper()
	bucket, prefix, _ := strings.Cut(w.firstOf("aws_codebuild_project.this", "source")["location"].(string), "/")
	listed := ok[*s3.ListObjectsV2Output](w.t)(w.storage().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}))
	for _, object := range listed.Contents {
		body := ok[*s3.GetObjectOutput](w.t)(w.storage().GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: object.Key})).Body
		content := ok[[]byte](w.t)(io.ReadAll(body))
		if err := os.WriteFile(filepath.Join(w.client.Dir, strings.TrimPrefix(*object.Key, prefix)), content, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// look is one build.
func (w *watcher) look(ctx context.Context, what string, succeeds bool, look string) build {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.client.Dir, "reports")); err != nil {
		w.t.Fatal(err)
	}
	began := time.Now()
	ended := w.spec.run(ctx, w.t, w.client.Dir, w.env)
	w.client.Printed(ended.Log, "build of the monitor")
	w.t.Logf("%s: %v, %v after %.0f s", what, ended.Phases, ended.Exported, time.Since(began).Seconds())
	if ended.Succeeded != succeeds || ended.Exported["LOOK"] != look {
		w.t.Fatalf("%s: succeeded: %v, LOOK is %q\n%s", what, ended.Succeeded, ended.Exported["LOOK"], ended.Log)
	}
	return ended
}

// heard are the addresses in the notices of critical drift since the last time, one text a notice.
func (w *watcher) heard(ctx context.Context) []string {
	w.t.Helper()
	client := sqs.NewFromConfig(w.e.AWSConfig())
	out := ok[*sqs.ReceiveMessageOutput](w.t)(client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &w.queue, MaxNumberOfMessages: 10}))
	var all []string
	for _, message := range out.Messages {
		var mail struct{ Message string }
		var event struct {
			Kind   string
			Detail struct {
				Worst []struct{ Address string }
			}
		}
		if err := json.Unmarshal([]byte(aws.ToString(message.Body)), &mail); err != nil {
			w.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(mail.Message), &event); err != nil {
			w.t.Fatal(err)
		}
		text := event.Kind
		for _, worst := range event.Detail.Worst {
			text += " " + worst.Address
		}
		all = append(all, text)
		ok[*sqs.DeleteMessageOutput](w.t)(client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &w.queue, ReceiptHandle: message.ReceiptHandle}))
	}
	return all
}

// measured is how often a metric was sent, and its sum.
func (w *watcher) measured(ctx context.Context, metric string) (count, sum float64) {
	w.t.Helper()
	out := ok[*cloudwatch.GetMetricStatisticsOutput](w.t)(w.cloudWatch().GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("Custom/AdvancedInfrastructureDrift"), MetricName: &metric, Dimensions: []cwtypes.Dimension{{Name: aws.String("Environment"), Value: aws.String("prod")}},
		StartTime: &w.since, EndTime: aws.Time(time.Now().Add(time.Minute)), Period: aws.Int32(3600), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum, cwtypes.StatisticSampleCount},
	}))
	for _, point := range out.Datapoints {
		count, sum = count+aws.ToFloat64(point.SampleCount), sum+aws.ToFloat64(point.Sum)
	}
	return count, sum
}

// as is the configuration of somebody.
func (w *watcher) as(accessKey, arn string) aws.Config {
	w.e.Identify(accessKey, arn)
	config := w.e.AWSConfig()
	config.Credentials = credentials.NewStaticCredentialsProvider(accessKey, "secret", "")
	return config
}

// testLooks runs the buildspec of the project over the module's own state.
func testLooks(ctx context.Context, t *testing.T, m *monitor) {
	w := newWatcher(ctx, t, m)
	w.t = t
	state, err := os.Open(filepath.Join(m.w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // only read
	ok[*s3.PutObjectOutput](t)(m.storage().PutObject(ctx, &s3.PutObjectInput{Bucket: &m.states, Key: aws.String(monitorState), Body: state}))
	ask := func(operation string, body any) map[string]any {
		t.Helper()
		answered, err := askCodeBuild(ctx, http.DefaultClient, m.e.URL(), operation, body)
		if err != nil {
			t.Fatal(err)
		}
		found, _ := answered.(map[string]any)
		return found
	}
	ask("CreateProject", projectOf(shopPipeline, 5))

	ended := w.look(ctx, "a clean account", true, "told")
	if got, want := strings.Join(ended.Artifacts, " "), "reports/drift.html reports/drift.json reports/drift.md reports/drift.sarif reports/drift.xml reports/look reports/told.json"; got != want {
		t.Errorf("the artifacts are %s", got)
	}
	if count, sum := w.measured(ctx, "TotalDrift"); count != 1 || sum != 0 {
		t.Errorf("TotalDrift was sent %v times, in all %v", count, sum)
	}

	// The pipeline applies, and its role changes something critical that the state does not know yet.
	build, _ := ask("StartBuild", map[string]any{"projectName": shopPipeline})["build"].(map[string]any)
	apply := fmt.Sprint(build["id"])
	if err := m.e.EnterPhase(apply, "BUILD", time.Now()); err != nil {
		t.Fatal(err)
	}
	pipeline := iam.NewFromConfig(w.as("pipeline", "arn:aws:sts::123456789012:assumed-role/shop-infra-build/AWSCodeBuild"))
	everything := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	ok[*iam.PutRolePolicyOutput](t)(pipeline.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("patrol-drift-machine"), PolicyName: aws.String("look"), PolicyDocument: everything}))
	w.look(ctx, "what the pipeline does while it applies", true, "held")
	if told := w.heard(ctx); len(told) != 0 {
		t.Errorf("told %q", told)
	}

	// Meanwhile somebody opens the topic to the world.
	stranger := sns.NewFromConfig(w.as("mallory", "arn:aws:iam::123456789012:user/mallory"))
	topic := m.text("aws_sns_topic.this", "arn")
	open := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":%q}]}`, topic)
	ok[*sns.SetTopicAttributesOutput](t)(stranger.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("Policy"), AttributeValue: &open}))
	w.look(ctx, "what others do meanwhile", false, "held")
	if told := fmt.Sprint(w.heard(ctx)); !strings.Contains(told, "DriftFound aws_sns_topic") || strings.Contains(told, "aws_iam") {
		t.Errorf("told %s", told)
	}

	// Who is not let see the pipelines must not take them for idle.
	remove := m.e.Inject(emulator.Fault{Service: "codebuild", Operation: "ListBuildsForProject", Status: http.StatusBadRequest, Code: "AccessDeniedException"})
	w.look(ctx, "pipelines that are not seen", false, "")
	remove()
	if told := w.heard(ctx); len(told) != 0 {
		t.Errorf("told %q", told)
	}

	if err := m.e.EndBuild(apply, "SUCCEEDED", nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	ended = w.look(ctx, "what is left after the apply", false, "told")
	if told := fmt.Sprint(w.heard(ctx)); !strings.Contains(told, "DriftFound") || !strings.Contains(told, "aws_sns_topic") || !strings.Contains(told, "aws_iam_role") {
		t.Errorf("told %s\n%s", told, ended.Log)
	}
	if count, sum := w.measured(ctx, "CriticalDrift"); count != 3 || sum < 3 {
		t.Errorf("CriticalDrift was sent %v times, in all %v", count, sum)
	}

	ok[*s3.DeleteObjectOutput](t)(m.storage().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &m.states, Key: aws.String(monitorState)}))
	w.look(ctx, "a state that is not there", false, "")
	if told := w.heard(ctx); len(told) != 0 {
		t.Errorf("told %q", told)
	}
}
