package emulator_test

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func admin(t *testing.T, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, shared.URL()+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // a test
	if response.StatusCode != http.StatusNoContent {
		t.Fatalf("PUT %s: status %d", path, response.StatusCode)
	}
}

// A target is healthy until it is said not to be, from outside or inside.
func TestTargetHealth(t *testing.T) {
	ctx := t.Context()
	client := elb.NewFromConfig(once())
	vpcs, err := ec2.NewFromConfig(once()).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	if err != nil || len(vpcs.Vpcs) == 0 {
		t.Fatalf("no VPC: %v", err)
	}
	group, err := client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("health"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpcs.Vpcs[0].VpcId, TargetType: elbtypes.TargetTypeEnumIp,
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := group.TargetGroups[0].TargetGroupArn
	if _, err := client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: arn, Targets: []elbtypes.TargetDescription{{Id: aws.String("10.0.0.1")}, {Id: aws.String("10.0.0.2")}}}); err != nil {
		t.Fatal(err)
	}
	want := func(states ...string) {
		t.Helper()
		output, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, target := range output.TargetHealthDescriptions {
			got = append(got, aws.ToString(target.Target.Id)+" "+string(target.TargetHealth.State)+" "+string(target.TargetHealth.Reason))
		}
		if diff := cmp.Diff(states, got); diff != "" {
			t.Error(diff)
		}
	}
	want("10.0.0.1 healthy ", "10.0.0.2 healthy ")
	admin(t, "/_emulator/target-health", `{"target_group_arn":"`+aws.ToString(arn)+`","target":"10.0.0.2","state":"unhealthy","reason":"Target.FailedHealthChecks","description":"<b>"}`)
	want("10.0.0.1 healthy ", "10.0.0.2 unhealthy Target.FailedHealthChecks")
	shared.SetTargetHealth(aws.ToString(arn), "10.0.0.2", emulator.TargetHealth{State: "healthy"})
	want("10.0.0.1 healthy ", "10.0.0.2 healthy ")
	if _, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(aws.ToString(arn) + "x")}); !awsapi.IsNotFound(err) {
		t.Errorf("a group that is not there: %v", err)
	}
}

func makeService(t *testing.T, cluster, service string) *ecs.Client {
	t.Helper()
	ctx := t.Context()
	client := ecs.NewFromConfig(once())
	if _, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String(cluster)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(service), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app"), Memory: aws.Int32(64)}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: aws.String(cluster), ServiceName: aws.String(service), TaskDefinition: aws.String(service), DesiredCount: aws.Int32(2),
	}); err != nil {
		t.Fatal(err)
	}
	return client
}

// A service starts its tasks after a moment, unless it is said to fail.
func TestECSRollout(t *testing.T) {
	ctx := t.Context()
	client := makeService(t, "rollout", "web")
	look := func() (ecstypes.Service, ecstypes.ServiceDeploymentBrief) {
		t.Helper()
		output, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("rollout"), Services: []string{"web"}})
		if err != nil {
			t.Fatal(err)
		}
		deployments, err := client.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: output.Services[0].ClusterArn, Service: output.Services[0].ServiceArn})
		if err != nil {
			t.Fatal(err)
		}
		return output.Services[0], deployments.ServiceDeployments[0]
	}
	deadline := time.Now().Add(10 * time.Second)
	service, last := look()
	if service.CurrentServiceDeployment == nil || aws.ToString(service.CurrentServiceDeployment) != aws.ToString(last.ServiceDeploymentArn) {
		t.Errorf("%v is not %v", service.CurrentServiceDeployment, last.ServiceDeploymentArn)
	}
	for service.RunningCount != 2 && time.Now().Before(deadline) {
		service, last = look()
	}
	if service.Deployments[0].RolloutState != ecstypes.DeploymentRolloutStateCompleted || last.Status != ecstypes.ServiceDeploymentStatusSuccessful || service.PendingCount != 0 {
		t.Errorf("after a moment: %+v, %+v", service.Deployments, last)
	}
	admin(t, "/_emulator/rollout", `{"cluster":"rollout","service":"web","state":"COMPLETED","status":"ROLLBACK_SUCCESSFUL","reason":"circuit breaker"}`)
	if service, last = look(); service.RunningCount != 2 || last.Status != ecstypes.ServiceDeploymentStatusRollbackSuccessful || aws.ToString(last.StatusReason) != "circuit breaker" {
		t.Errorf("rolled back: %+v, %+v", service.Deployments, last)
	}
	shared.SetRollout("rollout", "web", emulator.Rollout{State: "FAILED", Missing: 5})
	if service, _ = look(); service.RunningCount != 0 || service.Deployments[0].RolloutState != ecstypes.DeploymentRolloutStateFailed {
		t.Errorf("failed: %+v", service.Deployments)
	}
	if _, err := client.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String("rollout"), Service: aws.String("none")}); !awsapi.IsNotFound(err) {
		t.Errorf("a service that is not there: %v", err)
	}
}

