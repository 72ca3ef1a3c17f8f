package service_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// httpOfTest is an HTTP API with two routes and a stage "live".
type httpOfTest struct {
	*testing.T
	client *apigatewayv2.Client
	api    string
	route  string // id of "GET /"
}

func newHTTP(t *testing.T) *httpOfTest {
	t.Helper()
	ctx := t.Context()
	h := &httpOfTest{T: t, client: apigatewayv2.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	api, err := h.client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String(acctest.Unique(t)), ProtocolType: types.ProtocolTypeHttp})
	must(t, err)
	h.api = *api.ApiId
	for _, key := range []string{"POST /", "GET /"} {
		route, err := h.client.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: &h.api, RouteKey: &key})
		must(t, err)
		h.route = *route.RouteId
	}
	_, err = h.client.CreateStage(ctx, &apigatewayv2.CreateStageInput{
		ApiId: &h.api, StageName: aws.String("live"), DeploymentId: aws.String(h.deploy()), Description: aws.String("the live one"),
		StageVariables:       map[string]string{"colour": "blue", "API_TOKEN": "hunter2"},
		DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: aws.Int32(10), ThrottlingRateLimit: aws.Float64(5)},
		RouteSettings:        map[string]types.RouteSettings{"GET /": {DetailedMetricsEnabled: aws.Bool(true)}},
	})
	must(t, err)
	return h
}

func (h *httpOfTest) deploy() string {
	h.Helper()
	out, err := h.client.CreateDeployment(h.Context(), &apigatewayv2.CreateDeploymentInput{ApiId: &h.api})
	must(h.T, err)
	return *out.DeploymentId
}

func (h *httpOfTest) update(in apigatewayv2.UpdateStageInput) {
	h.Helper()
	in.ApiId, in.StageName = &h.api, aws.String("live")
	_, err := h.client.UpdateStage(h.Context(), &in)
	must(h.T, err)
}

// release is what a bad release does.
func (h *httpOfTest) release() {
	h.Helper()
	h.update(apigatewayv2.UpdateStageInput{
		DeploymentId: aws.String(h.deploy()), Description: aws.String("worse"), StageVariables: map[string]string{"colour": "green", "extra": "1", "API_TOKEN": "correct-horse"},
		DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: aws.Int32(1)},
		RouteSettings:        map[string]types.RouteSettings{"GET /": {DetailedMetricsEnabled: aws.Bool(false)}, "POST /": {ThrottlingBurstLimit: aws.Int32(1)}},
		AccessLogSettings:    &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:api"), Format: aws.String("$context.requestId")},
	})
}

func (h *httpOfTest) live() *apigatewayv2.GetStageOutput {
	h.Helper()
	out, err := h.client.GetStage(h.Context(), &apigatewayv2.GetStageInput{ApiId: &h.api, StageName: aws.String("live")})
	must(h.T, err)
	return out
}

