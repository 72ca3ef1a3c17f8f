package healthgate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// refuses is an expectation of words, however Terraform breaks the lines.
func refuses(words string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(words, " ", `[\s│]+`))
}

// passes is a step with one check, before which something may be changed.
func passes(t *testing.T, check string, before func()) resource.TestStep {
	t.Helper()
	return resource.TestStep{PreConfig: before, Config: gateOf(t, check, ""), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}}
}

// fails is a step whose run is asked for by a trigger, as its check may be the same as before.
func fails(t *testing.T, check, words string, before func()) resource.TestStep {
	t.Helper()
	return resource.TestStep{PreConfig: before, Config: gateOf(t, check, `triggers = { run = "again" }`), ExpectError: refuses(words)}
}

func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
}

// spoil makes an operation fail for the rest of the test.
func spoil(t *testing.T, e *emulator.Emulator, fault emulator.Fault) func() {
	t.Helper()
	return func() { t.Cleanup(e.Inject(fault)) }
}

// TestAccHealthGate_metric: enough and good, too much, too few samples, none, percentiles; a permission that is missing.
func TestAccHealthGate_metric(t *testing.T) {
	e := acctest.Emulator(t)
	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	namespace := acctest.Unique(t)
	put := func(values ...float64) func() {
		return func() {
			if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: []cwtypes.MetricDatum{{
				MetricName: aws.String("Latency"), Dimensions: []cwtypes.Dimension{{Name: aws.String("App"), Value: aws.String("web")}}, Values: values, Timestamp: aws.Time(time.Now()),
			}}}); err != nil {
				t.Error(err)
			}
		}
	}
	check := func(statistic, more string) string {
		return fmt.Sprintf(`latency = { metric = { namespace = %q, metric_name = "Latency", statistic = %q, period = "5m", comparison = "LessThanThreshold", threshold = 250, dimensions = { App = "web" }%s } }`, namespace, statistic, more)
	}
	run(
		t,
		fails(t, check("Average", ""), `Health checks inconclusive.*latency \(metric\) inconclusive after 1 attempt.*0 samples, fewer than 1`, nil),
		passes(t, check("Average", ""), put(100, 200, 240)),
		fails(t, check("Average", ", min_samples = 10"), `Health checks inconclusive.*3 samples, fewer than 10`, nil),
		passes(t, check("p50", ", min_samples = 3"), nil),
		fails(t, check("p99", ""), `latency \(metric\) failed.*p99 over 5m0s: it is 300, which is not < 250`, put(300)),
		fails(t, strings.Replace(check("Average", ""), `"web"`, `"api"`, 1), `Health checks inconclusive`, nil),
		fails(t, check("Maximum", ""), `latency \(metric\) error after 1 attempt.*the credentials need cloudwatch:GetMetricData`,
			spoil(t, e, emulator.Fault{Operation: "GetMetricData", Status: 403, Code: "AccessDenied"})),
	)
}

// TestAccHealthGate_s3Object: is there and matches, does not match, is not there.
func TestAccHealthGate_s3Object(t *testing.T) {
	e := acctest.Emulator(t)
	bucket := makeBucket(t, e)
	putPage(t, e, bucket, "index.html", "<html></html>")
	check := func(more string) string {
		return fmt.Sprintf(`page = { s3_object = { bucket = %q, key = "index.html"%s } }`, bucket, more)
	}
	run(
		t,
		passes(t, check(`, content_type = "text/html", min_bytes = 13, max_age = "1h"`), nil),
		fails(t, check(`, content_type = "text/plain"`), `its content type is "text/html", not "text/plain"`, nil),
		fails(t, check(`, etag = "abc"`), `its ETag is .*, not abc`, nil),
		fails(t, check(`, min_bytes = 14`), `it has 13 bytes, fewer than 14`, nil),
		fails(t, strings.Replace(check(""), "index", "none", 1), `page \(s3_object\) failed.*s3://.*/none.html does not exist`, nil),
		fails(t, check(""), `page \(s3_object\) error.*the credentials need s3:GetObject`, spoil(t, e, emulator.Fault{Operation: "HeadObject", Resource: bucket, Status: 403, Code: "AccessDenied"})),
	)
}

