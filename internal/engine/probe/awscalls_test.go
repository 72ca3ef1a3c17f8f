package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

type fakeMetrics struct {
	values, samples []float64
	code            cwtypes.StatusCode
	err             error
	asked           *[]cloudwatch.GetMetricDataInput
}

// GetMetricData answers one query a page.
func (f fakeMetrics) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	*f.asked = append(*f.asked, *in)
	if in.NextToken == nil {
		return &cloudwatch.GetMetricDataOutput{NextToken: aws.String("more"), MetricDataResults: []cwtypes.MetricDataResult{{Id: aws.String("value"), Values: f.values, StatusCode: f.code}}}, nil
	}
	return &cloudwatch.GetMetricDataOutput{MetricDataResults: []cwtypes.MetricDataResult{{Id: aws.String("samples"), Values: f.samples, StatusCode: cwtypes.StatusCodeComplete}}}, nil
}

func TestMetric(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fake       fakeMetrics
		comparison Comparison
		min        int
		want       outcome
	}{
		"below":            {fakeMetrics{values: []float64{4.5}, samples: []float64{10}}, Less, 1, outcome{Pass, false, ""}},
		"at it":            {fakeMetrics{values: []float64{5}, samples: []float64{10}}, Less, 1, outcome{Fail, false, "App Errors, p99 over 5m0s: it is 5, which is not < 5"}},
		"at most":          {fakeMetrics{values: []float64{5}, samples: []float64{10}}, LessOrEqual, 1, outcome{Pass, false, ""}},
		"more than most":   {fakeMetrics{values: []float64{5.1}, samples: []float64{10}}, LessOrEqual, 1, outcome{Fail, false, "5.1, which is not <= 5"}},
		"above":            {fakeMetrics{values: []float64{6}, samples: []float64{10}}, Greater, 10, outcome{Pass, false, ""}},
		"not above":        {fakeMetrics{values: []float64{5}, samples: []float64{10}}, Greater, 1, outcome{Fail, false, "5, which is not > 5"}},
		"at least":         {fakeMetrics{values: []float64{5}, samples: []float64{10}}, GreaterOrEqual, 1, outcome{Pass, false, ""}},
		"less than least":  {fakeMetrics{values: []float64{0}, samples: []float64{10}}, GreaterOrEqual, 1, outcome{Fail, false, "0, which is not >= 5"}},
		"one point is bad": {fakeMetrics{values: []float64{1, 9}, samples: []float64{5, 5}}, Less, 10, outcome{Fail, false, "9, which is not < 5"}},
		"no data":          {fakeMetrics{}, Less, 1, outcome{Inconclusive, false, "App Errors, p99 over 5m0s: 0 samples, fewer than 1"}},
		"too little data":  {fakeMetrics{values: []float64{1}, samples: []float64{4, 5}}, Less, 10, outcome{Inconclusive, false, "9 samples, fewer than 10"}},
		"half an answer":   {fakeMetrics{values: []float64{1}, samples: []float64{4}, code: cwtypes.StatusCodeInternalError}, Less, 1, outcome{Error, false, "could not read all"}},
		"forbidden":        {fakeMetrics{code: cwtypes.StatusCodeForbidden}, Less, 1, outcome{Error, true, "cloudwatch:GetMetricData"}},
		"not allowed":      {fakeMetrics{err: api("AccessDenied")}, Less, 1, outcome{Error, true, "the credentials need cloudwatch:GetMetricData"}},
		"throttled":        {fakeMetrics{err: api("Throttling")}, Less, 1, outcome{Error, false, "Throttling"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []cloudwatch.GetMetricDataInput
			test.fake.asked = &asked
			check := &Metric{
				Client: given[MetricAPI](test.fake), Namespace: "App", MetricName: "Errors", Statistic: "p99", Period: 5 * time.Minute, Comparison: test.comparison, Threshold: 5,
				Dimensions: map[string]string{"B": "2", "A": "1"}, MinSamples: test.min,
			}
			test.want.check(t, check.Probe(t.Context()))
			for _, in := range asked {
				window := in.EndTime.Sub(*in.StartTime)
				if ahead := time.Until(*in.EndTime); window != 5*time.Minute || ahead > time.Minute || ahead < -time.Second || in.EndTime.Second() != 0 {
					t.Errorf("asked from %v to %v", in.StartTime, in.EndTime)
				}
				if stat := in.MetricDataQueries[0].MetricStat; aws.ToString(stat.Stat) != "p99" || aws.ToInt32(stat.Period) != 300 || aws.ToString(stat.Metric.Dimensions[0].Name) != "A" || len(stat.Metric.Dimensions) != 2 {
					t.Errorf("asked for %+v of %+v", stat, stat.Metric)
				}
				if stat := in.MetricDataQueries[1].MetricStat; aws.ToString(stat.Stat) != "SampleCount" {
					t.Errorf("asked for %+v", stat)
				}
			}
		})
	}
}

func TestMetricWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Average": "Average", "sum": "Sum", "MAXIMUM": "Maximum", "SampleCount": "SampleCount", "p99": "p99", "p99.95": "p99.95", "p100": "p100", "tm90": "tm90", "IQM": "IQM",
		"TM(2%:98%)": "TM(2%:98%)", "PR(:300)": "PR(:300)", "TC(0.005:0.030)": "TC(0.005:0.030)",
		"Mean": "", "p": "", "p101": "", "P99": "", "99": "", "": "", "TM()": "",
	} {
		if got, err := ParseStatistic(text); got != want || (err != nil) != (want == "") {
			t.Errorf("statistic %q is %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]time.Duration{
		"60s": time.Minute, "5m": 5 * time.Minute, "300": 5 * time.Minute, "10s": 10 * time.Second, "24h": 24 * time.Hour, "1s": time.Second,
		"90s": 0, "15s": 0, "0": 0, "-60": 0, "25h": 0, "a minute": 0, "": 0,
	} {
		if got, err := ParsePeriod(text); got != want || (err != nil) != (want == 0) {
			t.Errorf("period %q is %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]Comparison{"<": Less, "GreaterThanOrEqualToThreshold": GreaterOrEqual, "LessThanThreshold": Less, "LessThanOrEqualToThreshold": LessOrEqual, "GreaterThanThreshold": Greater, "==": "", "": ""} {
		if got, err := ParseComparison(text); got != want || (err != nil) != (want == "") {
			t.Errorf("comparison %q is %q, %v", text, got, err)
		}
	}
}

type fakeECS struct {
	services    []ecstypes.Service
	deployments []ecstypes.ServiceDeploymentBrief
	err, listed error
	lists       *int
}

func (f fakeECS) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if aws.ToString(in.Cluster) != "main" || in.Services[0] != "web" {
		return nil, fmt.Errorf("asked for %v", in)
	}
	return &ecs.DescribeServicesOutput{Services: f.services}, f.err
}

func (f fakeECS) ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error) {
	*f.lists++
	return &ecs.ListServiceDeploymentsOutput{ServiceDeployments: f.deployments}, f.listed
}

func ecsService(change func(*ecstypes.Service)) []ecstypes.Service {
	service := ecstypes.Service{
		Status: aws.String("ACTIVE"), DesiredCount: 2, RunningCount: 2,
		Deployments: []ecstypes.Deployment{{Id: aws.String("ecs-svc/2"), Status: aws.String("PRIMARY"), TaskDefinition: aws.String("web:2"), RolloutState: "COMPLETED", RunningCount: 2, DesiredCount: 2}},
	}
	if change != nil {
		change(&service)
	}
	return []ecstypes.Service{service}
}

func TestECSService(t *testing.T) {
	t.Parallel()
	breaker := func(service *ecstypes.Service) {
		service.DeploymentConfiguration = &ecstypes.DeploymentConfiguration{DeploymentCircuitBreaker: &ecstypes.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
	}
	alarms := func(service *ecstypes.Service) {
		service.DeploymentConfiguration = &ecstypes.DeploymentConfiguration{Alarms: &ecstypes.DeploymentAlarms{Rollback: true}}
	}
	last := func(status ecstypes.ServiceDeploymentStatus) []ecstypes.ServiceDeploymentBrief {
		return []ecstypes.ServiceDeploymentBrief{
			{ServiceDeploymentArn: aws.String("arn:old"), Status: "SUCCESSFUL", CreatedAt: aws.Time(time.Unix(1, 0))},
			{ServiceDeploymentArn: aws.String("arn:new"), Status: status, StatusReason: aws.String("circuit breaker"), CreatedAt: aws.Time(time.Unix(2, 0))},
			{ServiceDeploymentArn: aws.String("arn:older"), Status: "SUCCESSFUL"},
		}
	}
	failedBeside := func(service *ecstypes.Service) {
		service.Deployments = append(service.Deployments, ecstypes.Deployment{Id: aws.String("ecs-svc/1"), Status: aws.String("ACTIVE"), TaskDefinition: aws.String("web:3"), RolloutState: "FAILED"})
	}
	for name, test := range map[string]struct {
		fake  fakeECS
		want  outcome
		lists int
	}{
		"steady": {fakeECS{services: ecsService(nil)}, outcome{Pass, false, ""}, 0},
		"rolling out": {fakeECS{services: ecsService(func(s *ecstypes.Service) {
			s.Deployments[0].RolloutState, s.Deployments[0].RunningCount = "IN_PROGRESS", 1
		})}, outcome{Fail, false, "the rollout of web:2 is IN_PROGRESS (1 of 2 tasks run)"}, 0},
		"too few tasks": {fakeECS{services: ecsService(func(s *ecstypes.Service) { s.RunningCount = 1; s.PendingCount = 1 })}, outcome{Fail, false, "runs 1 tasks, not the 2 desired (1 pending)"}, 0},
		"failed": {fakeECS{services: ecsService(func(s *ecstypes.Service) {
			s.Deployments[0].RolloutState, s.Deployments[0].RolloutStateReason = "FAILED", aws.String("tasks failed to start")
		})}, outcome{Fail, true, "the deployment ecs-svc/2 of web:2 failed: tasks failed to start"}, 0},
		"going back": {
			fakeECS{services: ecsService(func(s *ecstypes.Service) { breaker(s); failedBeside(s) }), deployments: last("ROLLBACK_IN_PROGRESS")},
			outcome{Fail, true, "rolled back (arn:new, ROLLBACK_IN_PROGRESS)"},
			1,
		},
		"going back, without a history": {fakeECS{services: ecsService(func(s *ecstypes.Service) { breaker(s); failedBeside(s) })}, outcome{Fail, true, "the deployment ecs-svc/1 of web:3 failed"}, 1},
		"mended by a newer one": {
			fakeECS{services: ecsService(func(s *ecstypes.Service) {
				breaker(s)
				failedBeside(s)
				s.Deployments[0].RolloutState = "IN_PROGRESS"
			}), deployments: last("IN_PROGRESS")},
			outcome{Fail, false, "the rollout of web:2 is IN_PROGRESS"},
			1,
		},
		"mended, and cannot go back": {fakeECS{services: ecsService(failedBeside)}, outcome{Pass, false, ""}, 0},
		"gone back":                  {fakeECS{services: ecsService(breaker), deployments: last("ROLLBACK_SUCCESSFUL")}, outcome{Fail, true, "rolled back (arn:new, ROLLBACK_SUCCESSFUL): circuit breaker"}, 1},
		"by an alarm":                {fakeECS{services: ecsService(alarms), deployments: last("ROLLBACK_IN_PROGRESS")}, outcome{Fail, true, "rolled back (arn:new, ROLLBACK_IN_PROGRESS)"}, 1},
		"by hand":                    {fakeECS{services: ecsService(func(s *ecstypes.Service) { s.CurrentServiceDeployment = aws.String("arn:new") }), deployments: last("STOPPED")}, outcome{Fail, true, "stopped (arn:new, STOPPED)"}, 1},
		"could not go back":          {fakeECS{services: ecsService(breaker), deployments: last("ROLLBACK_FAILED")}, outcome{Fail, true, "ROLLBACK_FAILED"}, 1},
		"gone forward":               {fakeECS{services: ecsService(breaker), deployments: last("SUCCESSFUL")}, outcome{Pass, false, ""}, 1},
		"not quite done":             {fakeECS{services: ecsService(breaker), deployments: last("IN_PROGRESS")}, outcome{Fail, false, "its last deployment is IN_PROGRESS (arn:new)"}, 1},
		"something new":              {fakeECS{services: ecsService(breaker), deployments: last("MAGIC")}, outcome{Error, false, "MAGIC"}, 1},
		"no history":                 {fakeECS{services: ecsService(breaker)}, outcome{Pass, false, ""}, 1},
		"history not allowed":        {fakeECS{services: ecsService(breaker), listed: api("AccessDeniedException")}, outcome{Error, true, "ecs:ListServiceDeployments"}, 1},
		"history is throttled":       {fakeECS{services: ecsService(breaker), listed: api("ThrottlingException")}, outcome{Error, false, "ThrottlingException"}, 1},
		"by CodeDeploy": {fakeECS{services: ecsService(func(s *ecstypes.Service) {
			breaker(s)
			s.Deployments, s.DeploymentController = nil, &ecstypes.DeploymentController{Type: "CODE_DEPLOY"}
			s.TaskSets = []ecstypes.TaskSet{{Id: aws.String("ecs-svc/9"), Status: aws.String("PRIMARY"), StabilityStatus: "STEADY_STATE"}}
		})}, outcome{Pass, false, ""}, 0},
		"CodeDeploy is not done": {fakeECS{services: ecsService(func(s *ecstypes.Service) {
			s.Deployments, s.DeploymentController = nil, &ecstypes.DeploymentController{Type: "CODE_DEPLOY"}
			s.TaskSets = []ecstypes.TaskSet{{Id: aws.String("ecs-svc/9"), Status: aws.String("PRIMARY"), StabilityStatus: "STABILIZING"}}
		})}, outcome{Fail, false, "task set ecs-svc/9 is STABILIZING"}, 0},
		"behind a Classic Load Balancer": {fakeECS{services: ecsService(func(s *ecstypes.Service) { s.Deployments[0].RolloutState = "" })}, outcome{Pass, false, ""}, 0},
		"draining":                       {fakeECS{services: ecsService(func(s *ecstypes.Service) { s.Status = aws.String("DRAINING") })}, outcome{Fail, true, "is DRAINING"}, 0},
		"no service":                     {fakeECS{}, outcome{Fail, true, "the service web in the cluster main does not exist"}, 0},
		"no cluster":                     {fakeECS{err: api("ClusterNotFoundException")}, outcome{Fail, true, "no cluster main"}, 0},
		"not allowed":                    {fakeECS{err: api("AccessDeniedException")}, outcome{Error, true, "ecs:DescribeServices"}, 0},
		"throttled":                      {fakeECS{err: api("ThrottlingException")}, outcome{Error, false, "ThrottlingException"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lists := 0
			test.fake.lists = &lists
			test.want.check(t, (&ECSService{Client: given[ECSAPI](test.fake), Cluster: "main", Service: "web"}).Probe(t.Context()))
			if lists != test.lists {
				t.Errorf("deployments were asked for %d times, not %d", lists, test.lists)
			}
		})
	}
}

type fakeREST struct{ err error }

func (f fakeREST) GetStage(_ context.Context, in *apigateway.GetStageInput, _ ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error) {
	if aws.ToString(in.RestApiId) != "a1b2" || aws.ToString(in.StageName) != "prod" {
		return nil, fmt.Errorf("asked for %v", in)
	}
	return &apigateway.GetStageOutput{}, f.err
}

type fakeHTTP struct{ err error }

func (f fakeHTTP) GetStage(_ context.Context, in *apigatewayv2.GetStageInput, _ ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStageOutput, error) {
	if aws.ToString(in.ApiId) != "a1b2" || aws.ToString(in.StageName) != "prod" {
		return nil, fmt.Errorf("asked for %v", in)
	}
	return &apigatewayv2.GetStageOutput{}, f.err
}

// orders is an API that takes POSTs of JSON with a key from a page of one origin.
func orders(t *testing.T) (address string, posted *atomic.Int64) {
	t.Helper()
	posted = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://shop.test")
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/orders" && r.Method == http.MethodOptions:
			w.Header().Set("Access-Control-Allow-Headers", "content-type,x-api-key")
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/orders" && r.Method == http.MethodPost && string(body) == `{"id":1}` && r.Header.Get("Content-Type") == "application/json" && r.Header.Get("X-Api-Key") == "hunter2":
			posted.Add(1)
			fmt.Fprint(w, `{"ok":true}`)
		case r.URL.Path == "/silent":
			w.Header().Set("Access-Control-Allow-Headers", "X-Api-Key")
			if r.Method != http.MethodOptions {
				w.Header().Del("Access-Control-Allow-Origin")
			}
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, posted
}

func TestAPIGateway(t *testing.T) {
	t.Parallel()
	address, _ := orders(t)
	base, err := ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	success, err := CompileCondition("json.ok", HTTPDialect)
	if err != nil {
		t.Fatal(err)
	}
	none := api("NotFoundException")
	for name, test := range map[string]struct {
		rest, http error
		check      APIGateway
		want       outcome
		apiType    string
	}{
		"REST":             {nil, none, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":1}`, Expect: Expect{Success: success}}, outcome{Pass, false, ""}, "REST"},
		"HTTP":             {none, nil, APIGateway{Path: "/orders?a=b", Method: "POST", Body: `{"id":1}`, CORSOrigin: "https://shop.test"}, outcome{Pass, false, ""}, "HTTP"},
		"another body":     {nil, none, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":2}`}, outcome{Fail, false, "POST " + address + "/orders: status 403"}, "REST"},
		"another answer":   {nil, none, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":1}`, Expect: Expect{Status: []StatusRange{{201, 201}}}}, outcome{Fail, false, "status 200 instead of 201"}, "REST"},
		"another origin":   {nil, none, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":1}`, CORSOrigin: "https://other.test"}, outcome{Fail, false, "https://other.test is not allowed"}, "REST"},
		"another header":   {nil, none, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":1}`, CORSOrigin: "https://shop.test", Headers: map[string]string{"X-Other": "1"}}, outcome{Fail, false, "header x-other is not allowed"}, "REST"},
		"another method":   {nil, none, APIGateway{Path: "/orders", Method: "PUT", Body: `{"id":1}`, CORSOrigin: "https://shop.test"}, outcome{Fail, false, "method PUT is not allowed"}, "REST"},
		"no preflight":     {nil, none, APIGateway{Path: "/none", CORSOrigin: "https://shop.test"}, outcome{Fail, false, "preflight OPTIONS " + address + "/none: status 403"}, "REST"},
		"call not allowed": {nil, none, APIGateway{Path: "/silent", CORSOrigin: "https://shop.test"}, outcome{Fail, false, "the preflight allows it, but origin https://shop.test is not allowed"}, "REST"},
		"no API":           {none, none, APIGateway{}, outcome{Fail, true, "no API a1b2 with a stage prod"}, ""},
		"not allowed":      {api("AccessDeniedException"), api("AccessDeniedException"), APIGateway{}, outcome{Error, true, "apigateway:GET"}, ""},
		"half allowed":     {api("AccessDeniedException"), none, APIGateway{}, outcome{Error, true, "apigateway:GET"}, ""},
		"only HTTP":        {api("AccessDeniedException"), nil, APIGateway{Path: "/orders", Method: "POST", Body: `{"id":1}`}, outcome{Pass, false, ""}, "HTTP"},
		"throttled":        {api("TooManyRequestsException"), none, APIGateway{}, outcome{Error, false, "TooManyRequestsException"}, ""},
		"throttled later":  {none, api("TooManyRequestsException"), APIGateway{}, outcome{Error, false, "TooManyRequestsException"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := test.check
			check.REST, check.HTTP, check.API, check.Stage, check.URL = given[RESTAPI](fakeREST{test.rest}), given[HTTPAPI](fakeHTTP{test.http}), "a1b2", "prod", base
			check.SensitiveHeaders = map[string]string{"X-Api-Key": "hunter2"}
			seen := check.Probe(t.Context())
			test.want.check(t, seen)
			if seen.Values["api_type"] != test.apiType || strings.Contains(fmt.Sprint(seen), "hunter2") {
				t.Errorf("got %+v", seen)
			}
		})
	}
	t.Run("posts once", func(t *testing.T) {
		t.Parallel()
		own, count := orders(t)
		base, err := ParseURL(own)
		if err != nil {
			t.Fatal(err)
		}
		check := &APIGateway{
			REST: given[RESTAPI](fakeREST{nil}), API: "a1b2", Stage: "prod", URL: base, Path: "/orders", Method: "POST", Body: `{"id":1}`, CORSOrigin: "https://shop.test",
			SensitiveHeaders: map[string]string{"X-Api-Key": "hunter2"},
		}
		outcome{Pass, false, ""}.check(t, check.Probe(t.Context()))
		if count.Load() != 1 {
			t.Errorf("posted %d times", count.Load())
		}
	})
}

func TestStageAddress(t *testing.T) {
	t.Parallel()
	got := []string{
		below(stageAddress("a1b2", "prod", "eu-west-1"), "/orders?a=b").String(), below(stageAddress("a1b2", "prod", "eu-west-1"), "").String(),
		below(stageAddress("a1b2", "$default", "cn-north-1"), "/orders").String(), below(stageAddress("a1b2", "$default", "us-east-1"), "/").String(),
	}
	if diff := cmp.Diff([]string{
		"https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/orders?a=b", "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod",
		"https://a1b2.execute-api.cn-north-1.amazonaws.com.cn/orders", "https://a1b2.execute-api.us-east-1.amazonaws.com/",
	}, got); diff != "" {
		t.Error(diff)
	}
}