func TestHTTPStage(t *testing.T) {
	h := newHTTP(t)
	s := service.NewHTTPStage(h.client, h.api, "live")
	for _, operation := range []string{"UpdateStage", "DeleteRouteSettings", "DeleteAccessLogSettings"} {
		t.Run("refused at "+operation, func(t *testing.T) {
			conform(t, subject{
				service: s, change: func(*testing.T) { h.release() },
				missing:    func() service.Service { return service.NewHTTPStage(h.client, h.api, "none") },
				awsService: "apigateway", operation: operation,
			})
		})
	}
	item, err := s.Capture(t.Context())
	must(t, err)

	t.Run("no value of a variable is shown", func(t *testing.T) {
		h.release()
		changes := expectDifferent(t, s, item)
		shown := changes[0].Detail + item.Summary + strings.Join(item.Warnings, " ")
		for _, want := range []string{"variables API_TOKEN, colour, extra", "settings of GET /, POST /", "default route settings", "access log", "description", "looks like a secret"} {
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
	t.Run("somebody else in between", func(t *testing.T) {
		h.release()
		changes := expectDifferent(t, s, item)
		h.update(apigatewayv2.UpdateStageInput{StageVariables: map[string]string{"colour": "grey"}})
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		restore(t, s, item)
	})
	t.Run("automatic deployment that was turned on", func(t *testing.T) {
		h.update(apigatewayv2.UpdateStageInput{AutoDeploy: aws.Bool(true)})
		changes := expectDifferent(t, s, item)
		if !strings.Contains(changes[0].Detail, "automatic deployment off") {
			t.Errorf("detail %q", changes[0].Detail)
		}
		must(t, s.Restore(t.Context(), changes))
		expectSame(t, s, item)
	})
	t.Run("automatic deployment at the capture", func(t *testing.T) {
		h.update(apigatewayv2.UpdateStageInput{AutoDeploy: aws.Bool(true)})
		automatic, err := s.Capture(t.Context())
		must(t, err)
		before := aws.ToString(h.live().DeploymentId)
		if !strings.Contains(strings.Join(automatic.Warnings, " "), "deploys automatically") {
			t.Errorf("warnings %q", automatic.Warnings)
		}
		h.update(apigatewayv2.UpdateStageInput{StageVariables: map[string]string{"colour": "green"}})
		restore(t, s, automatic) // nothing was deployed since: it may go on deploying by itself
		expectSame(t, s, automatic)
		if !aws.ToBool(h.live().AutoDeploy) {
			t.Error("automatic deployment was turned off for nothing")
		}
		_, err = h.client.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: &h.api, RouteKey: aws.String("GET /new")})
		must(t, err)
		expectDifferent(t, s, automatic)
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "apigateway", Operation: "UpdateStage", Status: 403, Code: "AccessDeniedException", After: 1})
		changes, err := s.Diff(t.Context(), automatic)
		must(t, err)
		if err := s.Restore(t.Context(), changes); err == nil {
			t.Error("restored although AWS refused")
		}
		remove()
		restore(t, s, automatic)
		expectSame(t, s, automatic)
		if live := h.live(); aws.ToBool(live.AutoDeploy) || aws.ToString(live.DeploymentId) != before {
			t.Errorf("automatic %v on %s, want %s by hand", aws.ToBool(live.AutoDeploy), aws.ToString(live.DeploymentId), before)
		}
		restore(t, s, item)
	})
	t.Run("a deleted stage comes back", func(t *testing.T) {
		_, err := h.client.DeleteStage(t.Context(), &apigatewayv2.DeleteStageInput{ApiId: &h.api, StageName: aws.String("live")})
		must(t, err)
		changes := expectDifferent(t, s, item)
		if changes[0].Action != service.Create {
			t.Errorf("action %s", changes[0].Action)
		}
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "apigateway", Operation: "CreateStage", DropLate: true, Times: 1})
		must(t, s.Restore(t.Context(), changes))
		remove()
		must(t, s.Restore(t.Context(), changes))
		expectSame(t, s, item)
	})
	t.Run("a deleted route", func(t *testing.T) {
		h.release()
		_, err := h.client.DeleteRouteSettings(t.Context(), &apigatewayv2.DeleteRouteSettingsInput{ApiId: &h.api, StageName: aws.String("live"), RouteKey: aws.String("GET /")})
		must(t, err)
		_, err = h.client.DeleteRoute(t.Context(), &apigatewayv2.DeleteRouteInput{ApiId: &h.api, RouteId: &h.route})
		must(t, err)
		changes, err := s.Diff(t.Context(), item)
		if !errors.Is(err, service.ErrUnrestorable) || len(changes) != 1 || !strings.Contains(err.Error(), "GET /") {
			t.Fatalf("%d changes, %v", len(changes), err)
		}
		must(t, s.Restore(t.Context(), changes))
		if changes, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) || len(changes) > 0 {
			t.Errorf("after the restore: %d changes, %v", len(changes), err)
		}
	})
	t.Run("a deleted deployment", func(t *testing.T) {
		var captured struct{ Deployment string }
		must(t, json.Unmarshal(item.State, &captured))
		h.update(apigatewayv2.UpdateStageInput{DeploymentId: aws.String(h.deploy())})
		_, err := h.client.DeleteDeployment(t.Context(), &apigatewayv2.DeleteDeploymentInput{ApiId: &h.api, DeploymentId: &captured.Deployment})
		must(t, err)
		changes, err := s.Diff(t.Context(), item)
		if !errors.Is(err, service.ErrUnrestorable) || len(changes) > 0 || !strings.Contains(err.Error(), captured.Deployment) {
			t.Errorf("%d changes, %v", len(changes), err)
		}
	})
	t.Run("a stage without a deployment", func(t *testing.T) {
		_, err := h.client.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: &h.api, StageName: aws.String("empty")})
		must(t, err)
		if _, err := service.NewHTTPStage(h.client, h.api, "empty").Capture(t.Context()); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("capture: %v", err)
		}
	})
}
