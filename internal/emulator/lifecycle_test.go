package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.uber.org/goleak"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func emulatorOfItsOwn(t *testing.T) (*emulator.Emulator, error) {
	t.Helper()
	started, err := emulator.Start(t.Context(), emulator.Options{Log: os.Getenv("EMULATOR_LOG")})
	if err == nil {
		t.Cleanup(func() {
			if err := started.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return started, err
}

// children returns the moto processes of a process.
func children(t *testing.T, parent int) []string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "pgrep", "-f", "-P", strconv.Itoa(parent), "serve_forever").Output()
	var failed *exec.ExitError
	if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != 1) { // 1: there is none
		t.Fatal(err)
	}
	return strings.Fields(string(output))
}

// isRunning tells that a process is there and not a zombie.
func isRunning(t *testing.T, pid string) bool {
	t.Helper()
	state, _ := exec.CommandContext(t.Context(), "ps", "-o", "state=", "-p", pid).Output() // fails when it is gone
	return len(state) > 0 && !strings.HasPrefix(string(state), "Z")
}

// pythons counts the moto processes that we started.
func pythons(t *testing.T) int {
	t.Helper()
	return len(children(t, os.Getpid()))
}

func TestCloseLeavesNothing(t *testing.T) {
	before, running := goleak.IgnoreCurrent(), pythons(t)
	own, err := emulator.Start(t.Context(), emulator.Options{Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	if err := identity(t.Context(), own.AWSConfig()); err != nil {
		t.Error(err)
	}
	if got := pythons(t); got != running+1 {
		t.Errorf("%d moto processes, want %d", got, running+1)
	}
	for range 2 {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := pythons(t); got != running {
		t.Errorf("%d moto processes after Close, want %d", got, running)
	}
	goleak.VerifyNone(t, before)
}

func TestStartIsCancelled(t *testing.T) {
	before, running := goleak.IgnoreCurrent(), pythons(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := emulator.Start(ctx, emulator.Options{}); err == nil {
		t.Error("started in spite of a cancelled context")
	}
	if got := pythons(t); got != running {
		t.Errorf("%d moto processes, want %d", got, running)
	}
	goleak.VerifyNone(t, before)
}

func TestWithoutPython(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := emulator.Start(t.Context(), emulator.Options{})
	var missing *emulator.NoMotoError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "pip install 'moto[server]=="+emulator.MotoVersion+"'") {
		t.Errorf("error %v does not say what to install", err)
	}
}

func TestResetForgets(t *testing.T) {
	own, err := emulatorOfItsOwn(t)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	records, functions := route53.NewFromConfig(own.AWSConfig()), lambda.NewFromConfig(own.AWSConfig())
	for run := range 2 {
		if calls := own.Calls(); len(calls) != 0 {
			t.Fatalf("run %d begins with calls %+v", run, calls)
		}
		zoneID := zone(t, records, "reset.test")
		must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, records, zoneID, change(create, record("a.reset.test", "192.0.2.1"))))
		listed := must[*lambda.ListFunctionsOutput](t)(functions.ListFunctions(ctx, &lambda.ListFunctionsInput{}))
		if len(listed.Functions) != 0 {
			t.Errorf("run %d begins with %d functions", run, len(listed.Functions))
		}
		role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(own.AWSConfig()).CreateRole(ctx, &iam.CreateRoleInput{
			RoleName: aws.String("reset"), AssumeRolePolicyDocument: aws.String("{}"),
		}))
		must[*lambda.CreateFunctionOutput](t)(functions.CreateFunction(ctx, &lambda.CreateFunctionInput{
			FunctionName: aws.String("reset"), Role: role.Role.Arn, Runtime: types.RuntimePython312,
			Handler: aws.String("index.handler"), Code: &types.FunctionCode{ZipFile: code(t, "0")},
		}))
		invoked := must[*lambda.InvokeOutput](t)(functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("reset")}))
		if string(invoked.Payload) != "null" {
			t.Errorf("run %d invokes a function of the run before: %s", run, invoked.Payload)
		}
		own.OnInvoke("reset", func(string, []byte) ([]byte, string) { return []byte("1"), "" })
		own.Inject(emulator.Fault{Service: "sts", Throttle: true})
		if err := own.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		if err := identity(ctx, own.AWSConfig()); err != nil {
			t.Errorf("run %d: a fault survived: %v", run, err)
		}
		own.ResetCalls()
	}
}

