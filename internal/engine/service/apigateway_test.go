package service_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// restOfTest is a REST API with a stage "live".
type restOfTest struct {
	*testing.T
	client *apigateway.Client
	api    string
}

func newREST(t *testing.T) *restOfTest {
	t.Helper()
	ctx := t.Context()
	r := &restOfTest{T: t, client: apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	api, err := r.client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String(acctest.Unique(t))})
	must(t, err)
	r.api = *api.Id
	r.method("GET")
	_, err = r.client.CreateStage(ctx, &apigateway.CreateStageInput{
		RestApiId: &r.api, StageName: aws.String("live"), DeploymentId: aws.String(r.deploy()), Description: aws.String("the live one"),
		Variables: map[string]string{"colour": "blue", "DB_PASSWORD": "hunter2"},
	})
	must(t, err)
	r.patch(
		op("replace", "/*/*/throttling/rateLimit", "50"), op("replace", "/~1/GET/caching/ttlInSeconds", "60"),
		op("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:123456789012:log-group:api"), op("replace", "/accessLogSettings/format", "$context.requestId"),
	)
	return r
}

func (r *restOfTest) method(verb string) {
	r.Helper()
	ctx := r.Context()
	resources, err := r.client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: &r.api})
	must(r.T, err)
	root := resources.Items[0].Id
	_, err = r.client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: &r.api, ResourceId: root, HttpMethod: &verb, AuthorizationType: aws.String("NONE")})
	must(r.T, err)
	_, err = r.client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &r.api, ResourceId: root, HttpMethod: &verb, Type: types.IntegrationTypeMock})
	must(r.T, err)
}

func (r *restOfTest) deploy() string {
	r.Helper()
	deployment, err := r.client.CreateDeployment(r.Context(), &apigateway.CreateDeploymentInput{RestApiId: &r.api})
	must(r.T, err)
	return *deployment.Id
}

func op(kind types.Op, path, value string) types.PatchOperation {
	operation := types.PatchOperation{Op: kind, Path: &path}
	if value != "" {
		operation.Value = &value
	}
	return operation
}

func (r *restOfTest) patch(operations ...types.PatchOperation) {
	r.Helper()
	_, err := r.client.UpdateStage(r.Context(), &apigateway.UpdateStageInput{RestApiId: &r.api, StageName: aws.String("live"), PatchOperations: operations})
	must(r.T, err)
}

// release is what a bad release does: another deployment, with a canary of yet another one, other variables and settings.
func (r *restOfTest) release() {
	r.Helper()
	r.patch(
		op("replace", "/deploymentId", r.deploy()), op("replace", "/description", "worse"), op("replace", "/variables/colour", "green"), op("replace", "/variables/extra", "1"),
		op("replace", "/variables/DB_PASSWORD", "correct-horse"), op("replace", "/*/*/throttling/rateLimit", "1"), op("replace", "/~1/POST/metrics/enabled", "true"),
		op("remove", "/accessLogSettings", ""), op("replace", "/tracingEnabled", "true"),
		op("replace", "/canarySettings/deploymentId", r.deploy()), op("replace", "/canarySettings/percentTraffic", "10"), op("replace", "/canarySettings/stageVariableOverrides/colour", "red"),
	)
}