// Percentiles are computed, and other dimensions are another metric.
func TestMetricData(t *testing.T) {
	ctx := t.Context()
	client := cloudwatch.NewFromConfig(once(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	dimension := []cwtypes.Dimension{{Name: aws.String("App"), Value: aws.String("web")}}
	now := time.Now()
	for _, first := range []int{1, 51} {
		var data []cwtypes.MetricDatum
		for i := range 50 {
			data = append(data, cwtypes.MetricDatum{MetricName: aws.String("Latency"), Dimensions: dimension, Value: aws.Float64(float64(first + i)), Timestamp: aws.Time(now)})
		}
		if _, err := client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("Emulated"), MetricData: data}); err != nil {
			t.Fatal(err)
		}
	}
	stat := func(statistic string, dimensions []cwtypes.Dimension, end time.Time) string {
		t.Helper()
		output, err := client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(end.Add(-5 * time.Minute)), EndTime: aws.Time(end),
			MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("q"), MetricStat: &cwtypes.MetricStat{
				Metric: &cwtypes.Metric{Namespace: aws.String("Emulated"), MetricName: aws.String("Latency"), Dimensions: dimensions},
				Period: aws.Int32(300), Stat: aws.String(statistic),
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, value := range output.MetricDataResults[0].Values {
			text += strconv.FormatFloat(value, 'f', -1, 64)
		}
		return text
	}
	end := now.Truncate(time.Minute).Add(time.Minute)
	for statistic, want := range map[string]string{"Sum": "5050", "Average": "50.5", "Minimum": "1", "Maximum": "100", "SampleCount": "100", "p99": "99", "p50": "50", "p100": "100"} {
		if got := stat(statistic, dimension, end); got != want {
			t.Errorf("%s is %s, not %s", statistic, got, want)
		}
	}
	if got := stat("Sum", nil, end); got != "" {
		t.Errorf("without dimensions there is %s", got)
	}
	if got := stat("Sum", dimension, end.Add(-5*time.Minute)); got != "" {
		t.Errorf("before there is %s", got)
	}
}

// Simulated is what policies say, of roles and of users with their groups.
func TestSimulatePrincipalPolicy(t *testing.T) {
	ctx := t.Context()
	client := iam.NewFromConfig(once())
	role, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("simulated"), AssumeRolePolicyDocument: aws.String("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("simulated"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","lambda:UpdateAlias"],"Resource":"arn:aws:s3:::site/*"},{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`,
	)}); err != nil {
		t.Fatal(err)
	}
	policy, err := client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("simulated"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"S3:getobject","Resource":"arn:aws:s3:::site/secret?"}}`,
	)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("simulated"), PolicyArn: policy.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	output, err := client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: role.Role.Arn, ActionNames: []string{"s3:GetObject", "s3:PutObject", "sts:AssumeRole"}, ResourceArns: []string{"arn:aws:s3:::site/index.html", "arn:aws:s3:::site/secret1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, result := range output.EvaluationResults {
		for _, one := range result.ResourceSpecificResults {
			got = append(got, aws.ToString(result.EvalActionName)+" "+aws.ToString(one.EvalResourceName)+" "+string(one.EvalResourceDecision))
		}
	}
	if diff := cmp.Diff([]string{
		"s3:GetObject arn:aws:s3:::site/index.html allowed", "s3:GetObject arn:aws:s3:::site/secret1 explicitDeny",
		"s3:PutObject arn:aws:s3:::site/index.html implicitDeny", "s3:PutObject arn:aws:s3:::site/secret1 implicitDeny",
		"sts:AssumeRole arn:aws:s3:::site/index.html implicitDeny", "sts:AssumeRole arn:aws:s3:::site/secret1 implicitDeny",
	}, got); diff != "" {
		t.Error(diff)
	}
	if missing := output.EvaluationResults[2].MissingContextValues; len(missing) == 0 || missing[0] != "aws:MultiFactorAuthPresent" {
		t.Errorf("missing context: %v", missing)
	}
	if _, err := client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::123456789012:role/none"), ActionNames: []string{"s3:GetObject"}}); !awsapi.IsNotFound(err) {
		t.Errorf("a role that is not there: %v", err)
	}
	simulateUser(t, client, aws.ToString(policy.Policy.Arn))
}

func simulateUser(t *testing.T, client *iam.Client, policy string) {
	t.Helper()
	ctx := t.Context()
	name := aws.String("simulated")
	user, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: name, UserName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: name, PolicyArn: aws.String(policy)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	output, err := client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: user.User.Arn, ActionNames: []string{"s3:GetObject", "iam:GetRole"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := output.EvaluationResults; len(got) != 2 || got[0].EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed || got[1].EvalDecision != iamtypes.PolicyEvaluationDecisionTypeImplicitDeny {
		t.Errorf("got %+v", got)
	}
	output, err = client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: user.User.Arn, ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{"arn:aws:s3:::site/secret1"}})
	if err != nil || output.EvaluationResults[0].EvalDecision != iamtypes.PolicyEvaluationDecisionTypeExplicitDeny {
		t.Errorf("denied by the group: %+v, %v", output, err)
	}
}

// A stage of an HTTP API is there or is not found.
func TestHTTPAPIStage(t *testing.T) {
	ctx := t.Context()
	client := apigatewayv2.NewFromConfig(once())
	api, err := client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("http"), ProtocolType: apitypes.ProtocolTypeHttp})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default")}); err != nil {
		t.Fatal(err)
	}
	stage, err := client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: api.ApiId, StageName: aws.String("$default")})
	if err != nil || aws.ToString(stage.StageName) != "$default" {
		t.Errorf("got %+v, %v", stage, err)
	}
	for _, id := range []*string{api.ApiId, aws.String("nosuchapi1")} {
		if _, err := client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: id, StageName: aws.String("none")}); !awsapi.IsNotFound(err) {
			t.Errorf("a stage that is not there: %v", err)
		}
	}
}