func TestCallsAreNamed(t *testing.T) {
	own, err := emulatorOfItsOwn(t)
	if err != nil {
		t.Fatal(err)
	}
	ctx, config := t.Context(), own.AWSConfig()
	config.Region = "eu-west-1"
	functions := lambda.NewFromConfig(config)
	_, _ = functions.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")})
	_, _ = functions.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	_, _ = sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	_, _ = jsonCloudWatch(config).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("N")})
	_, _ = s3.NewFromConfig(config).GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("b")})
	want := []emulator.Call{
		{Service: "lambda", Operation: "GetAlias", Resource: "f", Status: 404, Code: "ResourceNotFoundException"},
		{Service: "lambda", Operation: "DeleteFunction", Resource: "f", Status: 404, Code: "ResourceNotFoundException", Mutating: true},
		{Service: "sts", Operation: "GetCallerIdentity", Status: 200},
		{Service: "cloudwatch", Operation: "PutMetricData", Resource: "N", Status: 200, Mutating: true},
		{Service: "s3", Operation: "GetBucketVersioning", Resource: "b", Status: 404, Code: "NoSuchBucket"},
	}
	got := own.Calls()
	if len(got) != len(want) {
		t.Fatalf("%d calls %+v, want %d", len(got), got, len(want))
	}
	for i, call := range got {
		if time.Since(call.At) > time.Minute || call.Region != "eu-west-1" {
			t.Errorf("call %d at %v in %s", i, call.At, call.Region)
		}
		if key, err := config.Credentials.Retrieve(ctx); err != nil || call.Caller != key.AccessKeyID {
			t.Errorf("call %d is of %q, not %q, %v", i, call.Caller, key.AccessKeyID, err)
		}
		if call.Digest == "" {
			t.Errorf("call %d has no digest of what it asked", i)
		}
		call.At, call.Region, call.Caller, call.Digest = time.Time{}, "", "", ""
		if call != want[i] {
			t.Errorf("call %+v, want %+v", call, want[i])
		}
	}
}

// What nobody serves is a 501 at once, not a page that the SDK retries.
func TestNotImplemented(t *testing.T) {
	before := len(shared.Calls())
	_, err := cloudwatch.NewFromConfig(shared.AWSConfig()).ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{})
	wantCode(t, err, "NotImplemented")
	_, err = route53.NewFromConfig(shared.AWSConfig()).ListCidrCollections(t.Context(), &route53.ListCidrCollectionsInput{})
	wantCode(t, err, "NotImplemented")
	if calls := shared.Calls()[before:]; len(calls) != 2 || calls[0].Status != http.StatusNotImplemented {
		t.Errorf("calls %+v, want one each", calls)
	}
}

func TestAdmin(t *testing.T) {
	client, name := function(t, "admin", 1), aws.String("admin")
	ctx := t.Context()
	ask := func(method, path, body string, want int) (answer string) {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, method, shared.URL()+"/_emulator/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close() //nolint:errcheck // read to its end
		if response.StatusCode != want {
			t.Fatalf("%s %s: status %d, want %d", method, path, response.StatusCode, want)
		}
		return string(must[[]byte](t)(io.ReadAll(response.Body)))
	}
	ask("PUT", "lambda/admin", `{"*":{"response":{"ok":true}},"1":{"response":{"errorMessage":"x"},"function_error":"Handled"}}`, http.StatusNoContent)
	good := must[*lambda.InvokeOutput](t)(client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name}))
	bad := must[*lambda.InvokeOutput](t)(client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Qualifier: aws.String("1")}))
	if string(good.Payload) != `{"ok":true}` || aws.ToString(bad.FunctionError) != "Handled" {
		t.Errorf("invoked %s, error %q", good.Payload, aws.ToString(bad.FunctionError))
	}
	ask("DELETE", "lambda/admin", "", http.StatusNoContent)
	ask("POST", "faults", `{"Service":"sts","Times":1,"Code":"Injected"}`, http.StatusNoContent)
	wantCode(t, identity(ctx, once()), "Injected")
	ask("POST", "faults", `{"Nothing":1}`, http.StatusBadRequest)
	var calls []emulator.Call
	if err := json.Unmarshal([]byte(ask("GET", "calls", "", http.StatusOK)), &calls); err != nil {
		t.Fatal(err)
	}
	if last := calls[len(calls)-1]; last.Code != "Injected" {
		t.Errorf("the last call is %+v", last)
	}
	ask("GET", "nothing", "", http.StatusNotFound)
}

// The child ends with a parent that is killed and cannot close it.
func TestKilledParentLeavesNothing(t *testing.T) {
	if os.Getenv("EMULATOR_TEST_CHILD") != "" {
		started, err := emulator.Start(t.Context(), emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("URL " + started.URL() + "\n") //nolint:errcheck // the parent notices
		select {}
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledParentLeavesNothing$")
	child.Env = append(os.Environ(), "EMULATOR_TEST_CHILD=1")
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(seen.String(), "URL http://") {
		read, err := output.Read(buffer)
		if err != nil {
			t.Fatalf("the child said %q: %v", seen.String(), err)
		}
		seen.Write(buffer[:read])
	}
	moto := children(t, child.Process.Pid)
	if len(moto) != 2 { // the shared emulator of the child's TestMain, and its own
		t.Fatalf("the child has processes %v, want 2", moto)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	deadline := time.Now().Add(10 * time.Second)
	for _, pid := range moto {
		for isRunning(t, pid) {
			if time.Now().After(deadline) {
				t.Fatalf("moto %s outlives its parent", pid)
			}
		}
	}
}
