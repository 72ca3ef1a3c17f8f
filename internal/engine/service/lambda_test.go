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

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
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