// website stands for the website endpoint of a bucket.
func website(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path != "/" && r.URL.Path != "/docs/" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, "<html>a page, or the error document</html>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestAccHealthGate_s3Website: index and paths are served, one is only the error document.
func TestAccHealthGate_s3Website(t *testing.T) {
	acctest.Emulator(t)
	check := fmt.Sprintf(`site = { s3_website = { bucket = "www.example.com", url = %q, paths = ["/docs/"] } }`, website(t))
	run(
		t,
		passes(t, check, nil),
		fails(t, strings.Replace(check, `"/docs/"`, `"/docs/", "/none"`, 1), `site \(s3_website\) failed.*/none: status 404 instead of 200-299`, nil),
	)
}

// TestAccHealthGate_cloudfront: deployed and served, not served, disabled, not there.
func TestAccHealthGate_cloudfront(t *testing.T) {
	e := acctest.Emulator(t)
	id, disable := makeDistribution(t, e)
	check := func(paths string) string {
		return fmt.Sprintf(`cdn = { cloudfront = { distribution_id = %q, url = %q%s } }`, id, website(t), paths)
	}
	run(
		t,
		passes(t, check(`, paths = ["/", "/docs/"]`), nil),
		fails(t, check(`, paths = ["/none"]`), `cdn \(cloudfront\) failed.*/none: status 404`, nil),
		fails(t, check(""), `cdn \(cloudfront\) failed.*is disabled`, disable),
		fails(t, strings.Replace(check(""), id, "E0NONE", 1), `no distribution E0NONE`, nil),
	)
}

// TestAccHealthGate_apiGateway: REST and HTTP APIs, a POST with its preflight, an origin that is not allowed, no stage.
func TestAccHealthGate_apiGateway(t *testing.T) {
	e := acctest.Emulator(t)
	rest, v2 := makeRESTAPI(t, e), makeHTTPAPI(t, e)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://shop.example.com")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
		if err := json.NewEncoder(w).Encode(map[string]string{"path": r.URL.Path}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	check := func(api, stage, more string) string {
		return fmt.Sprintf(`api = { api_gateway = { api_id = %q, stage = %q, url = %q%s } }`, api, stage, server.URL, more)
	}
	const post = `, path = "/orders", method = "POST", body = jsonencode({ id = 1 }), cors_origin = "https://shop.example.com", expect = { status = ["201"], json = { "json.path" = "/orders" } }`
	run(
		t,
		passes(t, check(rest, "prod", post), nil),
		passes(t, check(v2, "$default", post), nil),
		fails(t, check(v2, "$default", strings.Replace(post, "shop", "evil", 1)), `api \(api_gateway\) failed.*origin https://evil.example.com is not allowed`, nil),
		fails(t, check(rest, "prod", `, expect = { status = ["204"] }`), `status 200 instead of 204`, nil),
		fails(t, check(rest, "test", ""), `there is no API `+rest+` with a stage test`, nil),
		fails(t, check("nosuchapi0", "prod", ""), `there is no API nosuchapi0`, nil),
	)
}

// TestAccHealthGate_rds: an instance and a cluster, and neither.
func TestAccHealthGate_rds(t *testing.T) {
	e := acctest.Emulator(t)
	client := rds.NewFromConfig(e.AWSConfig())
	name := acctest.Unique(t)
	if _, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(name), Engine: aws.String("postgres"), DBInstanceClass: aws.String("db.t3.micro"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("hunter2hunter2"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String(name), Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("hunter2hunter2"),
	}); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		if _, err := client.StopDBInstance(t.Context(), &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String(name)}); err != nil {
			t.Error(err)
		}
	}
	instance, cluster := fmt.Sprintf(`db = { rds = { db_instance_identifier = %q } }`, name), fmt.Sprintf(`db = { rds = { db_cluster_identifier = %q } }`, name)
	run(
		t,
		passes(t, instance, nil),
		passes(t, cluster, nil),
		fails(t, instance, `db \(rds\) failed.*the DB instance `+name+` is stopped, not available`, stop),
		fails(t, strings.Replace(cluster, name, "none", 1), `the DB cluster none does not exist`, nil),
	)
}

// TestAccHealthGate_targetGroup: enough healthy targets, too few, no group.
func TestAccHealthGate_targetGroup(t *testing.T) {
	e := acctest.Emulator(t)
	vpcs, err := ec2.NewFromConfig(e.AWSConfig()).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if err != nil || len(vpcs.Vpcs) == 0 {
		t.Fatalf("no VPC: %v", err)
	}
	client := elb.NewFromConfig(e.AWSConfig())
	made, err := client.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String("gate-blue"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpcs.Vpcs[0].VpcId, TargetType: elbtypes.TargetTypeEnumIp,
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(made.TargetGroups[0].TargetGroupArn)
	if _, err := client.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: aws.String(arn), Targets: []elbtypes.TargetDescription{{Id: aws.String("10.0.0.1")}, {Id: aws.String("10.0.0.2")}}}); err != nil {
		t.Fatal(err)
	}
	sick := func() {
		e.SetTargetHealth(arn, "10.0.0.2", emulator.TargetHealth{State: "unhealthy", Reason: "Target.FailedHealthChecks"})
	}
	check := fmt.Sprintf(`targets = { target_group = { arn = %q, min_healthy = 2 } }`, arn)
	run(
		t,
		passes(t, check, nil),
		fails(t, check, `targets \(target_group\) failed.*1 of 2 targets in the target group gate-blue are healthy, fewer than 2: 10.0.0.2:80 unhealthy \(Target.FailedHealthChecks\)`, sick),
		passes(t, strings.Replace(check, "= 2 }", "= 1 }", 1), nil),
		fails(t, strings.Replace(check, "gate-blue", "gate-none", 1), `there is no target group`, nil),
	)
}

