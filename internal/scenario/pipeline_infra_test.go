package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// infra is an account in which buildspec-infra.yml changes the infrastructure of a shop.
type infra struct {
	t        *testing.T
	e        *emulator.Emulator
	pipeline *pipeline
	app      *colour
	bucket   string // of the store
	topic    string
	queue    string // which hears the topic
	role     string // of the build
	settings string
	since    time.Time
}

func newInfra(ctx context.Context, t *testing.T) *infra {
	t.Helper()
	e := acctest.Emulator(t)
	i := &infra{t: t, e: e, pipeline: newPipeline(ctx, t, e, "buildspec-infra.yml", "infra", "rollback"), app: serve(t), bucket: acctest.Unique(t), settings: `{"v":1}`, since: time.Now().Add(-time.Minute)}
	cfg := e.AWSConfig()
	storage := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &i.bucket}); err != nil {
		t.Fatal(err)
	}
	versioned := &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}
	if _, err := storage.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &i.bucket, VersioningConfiguration: versioned}); err != nil {
		t.Fatal(err)
	}
	topics, queues := sns.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	topic, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String(i.bucket)})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(i.bucket)})
	if err != nil {
		t.Fatal(err)
	}
	i.topic, i.queue = aws.ToString(topic.TopicArn), aws.ToString(queue.QueueUrl)
	endpoint := strings.Replace(i.topic, ":sns:", ":sqs:", 1)
	if _, err := topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &i.topic, Protocol: aws.String("sqs"), Endpoint: &endpoint}); err != nil {
		t.Fatal(err)
	}
	roles := iam.NewFromConfig(cfg)
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 aws.String("build"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"codebuild.amazonaws.com"}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	i.role = aws.ToString(role.Role.Arn)
	i.permit(ctx, "ssm:*", "iam:*", "ec2:*")
	return i
}

// permit says what the role of the build may do.
func (i *infra) permit(ctx context.Context, actions ...string) {
	i.t.Helper()
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}}})
	if err != nil {
		i.t.Fatal(err)
	}
	_, err = iam.NewFromConfig(i.e.AWSConfig()).PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("build"), PolicyName: aws.String("deploy"), PolicyDocument: aws.String(string(policy))})
	if err != nil {
		i.t.Fatal(err)
	}
}

// change is one build.
func (i *infra) change(ctx context.Context, release string, succeeds bool, more ...string) build {
	i.t.Helper()
	return i.pipeline.run(ctx, i.t, succeeds, append(more,
		"CODEBUILD_RESOLVED_SOURCE_VERSION="+release, "TF_VAR_settings="+i.settings, "TF_VAR_deployer_role_arn="+i.role, "TF_VAR_health_url="+i.app.URL+"/health",
		fmt.Sprintf("TF_VAR_store={\"bucket\":%q}", i.bucket), "TF_VAR_topic_arn="+i.topic)...)
}

// live is the parameter that the application reads.
func (i *infra) live() string {
	i.t.Helper()
	out, err := ssm.NewFromConfig(i.e.AWSConfig()).GetParameter(i.t.Context(), &ssm.GetParameterInput{Name: aws.String("/shop-infra/settings")})
	if err != nil {
		i.t.Fatal(err)
	}
	return aws.ToString(out.Parameter.Value)
}

// told are the kinds of the messages that came since the last time, in order.
func (i *infra) told() string {
	i.t.Helper()
	out, err := sqs.NewFromConfig(i.e.AWSConfig()).ReceiveMessage(i.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &i.queue, MaxNumberOfMessages: 10})
	if err != nil {
		i.t.Fatal(err)
	}
	var kinds []string
	for _, message := range out.Messages {
		var mail struct{ Message string }
		var event struct{ Kind string }
		if err := json.Unmarshal([]byte(aws.ToString(message.Body)), &mail); err != nil {
			i.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(mail.Message), &event); err != nil {
			i.t.Fatal(err)
		}
		kinds = append(kinds, event.Kind)
		if _, err := sqs.NewFromConfig(i.e.AWSConfig()).DeleteMessage(i.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &i.queue, ReceiptHandle: message.ReceiptHandle}); err != nil {
			i.t.Fatal(err)
		}
	}
	return strings.Join(kinds, " ")
}

// counted is the sum of a metric of the deployment since the test began.
func (i *infra) counted(metric string) float64 {
	i.t.Helper()
	client := cloudwatch.NewFromConfig(i.e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	out, err := client.GetMetricStatistics(i.t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("Custom/DeploymentHealth"), MetricName: &metric, Dimensions: []cwtypes.Dimension{{Name: aws.String("Deployment"), Value: aws.String("shop-infra")}},
		StartTime: &i.since, EndTime: aws.Time(time.Now().Add(time.Minute)), Period: aws.Int32(3600), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
	})
	if err != nil {
		i.t.Fatal(err)
	}
	sum := 0.0
	for _, point := range out.Datapoints {
		sum += aws.ToFloat64(point.Sum)
	}
	return sum
}

