package checkset_test

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

const (
	groupARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef"
	roleARN  = "arn:aws:iam::123456789012:role/deploy"
)

func text(value string) types.String { return types.StringValue(value) }

func list(t *testing.T, values ...string) types.List {
	t.Helper()
	made, diags := types.ListValueFrom(t.Context(), types.StringType, values)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return made
}

func dictionary(t *testing.T, values map[string]string) types.Map {
	t.Helper()
	made, diags := types.MapValueFrom(t.Context(), types.StringType, values)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return made
}

// build makes one check of a kind.
func build(t *testing.T, kind string, members map[string]attr.Value) ([]gate.Check, []string) {
	t.Helper()
	w := newWorld(t)
	g := w.gate(t, map[string]attr.Value{"a": objectOf(t, w.check, map[string]attr.Value{kind: objectOf(t, w.kinds[kind], members)})})
	checks, _, diags := g.Build(t.Context(), path.Empty(), checkset.Deps{Data: &configured.Data{AWS: awsapi.New(awsapi.Config{}, "test")}, Region: "eu-west-1"})
	var wrong []string
	for _, one := range diags.Errors() {
		if at, ok := one.(interface{ Path() path.Path }); ok {
			wrong = append(wrong, at.Path().String())
			continue
		}
		wrong = append(wrong, one.Summary())
	}
	return checks, wrong
}

// withoutFunctions leaves out what is made at the first attempt.
var withoutFunctions = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() != nil && p.Last().Type().Kind() == reflect.Func }, cmp.Ignore())

func TestAWSKindsAreBuilt(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "https", Host: "x.test"}
	for name, test := range map[string]struct {
		kind    string
		members map[string]attr.Value
		want    probe.Probe
	}{
		"s3_object, least": {"s3_object", map[string]attr.Value{"bucket": text("site"), "key": text("a/b")}, &probe.S3Object{Bucket: "site", Key: "a/b"}},
		"s3_object": {
			"s3_object",
			map[string]attr.Value{"bucket": text("site"), "key": text("k"), "content_type": text("text/html"), "etag": text("e"), "min_bytes": types.Int64Value(7), "max_age": text("2h")},
			&probe.S3Object{Bucket: "site", Key: "k", ContentType: "text/html", ETag: "e", MinBytes: 7, MaxAge: 2 * time.Hour},
		},
		"s3_website, least": {"s3_website", map[string]attr.Value{"bucket": text("site")}, &probe.S3Website{Bucket: "site", Paths: []string{"/"}}},
		"s3_website": {
			"s3_website",
			map[string]attr.Value{"bucket": text("site"), "paths": list(t, "/a", "/b"), "url": text("https://x.test")},
			&probe.S3Website{Bucket: "site", Paths: []string{"/a", "/b"}, URL: address},
		},
		"cloudfront, least": {"cloudfront", map[string]attr.Value{"distribution_id": text("E1")}, &probe.CloudFront{ID: "E1", Paths: []string{"/"}}},
		"cloudfront": {
			"cloudfront",
			map[string]attr.Value{"distribution_id": text("E1"), "paths": list(t, "/a"), "url": text("https://x.test")},
			&probe.CloudFront{ID: "E1", Paths: []string{"/a"}, URL: address},
		},
		"api_gateway, least": {"api_gateway", map[string]attr.Value{"api_id": text("a1"), "stage": text("prod")}, &probe.APIGateway{API: "a1", Stage: "prod"}},
		"api_gateway": {
			"api_gateway",
			map[string]attr.Value{
				"api_id": text("a1"), "stage": text("$default"), "path": text("/o"), "method": text("POST"), "body": text("{}"), "cors_origin": text("https://p.test"), "url": text("https://x.test"),
				"headers": dictionary(t, map[string]string{"A": "1"}), "sensitive_headers": dictionary(t, map[string]string{"B": "2"}),
			},
			&probe.APIGateway{
				API: "a1", Stage: "$default", Path: "/o", Method: "POST", Body: "{}", CORSOrigin: "https://p.test", URL: address,
				Headers: map[string]string{"A": "1"}, SensitiveHeaders: map[string]string{"B": "2"},
			},
		},
		"rds, an instance": {"rds", map[string]attr.Value{"db_instance_identifier": text("db")}, &probe.RDS{Instance: "db"}},
		"rds, a cluster":   {"rds", map[string]attr.Value{"db_cluster_identifier": text("db")}, &probe.RDS{Cluster: "db"}},
		"metric, least": {
			"metric",
			map[string]attr.Value{
				"namespace": text("App"), "metric_name": text("Errors"), "statistic": text("sum"), "period": text("60"), "comparison": text("GreaterThanThreshold"), "threshold": types.Float64Value(-0.5),
			},
			&probe.Metric{Namespace: "App", MetricName: "Errors", Statistic: "Sum", Period: time.Minute, Comparison: probe.Greater, Threshold: -0.5, MinSamples: 1},
		},
		"metric": {
			"metric",
			map[string]attr.Value{
				"namespace": text("App"), "metric_name": text("Errors"), "statistic": text("p99"), "period": text("5m"), "comparison": text("<="), "threshold": types.Float64Value(1),
				"dimensions": dictionary(t, map[string]string{"A": "1"}), "min_samples": types.Int64Value(100),
			},
			&probe.Metric{
				Namespace: "App", MetricName: "Errors", Statistic: "p99", Period: 5 * time.Minute, Comparison: probe.LessOrEqual, Threshold: 1,
				Dimensions: map[string]string{"A": "1"}, MinSamples: 100,
			},
		},
		"target_group, least": {"target_group", map[string]attr.Value{"arn": text(groupARN)}, &probe.TargetGroup{ARN: groupARN, MinHealthy: 1}},
		"target_group":        {"target_group", map[string]attr.Value{"arn": text(groupARN), "min_healthy": types.Int64Value(3)}, &probe.TargetGroup{ARN: groupARN, MinHealthy: 3}},
		"ecs_service":         {"ecs_service", map[string]attr.Value{"cluster": text("main"), "service": text("web")}, &probe.ECSService{Cluster: "main", Service: "web"}},
		"iam, least":          {"iam", map[string]attr.Value{"principal_arn": text(roleARN), "actions": names(t, "s3:GetObject")}, &probe.IAM{Principal: roleARN, Actions: []string{"s3:GetObject"}}},
		"iam": {
			"iam",
			map[string]attr.Value{"principal_arn": text(roleARN), "actions": names(t, "s3:GetObject"), "resources": names(t, "arn:a")},
			&probe.IAM{Principal: roleARN, Actions: []string{"s3:GetObject"}, Resources: []string{"arn:a"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks, wrong := build(t, test.kind, test.members)
			if len(wrong) > 0 || len(checks) != 1 {
				t.Fatalf("%d checks, wrong at %v", len(checks), wrong)
			}
			if diff := cmp.Diff(test.want, checks[0].Probe, withoutFunctions); diff != "" {
				t.Error(diff)
			}
			if kind, _, _ := strings.Cut(name, ","); checks[0].Probe.Name() != kind {
				t.Errorf("it calls itself %s", checks[0].Probe.Name())
			}
		})
	}
}

