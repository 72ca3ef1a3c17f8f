package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// api is an error that AWS answers with.
func api(code string) error {
	return &smithy.OperationError{ServiceID: "Service", OperationName: "Operation", Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
}

// outcome is what an attempt should have seen.
type outcome struct {
	status Status
	final  bool
	reason string // in it
}

func (o outcome) check(t *testing.T, seen Observation) {
	t.Helper()
	if seen.Status != o.status || seen.Final != o.final || !strings.Contains(seen.Reason, o.reason) {
		t.Errorf("got %+v\nwant %+v", seen, o)
	}
	if seen.Status != Pass && seen.Reason == "" {
		t.Error("no reason is given")
	}
}

// given makes a constructor of a client.
func given[T any](client T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return client, nil }
}

type fakeS3 struct {
	output *s3.HeadObjectOutput
	err    error
}

func (f fakeS3) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if aws.ToString(in.Bucket) != "site" || aws.ToString(in.Key) != "index.html" {
		return nil, fmt.Errorf("asked for %s/%s", aws.ToString(in.Bucket), aws.ToString(in.Key))
	}
	return f.output, f.err
}

func TestS3Object(t *testing.T) {
	t.Parallel()
	object := &s3.HeadObjectOutput{
		ContentLength: aws.Int64(120), ContentType: aws.String("text/html; charset=utf-8"), ETag: aws.String(`"abc"`), LastModified: aws.Time(time.Now().Add(-time.Hour)),
	}
	for name, test := range map[string]struct {
		check S3Object
		err   error
		want  outcome
	}{
		"is there":              {S3Object{}, nil, outcome{Pass, false, ""}},
		"matches":               {S3Object{ContentType: "Text/HTML", ETag: "abc", MinBytes: 120, MaxAge: 2 * time.Hour}, nil, outcome{Pass, false, ""}},
		"matches its charset":   {S3Object{ContentType: "text/html;charset=UTF-8", ETag: `"abc"`}, nil, outcome{Pass, false, ""}},
		"another type":          {S3Object{ContentType: "application/json"}, nil, outcome{Fail, false, `content type is "text/html; charset=utf-8", not "application/json"`}},
		"another charset":       {S3Object{ContentType: "text/html; charset=latin1"}, nil, outcome{Fail, false, "content type"}},
		"another ETag":          {S3Object{ETag: "abd"}, nil, outcome{Fail, false, "ETag is abc, not abd"}},
		"too small":             {S3Object{MinBytes: 121}, nil, outcome{Fail, false, "120 bytes, fewer than 121"}},
		"too old":               {S3Object{MaxAge: 30 * time.Minute}, nil, outcome{Fail, false, "s ago, more than 30m0s"}},
		"not there":             {S3Object{}, api("NotFound"), outcome{Fail, false, "s3://site/index.html does not exist"}},
		"no such bucket":        {S3Object{}, api("NoSuchBucket"), outcome{Fail, false, "s3://site/index.html does not exist"}},
		"not allowed":           {S3Object{}, api("Forbidden"), outcome{Error, true, "s3:GetObject on the object, and s3:ListBucket"}},
		"throttled":             {S3Object{}, api("SlowDown"), outcome{Error, false, "SlowDown"}},
		"cannot be reached":     {S3Object{}, errors.New("connection reset"), outcome{Error, false, "connection reset"}},
		"wrong credentials":     {S3Object{}, api("InvalidAccessKeyId"), outcome{Error, true, "InvalidAccessKeyId"}},
		"credentials too short": {S3Object{}, api("ExpiredToken"), outcome{Error, true, "ExpiredToken"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.check.Bucket, test.check.Key = "site", "index.html"
			test.check.Client = given[S3ObjectAPI](fakeS3{object, test.err})
			test.want.check(t, test.check.Probe(t.Context()))
		})
	}
}