// TestAccHealthGate_ecsService: complete, short of tasks, failed, rolled back, not there.
func TestAccHealthGate_ecsService(t *testing.T) {
	e := acctest.Emulator(t)
	client := ecs.NewFromConfig(e.AWSConfig())
	name := aws.String(acctest.Unique(t))
	if _, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: name, ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app"), Memory: aws.Int32(64)}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(t.Context(), &ecs.CreateServiceInput{Cluster: name, ServiceName: aws.String("web"), TaskDefinition: name, DesiredCount: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	set := func(rollout emulator.Rollout) func() { return func() { e.SetRollout(*name, "web", rollout) } }
	check := func(service string) string {
		return fmt.Sprintf(`web = { ecs_service = { cluster = %q, service = %q } }`, *name, service)
	}
	run(
		t,
		passes(t, check("web"), set(emulator.Rollout{State: "COMPLETED", Status: "SUCCESSFUL"})),
		fails(t, check("web"), `web \(ecs_service\) failed.*runs 1 tasks, not the 2 desired`, set(emulator.Rollout{State: "COMPLETED", Status: "SUCCESSFUL", Missing: 1})),
		fails(t, check("web"), `the deployment .* failed: tasks failed to start`, set(emulator.Rollout{State: "FAILED", Status: "IN_PROGRESS", Reason: "tasks failed to start"})),
		fails(t, check("web"), `its last deployment was rolled back .*ROLLBACK_SUCCESSFUL`, set(emulator.Rollout{State: "COMPLETED", Status: "ROLLBACK_SUCCESSFUL"})),
		fails(t, check("none"), `the service none in the cluster .* does not exist`, nil),
		fails(t, strings.Replace(check("web"), *name, "nowhere", 1), `there is no cluster nowhere`, nil),
	)
}