// What only becomes known at apply, and is wrong then, is told at its place.
func TestAWSKindsAreWrongAtApply(t *testing.T) {
	t.Parallel()
	metric := map[string]attr.Value{
		"namespace": text("App"), "metric_name": text("Errors"), "statistic": text("Mean"), "period": text("7s"), "comparison": text("="), "threshold": types.Float64Value(1),
	}
	for kind, test := range map[string]struct {
		members map[string]attr.Value
		want    []string
	}{
		"s3_object":   {map[string]attr.Value{"bucket": text("site"), "key": text("k"), "max_age": text("soon")}, []string{"max_age"}},
		"s3_website":  {map[string]attr.Value{"bucket": text("site"), "paths": list(t, "/", "docs"), "url": text("x.test")}, []string{"paths[1]", "url"}},
		"cloudfront":  {map[string]attr.Value{"distribution_id": text("E1"), "paths": list(t, "docs")}, []string{"paths[0]"}},
		"api_gateway": {map[string]attr.Value{"api_id": text("a1"), "stage": text("prod"), "url": text("x.test")}, []string{"url"}},
		"metric":      {metric, []string{"statistic", "period", "comparison"}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			_, wrong := build(t, kind, test.members)
			var want []string
			for _, one := range test.want {
				want = append(want, `checks["a"].`+kind+"."+one)
			}
			if diff := cmp.Diff(want, wrong); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Without a Region every kind says so, once it is attempted and not before.
func TestAWSKindsWithoutRegion(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "emulator")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "emulator")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	w := newWorld(t)
	data := &configured.Data{AWS: awsapi.New(awsapi.Config{Config: awsbase.Config{SkipCredsValidation: true, SuppressDebugLog: true}}, "test")}
	if _, err := data.AWS.Region(t.Context(), ""); !errors.Is(err, awsapi.ErrNoRegion) {
		t.Fatalf("this test needs a machine without a Region: %v", err)
	}
	for kind, members := range map[string]map[string]attr.Value{
		"s3_object":    {"bucket": text("site"), "key": text("k")},
		"s3_website":   {"bucket": text("site")},
		"cloudfront":   {"distribution_id": text("E1")},
		"api_gateway":  {"api_id": text("a1"), "stage": text("prod")},
		"rds":          {"db_instance_identifier": text("db")},
		"metric":       {"namespace": text("App"), "metric_name": text("E"), "statistic": text("Sum"), "period": text("60s"), "comparison": text("<"), "threshold": types.Float64Value(1)},
		"target_group": {"arn": text(groupARN)},
		"ecs_service":  {"cluster": text("main"), "service": text("web")},
		"iam":          {"principal_arn": text(roleARN), "actions": names(t, "s3:GetObject")},
	} {
		g := w.gate(t, map[string]attr.Value{"a": objectOf(t, w.check, map[string]attr.Value{kind: objectOf(t, w.kinds[kind], members)})})
		checks, _, diags := g.Build(t.Context(), path.Empty(), checkset.Deps{Data: data})
		if diags.HasError() {
			t.Fatal(diags)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		seen := checks[0].Probe.Probe(ctx)
		cancel()
		if seen.Status != probe.Error || !seen.Final || !strings.Contains(seen.Reason, "AWS_REGION") {
			t.Errorf("%s: %+v", kind, seen)
		}
	}
}
