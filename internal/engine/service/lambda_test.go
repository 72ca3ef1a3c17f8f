package service_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// newFunction makes a function with three versions and an alias "live" on version 1, whose environment holds a secret.
func newFunction(t *testing.T, name string) *lambda.Client {
	t.Helper()
	ctx, config := t.Context(), acctest.Emulator(t).AWSConfig()
	client := lambda.NewFromConfig(config)
	role, err := iam.NewFromConfig(config).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(`{}`)})
	must(t, err)
	_, err = client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role.Role.Arn, Runtime: types.RuntimePython312, Handler: aws.String("a.b"),
		Code: &types.FunctionCode{ZipFile: code(t, "1")}, Publish: true,
		Environment: &types.Environment{Variables: map[string]string{"PASSWORD": "hunter2"}},
	})
	must(t, err)
	for _, body := range []string{"2", "3"} {
		_, err = client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: code(t, body), Publish: true})
		must(t, err)
	}
	_, err = client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1"), Description: aws.String("the live one")})
	must(t, err)
	return client
}

func code(t *testing.T, body string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("a.py")
	must(t, err)
	_, err = file.Write([]byte("x = " + body))
	must(t, err)
	must(t, archive.Close())
	return out.Bytes()
}

func TestLambdaAlias(t *testing.T) {
	client := newFunction(t, "conform")
	point := func(t *testing.T, version string, weights map[string]float64) {
		t.Helper()
		_, err := client.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
			FunctionName: aws.String("conform"), Name: aws.String("live"), FunctionVersion: &version,
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
		must(t, err)
	}
	alias := service.NewLambdaAlias(client, "conform", "live")
	conform(t, subject{
		service:    alias,
		change:     func(t *testing.T) { point(t, "2", map[string]float64{"3": 0.25}) },
		missing:    func() service.Service { return service.NewLambdaAlias(client, "no-such-function", "live") },
		awsService: "lambda", operation: "UpdateAlias",
	})

	t.Run("weights are captured", func(t *testing.T) {
		point(t, "2", map[string]float64{"3": 0.25})
		item, err := alias.Capture(t.Context())
		must(t, err)
		if !strings.Contains(item.Summary, "version 2, 25 % to version 3") {
			t.Errorf("summary %q", item.Summary)
		}
		point(t, "1", map[string]float64{})
		restore(t, alias, item)
		expectSame(t, alias, item)
	})
	t.Run("no secret is kept", func(t *testing.T) {
		item, err := alias.Capture(t.Context())
		must(t, err)
		if strings.Contains(string(item.State), "hunter2") || strings.Contains(string(item.State), "PASSWORD") {
			t.Errorf("the environment is in %s", item.State)
		}
	})
	t.Run("somebody else in between", func(t *testing.T) {
		point(t, "1", map[string]float64{})
		item, err := alias.Capture(t.Context())
		must(t, err)
		point(t, "2", map[string]float64{})
		changes, err := alias.Diff(t.Context(), item)
		must(t, err)
		point(t, "3", map[string]float64{})
		if err := alias.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		restore(t, alias, item)
		expectSame(t, alias, item)
	})
	t.Run("a deleted alias comes back", func(t *testing.T) {
		item, err := alias.Capture(t.Context())
		must(t, err)
		_, err = client.DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: aws.String("conform"), Name: aws.String("live")})
		must(t, err)
		changes := expectDifferent(t, alias, item)
		if changes[0].Action != service.Create {
			t.Errorf("action %s", changes[0].Action)
		}
		must(t, alias.Restore(t.Context(), changes))
		must(t, alias.Restore(t.Context(), changes))
		expectSame(t, alias, item)
	})
	t.Run("a deleted version", func(t *testing.T) {
		item, err := alias.Capture(t.Context())
		must(t, err)
		point(t, "2", map[string]float64{})
		_, err = client.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("conform"), Qualifier: aws.String("1")})
		must(t, err)
		if _, err := alias.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v, want ErrUnrestorable", err)
		}
	})
	t.Run("$LATEST", func(t *testing.T) {
		_, err := client.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: aws.String("conform"), Name: aws.String("latest"), FunctionVersion: aws.String("$LATEST")})
		must(t, err)
		if _, err := service.NewLambdaAlias(client, "conform", "latest").Capture(t.Context()); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("capture: %v, want ErrUnrestorable", err)
		}
	})
}

// provision sets provisioned concurrency; 0 takes it away.
func provision(t *testing.T, client *lambda.Client, function, qualifier string, count int32) {
	t.Helper()
	var err error
	if count == 0 {
		_, err = client.DeleteProvisionedConcurrencyConfig(t.Context(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &qualifier})
	} else {
		_, err = client.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &qualifier, ProvisionedConcurrentExecutions: &count})
	}
	must(t, err)
}