// pages serves /, /index.html, /docs/ and what is asked below /base; everything else is not found. It notes what it was asked for.
func pages(t *testing.T) (address *url.URL, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		switch r.URL.Path {
		case "/", "/index.html", "/docs/", "/base", "/base/docs":
		case "/moved":
			http.Redirect(w, r, "/docs/", http.StatusMovedPermanently)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "the error document")
		}
	}))
	t.Cleanup(server.Close)
	parsed, err := ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return parsed, func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), seen...) }
}

func TestS3Website(t *testing.T) {
	t.Parallel()
	address, asked := pages(t)
	outcome{Pass, false, ""}.check(t, (&S3Website{Bucket: "site", URL: address, Paths: []string{"/docs/?a=b"}}).Probe(t.Context()))
	if got := strings.Join(asked(), " "); !strings.Contains(got, "GET /docs/?a=b") || !strings.Contains(got, "GET / ") && !strings.HasSuffix(got, "GET /") {
		t.Errorf("asked for %s", got)
	}
	seen := (&S3Website{Bucket: "site", URL: address, Paths: []string{"/", "/none", "/moved", "/gone"}}).Probe(t.Context())
	outcome{Fail, false, "/none: status 404 instead of 200-299"}.check(t, seen)
	if !strings.Contains(seen.Reason, "/gone: status 404") || strings.Contains(seen.Reason, "moved") || seen.Values["served"] != "2" || seen.Values["paths"] != "4" {
		t.Errorf("got %+v", seen)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	address, err := ParseURL(closed.URL)
	if err != nil {
		t.Fatal(err)
	}
	outcome{Error, false, "connection refused"}.check(t, (&S3Website{Bucket: "site", URL: address}).Probe(t.Context()))
	outcome{Error, true, "AWS_REGION"}.check(t, (&S3Website{Bucket: "site", Region: func(context.Context) (string, error) { return "", awsapi.ErrNoRegion }}).Probe(t.Context()))
}

func TestWebsiteEndpoint(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1": "http://site.s3-website-us-east-1.amazonaws.com/", "eu-central-1": "http://site.s3-website.eu-central-1.amazonaws.com/",
		"eu-west-1": "http://site.s3-website-eu-west-1.amazonaws.com/", "cn-northwest-1": "http://site.s3-website.cn-northwest-1.amazonaws.com.cn/",
	} {
		if got := websiteEndpoint("site", region).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ base, path, want string }{
		{"https://x.test", "/", "https://x.test/"},
		{"https://x.test", "", "https://x.test/"},
		{"https://x.test/", "/a/b.html", "https://x.test/a/b.html"},
		{"https://x.test/base", "/", "https://x.test/base"},
		{"https://x.test/base/", "/a/?q=1&r=2", "https://x.test/base/a/?q=1&r=2"},
		{"https://x.test/base?key=1", "/a", "https://x.test/base/a?key=1"},
		{"https://x.test", "/a%20b/%2Fc", "https://x.test/a%20b/%2Fc"},
	} {
		base, err := ParseURL(test.base)
		if err != nil {
			t.Fatal(err)
		}
		if got := below(base, test.path).String(); got != test.want {
			t.Errorf("%s below %s is %s, not %s", test.path, test.base, got, test.want)
		}
	}
	for _, wrong := range []string{"", "docs", "http://x.test/", "/a#b", "//x.test/", "/%zz"} {
		if ParsePath(wrong) == nil {
			t.Errorf("%q is taken for a path", wrong)
		}
	}
}

type fakeCloudFront struct {
	distribution *cftypes.Distribution
	err          error
}

func (f fakeCloudFront) GetDistribution(_ context.Context, in *cloudfront.GetDistributionInput, _ ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error) {
	if aws.ToString(in.Id) != "E1" {
		return nil, fmt.Errorf("asked for %s", aws.ToString(in.Id))
	}
	return &cloudfront.GetDistributionOutput{Distribution: f.distribution}, f.err
}

