package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

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
	before   map[string]float64 // sums of metrics
}

func newInfra(ctx context.Context, t *testing.T) *infra {
	t.Helper()
	e := acctest.Emulator(t)
	i := &infra{t: t, e: e, pipeline: newPipeline(ctx, t, e, "buildspec-infra.yml", "infra", "rollback"), app: serve(t), bucket: acctest.Unique(t), settings: `{"v":1}`, since: time.Now().Add(-time.Minute), before: map[string]float64{}}
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

// putBack is what a rollback in a build leaves.
const putBack = " reports/history.html reports/rollback.html reports/rollback.log reports/rollback.xml"

// TestAccPipelineInfra: everything that buildspec-infra.yml is there for, one after the other in one account.
func TestAccPipelineInfra(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 18*time.Minute)
	defer cancel()
	i := newInfra(ctx, t)
	const (
		before = "reports/before.html reports/before.xml"
		looked = before + " reports/drift.html reports/drift.json"
		all    = "reports/after.html reports/after.xml reports/apply.log " + looked
	)

	i.change(ctx, "c1", true, "TF_VAR_bootstrap=true")
	i.told()
	i.settings = `{"v":2}`
	i.expect("a healthy change", i.change(ctx, "c2", true), outcome{
		phases: well, says: "Apply complete", live: `{"v":2}`, ledger: "c2 succeeded", told: "DeploymentSucceeded", artifacts: all, counted: map[string]float64{"DeploymentSuccess": 1},
	})

	// By hand: what was committed stays, unless a person says how far to go back.
	i.expect("a rollback of what is open", i.roll(ctx, "is anything open?", ""), outcome{phases: byHand, says: `rollback = "not_needed"`, live: `{"v":2}`, ledger: "c2 succeeded"})
	i.expect("a rollback by hand", i.roll(ctx, "orders fail since 14:05", "000001"), outcome{
		phases: byHand, says: `rollback = "restored"`, live: `{"v":1}`, ledger: "c2 rolled_back: orders fail since 14:05", told: "RollbackTriggered RollbackCompleted",
		counted: map[string]float64{"RollbackTriggered": 1, "RollbackSuccess": 1},
	})

	// The apply fails on an IAM error after the parameter has changed.
	i.settings = `{"v":3}`
	remove := i.e.Inject(emulator.Fault{Service: "iam", Operation: "CreateRole", Resource: "shop-infra-mail", Status: http.StatusForbidden, Code: "AccessDenied"})
	ended := i.change(ctx, "c3", false, `TF_VAR_workers=["mail"]`)
	remove()
	i.expect("an IAM error", ended, outcome{
		phases: undone, says: "AccessDenied", live: `{"v":1}`, ledger: "c3 rolled_back: The build shop:1 failed", told: "RollbackTriggered RollbackCompleted",
		artifacts: "reports/apply.log " + looked + putBack, counted: map[string]float64{"RollbackTriggered": 1, "RollbackSuccess": 1},
	})
	i.expect("a change that was put back does not come again", i.change(ctx, "c3", false), outcome{phases: blocked, says: "c3", live: `{"v":1}`, ledger: "c3 rolled_back", artifacts: looked})

	i.takesTooLong(ctx, looked)

	// The change is made, and the application is not well with it.
	i.app.asked.Store(0)
	i.app.broken.Store(true) // answers the first check of the plan well, and no later one
	ended = i.change(ctx, "c5", false)
	i.app.broken.Store(false)
	i.expect("an unwell application", ended, outcome{
		phases: undone, says: "Live now", live: `{"v":1}`, ledger: "c5 rolled_back", told: "DeploymentFailed RollbackTriggered RollbackCompleted", artifacts: all + putBack,
		counted: map[string]float64{"DeploymentFailure": 1, "RollbackTriggered": 1, "RollbackSuccess": 1},
	})

	// What blocks the plan: nothing changes, and nobody is told.
	stays := outcome{phases: blocked, live: `{"v":1}`, ledger: "c5 rolled_back", artifacts: looked}
	i.permit(ctx, "ssm:*", "ec2:*")
	stays.says = "iam:CreateRole"
	i.expect("a missing permission", i.change(ctx, "c6", false), stays)
	i.permit(ctx, "ssm:*", "iam:*", "ec2:*")
	scan := filepath.Join(i.pipeline.Dir, "scan.sarif")
	if err := os.WriteFile(scan, []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scanner"}},"results":[{"ruleId":"open-port","level":"error","message":{"text":"a port is open"}}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	stays.says = "open-port"
	i.expect("a failed scan", i.change(ctx, "c6", false, "TF_VAR_scan="+scan), stays)
	i.open(ctx)
	stays.says = "0.0.0.0/0"
	i.expect("critical drift", i.change(ctx, "c6", false), stays)
}

// takesTooLong: a call of the apply does not come back. The apply is interrupted at DEPLOYMENT_TIMEOUT, and what it had done is put back.
func (i *infra) takesTooLong(ctx context.Context, looked string) {
	i.t.Helper()
	i.settings = `{"v":4}`
	var hangs atomic.Bool
	over := make(chan struct{})
	remove := i.e.Inject(emulator.Fault{Service: "iam", Operation: "CreateRole", Resource: "shop-infra-mail", Drop: true, Hook: func(emulator.Call) {
		hangs.Store(true)
		<-over
	}})
	ended := i.change(ctx, "c4", false, `TF_VAR_workers=["mail"]`, "DEPLOYMENT_TIMEOUT=20")
	close(over)
	remove()
	want := outcome{
		phases: undone, says: "nterrupt", live: `{"v":1}`, ledger: "c4 rolled_back: The build shop:1 failed", told: "RollbackTriggered RollbackCompleted",
		artifacts: "reports/apply.log " + looked + putBack, counted: map[string]float64{"RollbackTriggered": 1, "RollbackSuccess": 1},
	}
	if !hangs.Load() { // a machine so slow that the time was over before anything was changed
		i.t.Log("the apply was interrupted before it came to the call that hangs")
		want.ledger, want.told, want.counted = i.latest(), i.told(), map[string]float64{}
		for _, metric := range watched {
			want.counted[metric] = i.counted(metric) - i.before[metric]
		}
	}
	i.expect("an apply that takes too long", ended, want)
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

// byHand are the phases of a rollback by hand.
const byHand = "map[build:SUCCEEDED]"

// roll runs rollback.sh as a person does.
func (i *infra) roll(ctx context.Context, reason, where string) build {
	i.t.Helper()
	by := buildspec{Phases: map[string]buildPhase{"build": {Commands: []string{strings.TrimSpace(fmt.Sprintf("./rollback.sh %q %s", reason, where))}}}}
	return by.run(ctx, i.t, i.pipeline.Dir, append(i.pipeline.env, "TF_VAR_name=shop-infra", fmt.Sprintf("TF_VAR_store={\"bucket\":%q}", i.bucket), "TF_VAR_topic_arn="+i.topic))
}