func TestRESTStage(t *testing.T) {
	r := newREST(t)
	s := service.NewRESTStage(r.client, r.api, "live")
	conform(t, subject{
		service: s, change: func(*testing.T) { r.release() },
		missing:    func() service.Service { return service.NewRESTStage(r.client, r.api, "none") },
		awsService: "apigateway", operation: "UpdateStage",
	})
	item, err := s.Capture(t.Context())
	must(t, err)

	t.Run("no value of a variable is shown", func(t *testing.T) {
		r.release()
		changes := expectDifferent(t, s, item)
		shown := changes[0].Detail + item.Summary + strings.Join(item.Warnings, " ")
		for _, want := range []string{"variables DB_PASSWORD, colour, extra", "canary 10 %", "settings of */*, ~1/POST", "access log", "looks like a secret"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%q is not in %q", want, shown)
			}
		}
		for _, secret := range []string{"hunter2", "correct-horse"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is in %q", secret, shown)
			}
		}
		must(t, s.Restore(t.Context(), changes))
	})
	t.Run("a canary is captured", func(t *testing.T) {
		r.release()
		canary, err := s.Capture(t.Context())
		must(t, err)
		r.patch(op("remove", "/canarySettings", ""))
		restore(t, s, canary)
		expectSame(t, s, canary)
		r.patch(op("replace", "/canarySettings/percentTraffic", "60"), op("replace", "/canarySettings/stageVariableOverrides/colour", "pink"), op("replace", "/canarySettings/useStageCache", "true"))
		restore(t, s, canary)
		expectSame(t, s, canary)
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("somebody else in between", func(t *testing.T) {
		r.release()
		changes := expectDifferent(t, s, item)
		r.patch(op("replace", "/variables/colour", "grey"))
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		restore(t, s, item)
	})
	t.Run("a deleted stage comes back, after a first try that failed half-way too", func(t *testing.T) {
		_, err := r.client.DeleteStage(t.Context(), &apigateway.DeleteStageInput{RestApiId: &r.api, StageName: aws.String("live")})
		must(t, err)
		changes := expectDifferent(t, s, item)
		if changes[0].Action != service.Create {
			t.Errorf("action %s", changes[0].Action)
		}
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "apigateway", Operation: "UpdateStage", Status: 403, Code: "AccessDeniedException"})
		if err := s.Restore(t.Context(), changes); err == nil {
			t.Error("restored although AWS refused")
		}
		remove()
		must(t, s.Restore(t.Context(), changes))
		must(t, s.Restore(t.Context(), changes))
		expectSame(t, s, item)
	})
	t.Run("a deleted deployment of a canary", func(t *testing.T) {
		r.release()
		canary, err := s.Capture(t.Context())
		must(t, err)
		var state struct {
			Settings struct{ Canary types.CanarySettings }
		}
		must(t, json.Unmarshal(canary.State, &state))
		r.patch(op("remove", "/canarySettings", ""), op("replace", "/variables/colour", "grey"))
		_, err = r.client.DeleteDeployment(t.Context(), &apigateway.DeleteDeploymentInput{RestApiId: &r.api, DeploymentId: state.Settings.Canary.DeploymentId})
		must(t, err)
		changes, err := s.Diff(t.Context(), canary)
		if !errors.Is(err, service.ErrUnrestorable) || len(changes) != 1 {
			t.Fatalf("%d changes, %v; want one, and the canary unrestorable", len(changes), err)
		}
		must(t, s.Restore(t.Context(), changes))
		if changes, err := s.Diff(t.Context(), canary); !errors.Is(err, service.ErrUnrestorable) || len(changes) > 0 {
			t.Errorf("after the restore: %d changes, %v", len(changes), err)
		}
		restore(t, s, item)
	})
	t.Run("a deleted deployment", func(t *testing.T) {
		r.method("POST")
		r.release()
		stage, err := r.client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &r.api, StageName: aws.String("live")})
		must(t, err)
		worse, err := s.Capture(t.Context())
		must(t, err)
		for _, deployed := range []struct {
			item service.Item
			want []string
		}{{item, []string{"GET"}}, {worse, []string{"GET", "POST"}}} {
			var document struct {
				Openapi string
				Paths   map[string]map[string]any
			}
			must(t, json.Unmarshal(part(t, deployed.item), &document))
			if document.Openapi == "" || len(document.Paths["/"]) != len(deployed.want) {
				t.Errorf("the export is %+v, want the methods %v", document, deployed.want)
			}
		}
		var captured struct {
			Settings struct{ Deployment string }
			Export   string
		}
		must(t, json.Unmarshal(item.State, &captured))
		_, err = r.client.DeleteDeployment(t.Context(), &apigateway.DeleteDeploymentInput{RestApiId: &r.api, DeploymentId: &captured.Settings.Deployment})
		must(t, err)
		changes, err := s.Diff(t.Context(), item)
		if !errors.Is(err, service.ErrUnrestorable) || len(changes) > 0 || !strings.Contains(err.Error(), captured.Export+".gz") || !strings.Contains(err.Error(), "put-rest-api") {
			t.Errorf("%d changes, %v", len(changes), err)
		}
		after, err := r.client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &r.api, StageName: aws.String("live")})
		must(t, err)
		if aws.ToString(after.DeploymentId) != aws.ToString(stage.DeploymentId) {
			t.Errorf("the stage moved to %s", aws.ToString(after.DeploymentId))
		}
	})
	t.Run("no export", func(t *testing.T) {
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "apigateway", Operation: "GetExport", Status: 403, Code: "AccessDeniedException"})
		defer remove()
		without, err := s.Capture(t.Context())
		must(t, err)
		if !strings.Contains(strings.Join(without.Warnings, " "), "No OpenAPI export") {
			t.Errorf("warnings %q", without.Warnings)
		}
	})
}

func part(t *testing.T, item service.Item) []byte {
	t.Helper()
	kept, err := item.Parts.Part(t.Context(), 0)
	must(t, err)
	return kept
}