func TestCloudFront(t *testing.T) {
	t.Parallel()
	address, asked := pages(t)
	distribution := func(status string, enabled bool) *cftypes.Distribution {
		return &cftypes.Distribution{Status: aws.String(status), DomainName: aws.String("d1.cloudfront.net"), DistributionConfig: &cftypes.DistributionConfig{Enabled: aws.Bool(enabled)}}
	}
	for name, test := range map[string]struct {
		distribution *cftypes.Distribution
		err          error
		paths        []string
		want         outcome
	}{
		"serves":              {distribution("Deployed", true), nil, []string{"/", "/docs/"}, outcome{Pass, false, ""}},
		"serves not all":      {distribution("Deployed", true), nil, []string{"/", "/none"}, outcome{Fail, false, "/none: status 404"}},
		"is being deployed":   {distribution("InProgress", true), nil, []string{"/"}, outcome{Fail, false, "E1 is InProgress, not Deployed"}},
		"is disabled":         {distribution("Deployed", false), nil, []string{"/"}, outcome{Fail, false, "E1 is disabled"}},
		"does not exist":      {nil, api("NoSuchDistribution"), nil, outcome{Fail, true, "no distribution E1"}},
		"not allowed":         {nil, api("AccessDenied"), nil, outcome{Error, true, "cloudfront:GetDistribution"}},
		"throttled":           {nil, api("Throttling"), nil, outcome{Error, false, "Throttling"}},
		"answers with naught": {nil, nil, nil, outcome{Error, false, "without a distribution"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := &CloudFront{Client: given[CloudFrontAPI](fakeCloudFront{test.distribution, test.err}), ID: "E1", Paths: test.paths, URL: address}
			test.want.check(t, check.Probe(t.Context()))
		})
	}
	t.Run("not asked before it is deployed", func(t *testing.T) {
		t.Parallel()
		before := len(asked())
		check := &CloudFront{Client: given[CloudFrontAPI](fakeCloudFront{distribution("InProgress", true), nil}), ID: "E1", Paths: []string{"/never"}, URL: address}
		check.Probe(t.Context())
		if got := strings.Join(asked()[before:], " "); strings.Contains(got, "never") {
			t.Errorf("asked for %s", got)
		}
	})
}

type fakeRDS struct {
	status string
	err    error
}

func (f fakeRDS) DescribeDBInstances(_ context.Context, in *rds.DescribeDBInstancesInput, _ ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	if aws.ToString(in.DBInstanceIdentifier) != "db" {
		return nil, errors.New("asked for another one")
	}
	if f.err != nil || f.status == "" {
		return &rds.DescribeDBInstancesOutput{}, f.err
	}
	return &rds.DescribeDBInstancesOutput{DBInstances: []rdstypes.DBInstance{{DBInstanceStatus: aws.String(f.status), Engine: aws.String("postgres"), EngineVersion: aws.String("17.1")}}}, nil
}

func (f fakeRDS) DescribeDBClusters(_ context.Context, in *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	if aws.ToString(in.DBClusterIdentifier) != "aurora" {
		return nil, errors.New("asked for another one")
	}
	if f.err != nil || f.status == "" {
		return &rds.DescribeDBClustersOutput{}, f.err
	}
	return &rds.DescribeDBClustersOutput{DBClusters: []rdstypes.DBCluster{{Status: aws.String(f.status), DBClusterMembers: make([]rdstypes.DBClusterMember, 2)}}}, nil
}

