package leastprivilege_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// health are the kinds of checks that call AWS.
func health() []scenario {
	kinds := map[string]func(t *testing.T, name string) []string{
		"alarm":        alarmChecks,
		"api_gateway":  apiChecks,
		"cloudfront":   distributionChecks,
		"ecs_service":  serviceChecks,
		"iam":          principalChecks,
		"lambda":       functionChecks,
		"metric":       metricChecks,
		"rds":          databaseChecks,
		"s3_object":    objectChecks,
		"target_group": groupChecks,
	}
	var all []scenario
	for kind, checks := range kinds {
		s := scenario{policy: "health/" + kind, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
			return gate(t, access, checks(t, name))
		}}
		if kind == "s3_object" {
			s.ends = "Health checks failed" // an object that is there, and one that is not
		}
		all = append(all, s)
	}
	return all
}

// gate is a data source with all the checks, each once.
func gate(t *testing.T, access string, checks []string) func() *inprocess.Outcome {
	var body strings.Builder
	for i, check := range checks {
		fmt.Fprintf(&body, "    c%d = { %s }\n", i, check)
	}
	config := provider(access, t.TempDir()) + "data \"reliability_health\" \"gate\" {\n  max_retries = 0\n  checks = {\n" + body.String() + "  }\n}\n"
	return func() *inprocess.Outcome { return inprocess.New(t).Apply(config) }
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// page is what stands for an address that AWS would give.
func page(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	return server.URL
}

func functionChecks(t *testing.T, name string) []string {
	targettest.New(t, name)
	return []string{fmt.Sprintf("lambda = { function_name = %q }", name), fmt.Sprintf("lambda = { function_name = %q, qualifier = \"live\" }", name)}
}

func objectChecks(t *testing.T, name string) []string {
	targettest.New(t, name)
	return []string{fmt.Sprintf("s3_object = { bucket = %q, key = \"index.html\" }", name), fmt.Sprintf("s3_object = { bucket = %q, key = \"none.html\" }", name)}
}

func distributionChecks(t *testing.T, name string) []string {
	made := targettest.Kinds["cloudfront_distribution"](t, name, acctest.Emulator(t).AWSConfig())
	id := strings.Split(made.Config, `"`)[1]
	time.Sleep(100 * time.Millisecond) //nolint:forbidigo // the emulator deploys by the machine's clock
	return []string{fmt.Sprintf("cloudfront = { distribution_id = %q, url = %q }", id, page(t))}
}

func apiChecks(t *testing.T, name string) []string {
	config := acctest.Emulator(t).AWSConfig()
	rest := strings.Split(targettest.Kinds["rest_api_stage"](t, name, config).Config, `"`)[1]
	http := strings.Split(targettest.Kinds["http_api_stage"](t, name+"-2", config).Config, `"`)[1]
	return []string{
		fmt.Sprintf("api_gateway = { api_id = %q, stage = \"live\", url = %q }", rest, page(t)),
		fmt.Sprintf("api_gateway = { api_id = %q, stage = \"$default\", url = %q }", http, page(t)),
	}
}

func databaseChecks(t *testing.T, name string) []string {
	client := rds.NewFromConfig(acctest.Emulator(t).AWSConfig())
	must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: &name, Engine: aws.String("postgres"), DBInstanceClass: aws.String("db.t3.micro"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("hunter2hunter2"),
	}))
	must[*rds.CreateDBClusterOutput](t)(client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: &name, Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("hunter2hunter2"),
	}))
	return []string{fmt.Sprintf("rds = { db_instance_identifier = %q }", name), fmt.Sprintf("rds = { db_cluster_identifier = %q }", name)}
}

func alarmsAndMetrics(t *testing.T) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
}

func alarmChecks(t *testing.T, name string) []string {
	client := alarmsAndMetrics(t)
	must[*cloudwatch.PutMetricAlarmOutput](t)(client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, EvaluationPeriods: aws.Int32(1), MetricName: aws.String("Errors"),
		Namespace: aws.String("Shop"), Period: aws.Int32(60), Statistic: cwtypes.StatisticSum, Threshold: aws.Float64(1),
	}))
	must[*cloudwatch.SetAlarmStateOutput](t)(client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: cwtypes.StateValueOk, StateReason: aws.String("by hand")}))
	return []string{fmt.Sprintf("alarm = { names = [%q] }", name)}
}

func metricChecks(t *testing.T, name string) []string {
	must[*cloudwatch.PutMetricDataOutput](t)(alarmsAndMetrics(t).PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
		Namespace: &name, MetricData: []cwtypes.MetricDatum{{MetricName: aws.String("Errors"), Value: aws.Float64(0), Timestamp: aws.Time(time.Now())}},
	}))
	return []string{fmt.Sprintf(`metric = { namespace = %q, metric_name = "Errors", statistic = "Sum", period = "5m", comparison = "LessThanThreshold", threshold = 1 }`, name)}
}

func groupChecks(t *testing.T, name string) []string {
	b := targettest.NewBalancer(t, short(name))
	must[*elb.RegisterTargetsOutput](t)(b.Client.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: &b.Blue, Targets: []elbtypes.TargetDescription{{Id: aws.String("10.7.0.9")}}}))
	return []string{fmt.Sprintf("target_group = { arn = %q }", b.Blue)}
}

func serviceChecks(t *testing.T, name string) []string {
	targettest.Kinds["ecs_service"](t, name, acctest.Emulator(t).AWSConfig())
	acctest.Emulator(t).SetRollout(name, name, emulator.Rollout{State: "COMPLETED", Status: "SUCCESSFUL"})
	return []string{fmt.Sprintf("ecs_service = { cluster = %q, service = %q }", name, name)}
}

func principalChecks(t *testing.T, name string) []string {
	role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String("{}")}))
	must[*iam.PutRolePolicyOutput](t)(iam.NewFromConfig(acctest.Emulator(t).AWSConfig()).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("deploy"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
	}))
	return []string{fmt.Sprintf(`iam = { principal_arn = %q, actions = ["s3:GetObject"] }`, *role.Role.Arn)}
}

// short is the end of a name, for what may have 32 characters with a colour behind it.
func short(name string) string { return strings.Trim(name[max(0, len(name)-20):], "-") }
