package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// HTTPStageAPI is what the http_api_stage service asks of the client of API Gateway's HTTP and WebSocket APIs.
type HTTPStageAPI interface {
	GetStage(ctx context.Context, in *apigatewayv2.GetStageInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStageOutput, error)
	CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateStageOutput, error)
	UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateStageOutput, error)
	DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRouteSettingsOutput, error)
	DeleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteAccessLogSettingsOutput, error)
	GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.GetDeploymentOutput, error)
	GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput, opts ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRoutesOutput, error)
}

// HTTPStage is the http_api_stage service: which deployment of an HTTP or WebSocket API a stage serves, its variables, route settings
// and access log.
//
// A stage with automatic deployment serves every change of its API at once, and API Gateway does not let anybody choose its
// deployment. So when such a stage has moved on since the capture, the restore turns automatic deployment off and lets the
// stage hold the captured deployment; the change says so. It is not turned on again: that would deploy the API as it is now.
//
// Routes and integrations belong to the API and are not captured; a deployment that was deleted, or a route that has settings and
// is gone, is ErrUnrestorable. Tags are not part of it. There is no condition on a call: somebody who writes between our
// reading and our writing, well under a second, is overwritten.
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html
type HTTPStage struct {
	client     HTTPStageAPI
	api, stage string
}

// NewHTTPStage returns the service of a stage of an HTTP or WebSocket API.
func NewHTTPStage(client HTTPStageAPI, api, stage string) *HTTPStage {
	return &HTTPStage{client: client, api: api, stage: stage}
}

// httpStage is what is captured, in normal form: equal meanings are equal JSON.
type httpStage struct {
	Deployment        string                         `json:"deployment"`
	AutoDeploy        bool                           `json:"auto_deploy"`
	Description       string                         `json:"description"`
	ClientCertificate string                         `json:"client_certificate"`
	Variables         map[string]string              `json:"variables"`
	Defaults          types.RouteSettings            `json:"defaults"`
	Routes            map[string]types.RouteSettings `json:"routes"`
	AccessLog         types.AccessLogSettings        `json:"access_log"`
}

type httpStageApply struct {
	Want   httpStage `json:"want"`
	Seen   httpStage `json:"seen"` // at Diff
	Create bool      `json:"create,omitempty"`
}

// Name is http_api_stage.
func (s *HTTPStage) Name() string { return "http_api_stage" }

// Target is api/stage.
func (s *HTTPStage) Target() string { return s.api + "/" + s.stage }

// Capture reads the stage.
func (s *HTTPStage) Capture(ctx context.Context) (Item, error) {
	live, err := s.read(ctx)
	if err != nil {
		return Item{}, err
	}
	if live.Deployment == "" {
		return Item{}, fmt.Errorf("stage %s serves no deployment yet: %w", s.Target(), ErrUnrestorable)
	}
	warnings := sensitiveVariables(s.stage, live.Variables)
	if live.AutoDeploy {
		warnings = append(warnings, fmt.Sprintf("Stage %s deploys automatically. A rollback that has to bring an older deployment back turns that off.", s.Target()))
	}
	raw, err := canonical(live)
	return Item{Service: s.Name(), Target: s.Target(), Summary: fmt.Sprintf("stage %s on %s", s.stage, live), Objects: 1, State: raw, Warnings: warnings}, err
}

// String is for people: "deployment a1b2c3, automatic".
func (h httpStage) String() string {
	if h.AutoDeploy {
		return "deployment " + h.Deployment + ", automatic"
	}
	return "deployment " + h.Deployment
}

func (s *HTTPStage) read(ctx context.Context) (httpStage, error) {
	out, err := s.client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: &s.api, StageName: &s.stage})
	if awsapi.IsNotFound(err) {
		return httpStage{}, fmt.Errorf("stage %s: %w: %w", s.Target(), ErrMissing, err)
	}
	if err != nil {
		return httpStage{}, fmt.Errorf("read stage %s: %w", s.Target(), err)
	}
	live := httpStage{
		Deployment: aws.ToString(out.DeploymentId), AutoDeploy: aws.ToBool(out.AutoDeploy), Description: aws.ToString(out.Description),
		ClientCertificate: aws.ToString(out.ClientCertificateId), Variables: map[string]string{}, Routes: map[string]types.RouteSettings{},
	}
	maps.Copy(live.Variables, out.StageVariables)
	for key, settings := range out.RouteSettings {
		live.Routes[key] = normalRoute(settings)
	}
	if out.DefaultRouteSettings != nil {
		live.Defaults = *out.DefaultRouteSettings
	}
	live.Defaults = normalRoute(live.Defaults)
	if out.AccessLogSettings != nil && aws.ToString(out.AccessLogSettings.DestinationArn) != "" {
		live.AccessLog = *out.AccessLogSettings
	}
	return live, nil
}