func TestRDS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fake           fakeRDS
		one, another   outcome
		wantedOfMember string
	}{
		"available": {fakeRDS{"available", nil}, outcome{Pass, false, ""}, outcome{Pass, false, ""}, "2"},
		"coming up": {fakeRDS{"creating", nil}, outcome{Fail, false, "the DB instance db is creating, not available"}, outcome{Fail, false, "the DB cluster aurora is creating"}, "2"},
		"lost": {
			fakeRDS{"incompatible-network", nil}, outcome{Fail, true, "incompatible-network"}, outcome{Fail, true, "incompatible-network"}, "2",
		},
		"going":       {fakeRDS{"deleting", nil}, outcome{Fail, true, "deleting"}, outcome{Fail, true, "deleting"}, "2"},
		"unknown":     {fakeRDS{"", api("DBInstanceNotFound")}, outcome{Fail, true, "DB instance db does not exist"}, outcome{Fail, true, "DB cluster aurora does not exist"}, ""},
		"not listed":  {fakeRDS{"", nil}, outcome{Fail, true, "does not exist"}, outcome{Fail, true, "does not exist"}, ""},
		"not allowed": {fakeRDS{"", api("AccessDenied")}, outcome{Error, true, "rds:DescribeDBInstances"}, outcome{Error, true, "rds:DescribeDBClusters"}, ""},
		"throttled":   {fakeRDS{"", api("Throttling")}, outcome{Error, false, "Throttling"}, outcome{Error, false, "Throttling"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.one.check(t, (&RDS{Client: given[RDSAPI](test.fake), Instance: "db"}).Probe(t.Context()))
			seen := (&RDS{Client: given[RDSAPI](test.fake), Cluster: "aurora"}).Probe(t.Context())
			test.another.check(t, seen)
			if seen.Values["members"] != test.wantedOfMember {
				t.Errorf("members: %v", seen.Values)
			}
		})
	}
}

type fakeTargets struct {
	targets []elbtypes.TargetHealthDescription
	err     error
}

func (f fakeTargets) DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	return &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: f.targets}, f.err
}

func TestTargetGroup(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef"
	target := func(id string, state elbtypes.TargetHealthStateEnum, reason elbtypes.TargetHealthReasonEnum) elbtypes.TargetHealthDescription {
		return elbtypes.TargetHealthDescription{Target: &elbtypes.TargetDescription{Id: aws.String(id), Port: aws.Int32(80)}, TargetHealth: &elbtypes.TargetHealth{State: state, Reason: reason}}
	}
	two := []elbtypes.TargetHealthDescription{target("10.0.0.1", "healthy", ""), target("10.0.0.2", "unhealthy", "Target.FailedHealthChecks")}
	var many []elbtypes.TargetHealthDescription
	for i := range 15 {
		many = append(many, target(fmt.Sprintf("10.0.1.%02d", i), "initial", "Elb.RegistrationInProgress"))
	}
	for name, test := range map[string]struct {
		fake fakeTargets
		min  int
		want outcome
	}{
		"enough":         {fakeTargets{two, nil}, 1, outcome{Pass, false, ""}},
		"not enough":     {fakeTargets{two, nil}, 2, outcome{Fail, false, "1 of 2 targets in the target group blue are healthy, fewer than 2: 10.0.0.2:80 unhealthy (Target.FailedHealthChecks)"}},
		"none":           {fakeTargets{nil, nil}, 1, outcome{Fail, false, "no target is registered in the target group blue"}},
		"many":           {fakeTargets{many, nil}, 1, outcome{Fail, false, "5 more"}},
		"without health": {fakeTargets{make([]elbtypes.TargetHealthDescription, 1), nil}, 1, outcome{Fail, false, "0 of 1"}},
		"does not exist": {fakeTargets{nil, api("TargetGroupNotFound")}, 1, outcome{Fail, true, "no target group " + arn}},
		"not allowed":    {fakeTargets{nil, api("AccessDenied")}, 1, outcome{Error, true, "elasticloadbalancing:DescribeTargetHealth"}},
		"throttled":      {fakeTargets{nil, api("Throttling")}, 1, outcome{Error, false, "Throttling"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, (&TargetGroup{Client: given[TargetGroupAPI](test.fake), ARN: arn, MinHealthy: test.min}).Probe(t.Context()))
		})
	}
}

type fakeIAM struct {
	pages [][]iamtypes.EvaluationResult
	err   error
	asked *[]*iam.SimulatePrincipalPolicyInput
}

