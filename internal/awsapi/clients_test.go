package awsapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
)

// answering starts a server that stands for AWS, and counts what reaches it.
func answering(t *testing.T, handler http.HandlerFunc) (address string, count *atomic.Int64) {
	t.Helper()
	count = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, count
}

// bare takes every AWS setting of this machine away.
func bare(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS",
	} {
		t.Setenv(name, "")
	}
	empty := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", empty)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", empty)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func configuration(address string) Config {
	return Config{
		Config: awsbase.Config{AccessKey: "AKIDEXAMPLE", SecretKey: "example", Region: "eu-west-1", SkipCredsValidation: true, MaxRetries: 1, SuppressDebugLog: true},
		Endpoints: map[string]string{
			"lambda": address, "route53": address, "cloudwatch": address, "sts": address,
		},
	}
}

func TestNothingIsContactedUntilAClientCalls(t *testing.T) {
	bare(t)
	address, count := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Name":"live","FunctionVersion":"3"}`))
	})
	clients := New(configuration(address), "test")
	client, err := clients.Lambda(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := count.Load(); got != 0 {
		t.Fatalf("making a client made %d calls", got)
	}
	alias, err := client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")})
	if err != nil || aws.ToString(alias.FunctionVersion) != "3" || count.Load() != 1 {
		t.Fatalf("got %v, %v after %d calls", alias, err, count.Load())
	}
}

func TestClientsAreKeptPerRegion(t *testing.T) {
	bare(t)
	clients := New(configuration("http://127.0.0.1:1"), "test")
	one, err1 := clients.Lambda(t.Context(), "eu-west-1")
	same, err2 := clients.Lambda(t.Context(), "eu-west-1")
	other, err3 := clients.Lambda(t.Context(), "us-east-1")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if one != same || one == other {
		t.Error("a client is made once for each Region")
	}
	if other.sdk().Options().Region != "us-east-1" {
		t.Errorf("the client's Region is %s", other.sdk().Options().Region)
	}
}

func TestNoCredentialsAndNoRegionAreTold(t *testing.T) {
	bare(t)
	var config *ConfigError
	if _, err := New(Config{Config: awsbase.Config{Region: "eu-west-1", SkipCredsValidation: true}}, "test").Lambda(t.Context(), ""); !errors.As(err, &config) {
		t.Errorf("without credentials: %v", err)
	}
	if !IsCredentials(config) {
		t.Error("a ConfigError counts as a matter of credentials")
	}
	without := configuration("http://127.0.0.1:1")
	without.Region = ""
	if _, err := New(without, "test").Lambda(t.Context(), ""); !errors.Is(err, ErrNoRegion) {
		t.Errorf("without a Region: %v", err)
	}
	if client, err := New(without, "test").Lambda(t.Context(), "eu-north-1"); err != nil || client.sdk().Options().Region != "eu-north-1" {
		t.Errorf("a resource's own Region is enough: %v", err)
	}
}

func TestForbiddenAccountIsRefused(t *testing.T) {
	bare(t)
	address, _ := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
			`<Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`))
	})
	config := configuration(address)
	config.AllowedAccountIds = []string{"999999999999"}
	var refused *ConfigError
	if _, err := New(config, "test").Lambda(t.Context(), ""); !errors.As(err, &refused) || !strings.Contains(err.Error(), "123456789012") {
		t.Errorf("got %v", err)
	}
	config.AllowedAccountIds = []string{"123456789012"}
	if _, err := New(config, "test").Lambda(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestCloudWatchSpeaksJSONToAnOverriddenEndpoint(t *testing.T) {
	bare(t)
	var contentType string
	address, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		contentType = r.Header.Get("Content-Type")
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte(`{}`))
	})
	client, err := New(configuration(address), "test").CloudWatch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{}); err != nil {
		t.Fatal(err)
	}
	if contentType != "application/x-amz-json-1.0" {
		t.Errorf("it spoke %s", contentType)
	}
}

func TestErrorClasses(t *testing.T) {
	bare(t)
	for _, test := range []struct {
		name   string
		status int
		code   string
		is     func(error) bool
	}{
		{"not found", 404, "NoSuchHostedZone", IsNotFound},
		{"denied", 403, "AccessDenied", IsDenied},
		{"expired credentials", 403, "ExpiredToken", IsCredentials},
		{"throttled", 400, "Throttling", IsThrottled},
		{"somebody else was first", 412, "PreconditionFailed", IsPrecondition},
		{"down", 503, "ServiceUnavailable", IsUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			address, count := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Requestid", "11111111-2222-3333-4444-555555555555")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(`<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>` + test.code +
					`</Code><Message>because</Message></Error><RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>`))
			})
			client, err := New(configuration(address), "test").Route53(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z1")})
			if err == nil || !test.is(err) || count.Load() != 1 {
				t.Fatalf("%v after %d calls is not %s", err, count.Load(), test.name)
			}
			all := map[string]func(error) bool{
				"not found": IsNotFound, "denied": IsDenied, "expired credentials": IsCredentials, "throttled": IsThrottled,
				"somebody else was first": IsPrecondition, "down": IsUnreachable,
			}
			for name, other := range all {
				if name != test.name && other(err) {
					t.Errorf("%v is %s as well as %s", err, name, test.name)
				}
			}
			failure, ok := Explain(err)
			if !ok || failure.Code != test.code || failure.Operation != "GetHostedZone" || failure.Service != "Route 53" ||
				failure.Status != test.status || failure.RequestID != "11111111-2222-3333-4444-555555555555" || failure.Message != "because" {
				t.Errorf("explained as %+v", failure)
			}
		})
	}
}

func TestUnreachableAWS(t *testing.T) {
	bare(t)
	client, err := New(configuration("http://127.0.0.1:1"), "test").Route53(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z1")})
	if !IsUnreachable(err) || IsNotFound(err) || IsDenied(err) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String("Z1")})
	if err == nil || IsUnreachable(err) {
		t.Errorf("a cancelled call is not an unreachable AWS: %v", err)
	}
	if _, ok := Explain(errors.New("of our own")); ok {
		t.Error("an error of our own did not come from AWS")
	}
}

func TestValidateEndpoint(t *testing.T) {
	for endpoint, good := range map[string]bool{
		"https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com": true, "http://127.0.0.1:5000": true,
		"127.0.0.1:5000": false, "ftp://host": false, "https://": false, "": false, "http://[": false,
	} {
		if err := ValidateEndpoint(endpoint); (err == nil) != good {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}