// normalRoute writes what is off like what is not said. Limits are left alone: 0 lets nothing through, none is the account's.
func normalRoute(settings types.RouteSettings) types.RouteSettings {
	settings.DetailedMetricsEnabled = aws.Bool(aws.ToBool(settings.DetailedMetricsEnabled))
	if !aws.ToBool(settings.DataTraceEnabled) {
		settings.DataTraceEnabled = nil
	}
	if settings.LoggingLevel == types.LoggingLevelOff {
		settings.LoggingLevel = ""
	}
	return settings
}

// goal is what a restore makes of a live stage: the captured one, but without automatic deployment once the captured deployment
// has to be held against it.
func (h httpStage) goal(live httpStage) httpStage {
	if h.AutoDeploy && (!live.AutoDeploy || live.Deployment != h.Deployment) {
		h.AutoDeploy = false
	}
	return h
}

// Diff compares the stage with the capture. A stage that deployed automatically at the capture and holds the captured
// deployment by hand now is as captured.
func (s *HTTPStage) Diff(ctx context.Context, item Item) ([]Change, error) {
	var captured httpStage
	if err := json.Unmarshal(item.State, &captured); err != nil || captured.Deployment == "" {
		return nil, fmt.Errorf("the captured state of stage %s cannot be read: %w", s.Target(), errors.Join(err, ErrUnrestorable))
	}
	live, err := s.read(ctx)
	missing := errors.Is(err, ErrMissing)
	if err != nil && !missing {
		return nil, err
	}
	want := captured.goal(live)
	if err := s.needDeployment(ctx, want.Deployment, live); err != nil {
		return nil, err
	}
	partly, err := s.withoutGoneRoutes(ctx, &want, live)
	if err != nil {
		return nil, err
	}
	if same, err := equalCanonical(live, want); (same && !missing) || err != nil {
		return nil, errors.Join(err, partly)
	}
	change := Change{Service: s.Name(), Action: Update, Reversible: true, Estimate: time.Second, Detail: fmt.Sprintf("stage %s: %s", s.stage, describeHTTPStage(live, want))}
	if missing {
		change.Action, change.Detail = Create, fmt.Sprintf("stage %s: gone -> %s", s.stage, want)
	}
	change.Apply, err = canonical(httpStageApply{Want: want, Seen: live, Create: missing})
	return []Change{change}, errors.Join(err, partly)
}

func (s *HTTPStage) needDeployment(ctx context.Context, id string, live httpStage) error {
	if id == live.Deployment {
		return nil
	}
	_, err := s.client.GetDeployment(ctx, &apigatewayv2.GetDeploymentInput{ApiId: &s.api, DeploymentId: &id})
	if awsapi.IsNotFound(err) {
		return fmt.Errorf("deployment %s of API %s does not exist any more, so stage %s cannot serve it again. Deploy the earlier configuration of the API, or choose another snapshot: %w",
			id, s.api, s.stage, ErrUnrestorable)
	}
	if err != nil {
		return fmt.Errorf("read deployment %s of API %s: %w", id, s.api, err)
	}
	return nil
}

// withoutGoneRoutes takes the settings of routes that were deleted out of want. partly is then ErrUnrestorable: the rest can
// be put back.
func (s *HTTPStage) withoutGoneRoutes(ctx context.Context, want *httpStage, live httpStage) (partly, err error) {
	var unsure []string
	for key := range want.Routes {
		if _, there := live.Routes[key]; !there {
			unsure = append(unsure, key)
		}
	}
	if len(unsure) == 0 {
		return nil, nil
	}
	there, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	unsure = slices.DeleteFunc(unsure, func(key string) bool { return slices.Contains(there, key) })
	if len(unsure) == 0 {
		return nil, nil
	}
	slices.Sort(unsure)
	want.Routes = maps.Clone(want.Routes)
	for _, key := range unsure {
		delete(want.Routes, key)
	}
	return fmt.Errorf("API %s has no route %q any more, so stage %s cannot have settings for it; everything else can be put back: %w", s.api, unsure, s.stage, ErrUnrestorable), nil
}

// routes returns the keys of the API's routes.
func (s *HTTPStage) routes(ctx context.Context) ([]string, error) {
	var keys []string
	in := &apigatewayv2.GetRoutesInput{ApiId: &s.api}
	for {
		out, err := s.client.GetRoutes(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the routes of API %s: %w", s.api, err)
		}
		for _, route := range out.Items {
			keys = append(keys, aws.ToString(route.RouteKey))
		}
		if aws.ToString(out.NextToken) == "" {
			return keys, nil
		}
		in.NextToken = out.NextToken
	}
}

// Verify reads the stage back.
func (s *HTTPStage) Verify(ctx context.Context, item Item) error { return verify(ctx, s, item) }

// Check is a read: one call.
func (s *HTTPStage) Check(ctx context.Context) error {
	live, err := s.read(ctx)
	if err == nil && live.Deployment == "" {
		return fmt.Errorf("stage %s serves no deployment yet: %w", s.Target(), ErrUnrestorable)
	}
	return err
}