func (f fakeIAM) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	copied := *in
	*f.asked = append(*f.asked, &copied)
	page := len(*f.asked) - 1
	output := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: f.pages[page], IsTruncated: page+1 < len(f.pages)}
	if output.IsTruncated {
		output.Marker = aws.String(fmt.Sprint(page + 1))
	}
	return output, nil
}

func TestIAM(t *testing.T) {
	t.Parallel()
	decision := func(action string, decision iamtypes.PolicyEvaluationDecisionType) iamtypes.EvaluationResult {
		return iamtypes.EvaluationResult{EvalActionName: aws.String(action), EvalResourceName: aws.String("*"), EvalDecision: decision}
	}
	perResource := decision("s3:GetObject", "implicitDeny")
	perResource.ResourceSpecificResults = []iamtypes.ResourceSpecificResult{
		{EvalResourceName: aws.String("arn:a"), EvalResourceDecision: "allowed"},
		{EvalResourceName: aws.String("arn:b"), EvalResourceDecision: "explicitDeny"},
	}
	organization := decision("s3:PutObject", "implicitDeny")
	organization.OrganizationsDecisionDetail = &iamtypes.OrganizationsDecisionDetail{AllowedByOrganizations: false}
	organization.PermissionsBoundaryDecisionDetail = &iamtypes.PermissionsBoundaryDecisionDetail{}
	organization.MissingContextValues = []string{"aws:SourceIp"}
	for name, test := range map[string]struct {
		pages [][]iamtypes.EvaluationResult
		err   error
		want  outcome
	}{
		"all allowed, on two pages": {[][]iamtypes.EvaluationResult{{decision("a:A", "allowed")}, {decision("b:B", "allowed")}}, nil, outcome{Pass, false, ""}},
		"denied on the second page": {
			[][]iamtypes.EvaluationResult{{decision("a:A", "allowed")}, {decision("c:C", "explicitDeny"), decision("b:B", "implicitDeny")}},
			nil,
			outcome{Fail, false, "role/deploy may not: b:B (implicitDeny), c:C (explicitDeny)"},
		},
		"resource by resource": {[][]iamtypes.EvaluationResult{{perResource, perResource}}, nil, outcome{Fail, false, "may not: s3:GetObject on arn:b (explicitDeny)"}},
		"from above": {
			[][]iamtypes.EvaluationResult{{organization}},
			nil,
			outcome{Fail, false, "s3:PutObject (implicitDeny, by a policy of the organization, by the permissions boundary, and a policy asks for aws:SourceIp, which is not known here)"},
		},
		"no decision":   {[][]iamtypes.EvaluationResult{{}}, nil, outcome{Error, false, "without a decision"}},
		"no principal":  {nil, api("NoSuchEntity"), outcome{Fail, false, "the principal arn:aws:iam::123456789012:role/deploy does not exist"}},
		"not allowed":   {nil, api("AccessDenied"), outcome{Error, true, "iam:SimulatePrincipalPolicy"}},
		"throttled":     {nil, api("Throttling"), outcome{Error, false, "Throttling"}},
		"wrong keys":    {nil, api("InvalidClientTokenId"), outcome{Error, true, "InvalidClientTokenId"}},
		"unknown world": {nil, errors.New("no route to host"), outcome{Error, false, "no route to host"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []*iam.SimulatePrincipalPolicyInput
			check := &IAM{
				Client: given[IAMAPI](fakeIAM{test.pages, test.err, &asked}), Principal: "arn:aws:iam::123456789012:role/deploy",
				Actions: []string{"a:A", "b:B", "c:C"}, Resources: []string{"arn:a", "arn:b"},
			}
			test.want.check(t, check.Probe(t.Context()))
			for i, in := range asked {
				if diff := cmp.Diff([]any{check.Principal, check.Actions, check.Resources, i > 0}, []any{aws.ToString(in.PolicySourceArn), in.ActionNames, in.ResourceArns, in.Marker != nil}); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