// TestAccPipelineInfra: everything that buildspec-infra.yml is there for, one after the other in one account.
func TestAccPipelineInfra(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	i := newInfra(ctx, t)
	expect := func(what string, ended build, phases, live, says string) {
		t.Helper()
		if got := fmt.Sprint(ended.Phases); got != phases || i.live() != live || !strings.Contains(ended.Log, says) {
			t.Errorf("%s: %s, %s is live\n%s", what, got, i.live(), ended.Log)
		}
	}
	const (
		well    = "map[build:SUCCEEDED install:SUCCEEDED post_build:SUCCEEDED pre_build:SUCCEEDED]"
		blocked = "map[install:SUCCEEDED pre_build:FAILED]"
		undone  = "map[build:FAILED install:SUCCEEDED post_build:SUCCEEDED pre_build:SUCCEEDED]"
	)

	i.change(ctx, "c1", true, "TF_VAR_bootstrap=true")
	i.settings = `{"v":2}`
	ended := i.change(ctx, "c2", true)
	expect("a healthy change", ended, well, `{"v":2}`, "Apply complete")
	if told, good := i.told(), i.counted("DeploymentSuccess"); told != "DeploymentSucceeded" || good != 1 {
		t.Errorf("told %q, %v deployments succeeded", told, good)
	}
	want := "reports/after.html reports/after.xml reports/apply.log reports/before.html reports/before.xml reports/drift.json"
	if got := strings.Join(ended.Artifacts, " "); got != want {
		t.Errorf("the artifacts are %s", got)
	}

	// The apply fails on an IAM error after the parameter has changed.
	i.settings = `{"v":3}`
	remove := i.e.Inject(emulator.Fault{Service: "iam", Operation: "CreateRole", Status: http.StatusForbidden, Code: "AccessDenied"})
	ended = i.change(ctx, "c3", false, `TF_VAR_workers=["mail"]`)
	remove()
	expect("an IAM error", ended, undone, `{"v":2}`, "AccessDenied")
	if told := i.told(); !strings.Contains(told, "RollbackTriggered RollbackCompleted") || i.counted("RollbackTriggered") != 1 {
		t.Errorf("told %q, %v rollbacks", told, i.counted("RollbackTriggered"))
	}
	expect("a change that was put back does not come again", i.change(ctx, "c3", false), blocked, `{"v":2}`, "c3")

	// The change is made, and the application is not well with it.
	i.app.broken.Store(true) // answers the first check of the plan well, and no later one
	i.app.asked.Store(0)
	ended = i.change(ctx, "c4", false)
	expect("an unwell application", ended, undone, `{"v":2}`, "Live now")
	i.app.broken.Store(false)
	i.told()

	// What blocks the plan: nothing changes.
	i.permit(ctx, "ssm:*", "ec2:*")
	expect("a missing permission", i.change(ctx, "c5", false), blocked, `{"v":2}`, "iam:CreateRole")
	i.permit(ctx, "ssm:*", "iam:*", "ec2:*")
	scan := filepath.Join(i.pipeline.Dir, "scan.sarif")
	if err := os.WriteFile(scan, []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scanner"}},"results":[{"ruleId":"open-port","level":"error","message":{"text":"a port is open"}}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a failed scan", i.change(ctx, "c5", false, "TF_VAR_scan="+scan), blocked, `{"v":2}`, "open-port")
	i.open(ctx)
	expect("critical drift", i.change(ctx, "c5", false), blocked, `{"v":2}`, "0.0.0.0/0")

	// By hand: what was committed stays; a person who wants it back says so.
	i.roll(ctx, "NAME/open is nothing to do", `rollback = "not_needed"`)
	if i.live() != `{"v":2}` {
		t.Errorf("%s is live", i.live())
	}
}

// open lets the world into the security group, by hand.
func (i *infra) open(ctx context.Context) {
	i.t.Helper()
	client := ec2.NewFromConfig(i.e.AWSConfig())
	groups, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"shop-infra"}}}})
	if err != nil || len(groups.SecurityGroups) != 1 {
		i.t.Fatalf("the security group: %v", err)
	}
	_, err = client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId:       groups.SecurityGroups[0].GroupId,
		IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}},
	})
	if err != nil {
		i.t.Fatal(err)
	}
}

// roll runs rollback.sh as a person does.
func (i *infra) roll(ctx context.Context, reason, says string) {
	i.t.Helper()
	by := buildspec{Phases: map[string]buildPhase{"build": {Commands: []string{fmt.Sprintf("./rollback.sh %q", reason)}}}}
	ended := by.run(ctx, i.t, i.pipeline.Dir, append(i.pipeline.env, "TF_VAR_name=shop-infra", fmt.Sprintf("TF_VAR_store={\"bucket\":%q}", i.bucket)))
	if !ended.Succeeded || !strings.Contains(ended.Log, says) {
		i.t.Errorf("the rollback by hand:\n%s", ended.Log)
	}
}