// TestAccHealthGate_iam: allowed, not allowed, denied by name, no such role.
func TestAccHealthGate_iam(t *testing.T) {
	e := acctest.Emulator(t)
	client := iam.NewFromConfig(e.AWSConfig())
	name := acctest.Unique(t)
	role, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(name), PolicyName: aws.String("deploy"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::site/*"},{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}]}`,
	)}); err != nil {
		t.Fatal(err)
	}
	check := func(actions string) string {
		return fmt.Sprintf(`may = { iam = { principal_arn = %q, actions = [%s], resources = ["arn:aws:s3:::site/index.html"] } }`, aws.ToString(role.Role.Arn), actions)
	}
	run(
		t,
		passes(t, check(`"s3:PutObject", "s3:GetObject"`), nil),
		fails(t, check(`"s3:PutObject", "s3:DeleteObject", "lambda:UpdateAlias"`),
			`may \(iam\) failed.*may not: lambda:UpdateAlias on arn:aws:s3:::site/index.html \(implicitDeny\), s3:DeleteObject on arn:aws:s3:::site/index.html \(explicitDeny\)`, nil),
		fails(t, strings.Replace(check(`"s3:PutObject"`), name, "nobody", 1), `role/nobody does not exist`, nil),
	)
}

// TestAccHealthGate_throttled: a call that AWS throttles longer than the client tries is an attempt that is repeated.
func TestAccHealthGate_throttled(t *testing.T) {
	e := acctest.Emulator(t)
	bucket := makeBucket(t, e)
	putPage(t, e, bucket, "index.html", "<html></html>")
	spoil(t, e, emulator.Fault{Operation: "HeadObject", Resource: bucket, Throttle: true, Times: 4})()
	run(t, resource.TestStep{
		Config: acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_health_gate" "test" {
  checks      = { page = { s3_object = { bucket = %q, key = "index.html" } } }
  max_retries = 1
  retry_delay = "1ms"
}
`, bucket),
		ConfigStateChecks: []statecheck.StateCheck{
			healthy(true), statecheck.ExpectKnownValue(name, tfjsonpath.New("results").AtMapKey("page").AtMapKey("attempts"), knownvalue.Int64Exact(2)),
		},
	})
}

// TestAccHealthGate_final: what waiting does not change ends at once, whatever max_retries says.
func TestAccHealthGate_final(t *testing.T) {
	e := acctest.Emulator(t)
	bucket := makeBucket(t, e)
	spoil(t, e, emulator.Fault{Operation: "HeadObject", Resource: bucket, Status: 403, Code: "AccessDenied"})()
	run(t, resource.TestStep{
		Config: acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_health_gate" "test" {
  checks = {
    page = { s3_object = { bucket = %q, key = "index.html" } }
    db   = { rds = { db_instance_identifier = "no-such-instance" } }
  }
  max_retries = 5
  retry_delay = "10m"
  timeout     = "1h"
}
`, bucket),
		ExpectError: refuses(`db \(rds\) failed after 1 attempt: the DB instance no-such-instance does not exist.*page \(s3_object\) error after 1 attempt`),
	})
}

// TestAccHealthGate_badAWSInput: wrong at plan, with the attribute's path, what is wrong and what to do.
func TestAccHealthGate_badAWSInput(t *testing.T) {
	acctest.Emulator(t)
	const metric = `a = { metric = { namespace = "App", metric_name = "Errors", statistic = "Sum", period = "5m", comparison = "<", threshold = 1 } }`
	for name, test := range map[string]struct{ checks, want string }{
		"bad statistic":      {strings.Replace(metric, "Sum", "Mean", 1), `Invalid statistic.*"Mean" is no statistic.*write Average`},
		"bad period":         {strings.Replace(metric, "5m", "90s", 1), `Invalid period.*"90s" is no period`},
		"bad comparison":     {strings.Replace(metric, `"<"`, `"=="`, 1), `Invalid comparison.*"==" is no comparison`},
		"no threshold":       {strings.Replace(metric, `, threshold = 1`, ``, 1), `threshold`},
		"no samples":         {strings.Replace(metric, `threshold = 1`, `threshold = 1, min_samples = 0`, 1), `at least 1`},
		"bucket is a URL":    {`a = { s3_object = { bucket = "s3://site", key = "a" } }`, `Invalid bucket.*"s3://site"`},
		"no key":             {`a = { s3_object = { bucket = "site", key = "" } }`, `string length must be between 1 and 1024`},
		"negative size":      {`a = { s3_object = { bucket = "site", key = "a", min_bytes = -1 } }`, `at least 0`},
		"bad age":            {`a = { s3_object = { bucket = "site", key = "a", max_age = "1d" } }`, `Invalid duration.*"1d"`},
		"bad page":           {`a = { s3_website = { bucket = "site", paths = ["docs"] } }`, `Invalid path.*"docs" does not begin with a slash`},
		"no page":            {`a = { s3_website = { bucket = "site", paths = [] } }`, `at least 1`},
		"bad site":           {`a = { s3_website = { bucket = "site", url = "www.example.com" } }`, `Invalid URL`},
		"bad distribution":   {`a = { cloudfront = { distribution_id = "arn:aws:cloudfront::123456789012:distribution/E1" } }`, `Invalid distribution`},
		"bad API":            {`a = { api_gateway = { api_id = "https://a1b2.execute-api", stage = "prod" } }`, `Invalid API`},
		"bad stage":          {`a = { api_gateway = { api_id = "a1b2", stage = "/prod" } }`, `Invalid stage`},
		"bad origin":         {`a = { api_gateway = { api_id = "a1b2", stage = "prod", cors_origin = "https://x.test/" } }`, `Invalid origin`},
		"bad path of an API": {`a = { api_gateway = { api_id = "a1b2", stage = "prod", path = "orders" } }`, `Invalid path`},
		"bad expectation":    {`a = { api_gateway = { api_id = "a1b2", stage = "prod", expect = { success = "payload.ok" } } }`, `unknown name payload`},
		"two databases":      {`a = { rds = { db_instance_identifier = "a", db_cluster_identifier = "b" } }`, `Invalid Attribute Combination`},
		"no database":        {`a = { rds = {} }`, `Invalid Attribute Combination`},
		"bad target group":   {`a = { target_group = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/b" } }`, `Invalid ARN.*target group`},
		"no target":          {`a = { target_group = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/b", min_healthy = 0 } }`, `at least 1`},
		"no cluster":         {`a = { ecs_service = { service = "web" } }`, `cluster`},
		"a session":          {`a = { iam = { principal_arn = "arn:aws:sts::123456789012:assumed-role/deploy/me", actions = ["s3:GetObject"] } }`, `Invalid ARN.*its role can`},
		"bad action":         {`a = { iam = { principal_arn = "arn:aws:iam::123456789012:role/deploy", actions = ["s3:Get*"] } }`, `Invalid action.*"s3:Get\*"`},
		"no action":          {`a = { iam = { principal_arn = "arn:aws:iam::123456789012:role/deploy", actions = [] } }`, `at least 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: gateOf(t, test.checks, ""), PlanOnly: true, ExpectError: refuses(test.want)})
		})
	}
}