func TestLambdaAliasCapacity(t *testing.T) {
	e, name := acctest.Emulator(t), acctest.Unique(t)
	client := newFunction(t, name)
	alias := service.NewLambdaAlias(client, name, "live")
	point := func(t *testing.T, version string, weights map[string]float64) {
		t.Helper()
		_, err := client.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
			FunctionName: &name, Name: aws.String("live"), FunctionVersion: &version, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
		must(t, err)
	}
	order := func(since int) []string {
		var made []string
		for _, call := range mutating(e)[since:] {
			made = append(made, call.Operation)
		}
		return made
	}
	provision(t, client, name, "live", 4)
	provision(t, client, name, "1", 6)
	change := func(t *testing.T) {
		t.Helper()
		point(t, "2", map[string]float64{})
		provision(t, client, name, "live", 1)
		provision(t, client, name, "1", 2)
	}
	for _, operation := range []string{"PutProvisionedConcurrencyConfig", "UpdateAlias"} {
		t.Run("refused at "+operation, func(t *testing.T) {
			conform(t, subject{
				service: alias, change: change, missing: func() service.Service { return service.NewLambdaAlias(client, "no-such-function", "live") },
				awsService: "lambda", operation: operation,
			})
		})
	}
	item, err := alias.Capture(t.Context())
	must(t, err)

	t.Run("capacity comes before the traffic", func(t *testing.T) {
		change(t)
		changes := expectDifferent(t, alias, item)
		since := len(mutating(e))
		must(t, alias.Restore(t.Context(), changes))
		want := []string{"PutProvisionedConcurrencyConfig", "UpdateAlias", "PutProvisionedConcurrencyConfig"}
		if diff := cmp.Diff(want, order(since)); diff != "" {
			t.Errorf("calls:\n%s", diff)
		}
		ready, err := client.GetProvisionedConcurrencyConfig(t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: aws.String("1")})
		must(t, err)
		if ready.Status != types.ProvisionedConcurrencyStatusEnumReady || aws.ToInt32(ready.RequestedProvisionedConcurrentExecutions) != 6 {
			t.Errorf("version 1 has %d, %s", aws.ToInt32(ready.RequestedProvisionedConcurrentExecutions), ready.Status)
		}
		expectSame(t, alias, item)
	})
	t.Run("under weights", func(t *testing.T) {
		point(t, "1", map[string]float64{"2": 0.5})
		weighted, err := alias.Capture(t.Context())
		must(t, err)
		point(t, "3", map[string]float64{})
		provision(t, client, name, "live", 9)
		point(t, "3", map[string]float64{"2": 0.1})
		restore(t, alias, weighted)
		expectSame(t, alias, weighted)
		restore(t, alias, item)
		expectSame(t, alias, item)
	})
	t.Run("what was not there goes last", func(t *testing.T) {
		provision(t, client, name, "live", 0)
		provision(t, client, name, "1", 0)
		none, err := alias.Capture(t.Context())
		must(t, err)
		change(t)
		changes := expectDifferent(t, alias, none)
		since := len(mutating(e))
		must(t, alias.Restore(t.Context(), changes))
		want := []string{"UpdateAlias", "DeleteProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"}
		if diff := cmp.Diff(want, order(since)); diff != "" {
			t.Errorf("calls:\n%s", diff)
		}
		must(t, alias.Restore(t.Context(), changes))
		expectSame(t, alias, none)
	})
	t.Run("a deleted alias comes back with it", func(t *testing.T) {
		restore(t, alias, item)
		provision(t, client, name, "live", 0)
		_, err := client.DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: &name, Name: aws.String("live")})
		must(t, err)
		restore(t, alias, item)
		expectSame(t, alias, item)
	})
	t.Run("a caller who may not read it", func(t *testing.T) {
		remove := e.Inject(emulator.Fault{Service: "lambda", Operation: "GetProvisionedConcurrencyConfig", Status: 403, Code: "AccessDeniedException"})
		without, err := alias.Capture(t.Context())
		remove()
		must(t, err)
		if len(without.Warnings) != 1 {
			t.Errorf("warnings %q", without.Warnings)
		}
		provision(t, client, name, "live", 8)
		expectSame(t, alias, without)
	})
}

func TestLambdaAliasPublishes(t *testing.T) {
	name := acctest.Unique(t)
	client := newFunction(t, name)
	_, err := client.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("$LATEST")})
	must(t, err)
	if err := service.NewLambdaAlias(client, name, "live").Check(t.Context()); !errors.Is(err, service.ErrUnrestorable) {
		t.Errorf("check: %v, want ErrUnrestorable", err)
	}
	upload := func(t *testing.T, body string) {
		t.Helper()
		_, err := client.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: code(t, body)})
		must(t, err)
	}
	upload(t, "4")
	alias := service.NewLambdaAlias(client, name, "live", service.AliasOptions{Publish: true})
	before := len(mutating(acctest.Emulator(t)))
	must(t, alias.Check(t.Context()))
	if after := len(mutating(acctest.Emulator(t))); after != before {
		t.Errorf("a check made %d mutating call(s)", after-before)
	}
	item, err := alias.Capture(t.Context())
	must(t, err)
	if !strings.Contains(item.Summary, "version 4") || strings.Contains(string(item.State), "hunter2") {
		t.Errorf("summary %q, state %s", item.Summary, item.State)
	}
	expectSame(t, alias, item) // still on $LATEST, which is what was published
	upload(t, "5")
	restore(t, alias, item)
	expectSame(t, alias, item)
	live, err := client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: &name, Name: aws.String("live")})
	must(t, err)
	if aws.ToString(live.FunctionVersion) != "4" {
		t.Errorf("the alias is on %s", aws.ToString(live.FunctionVersion))
	}
}
