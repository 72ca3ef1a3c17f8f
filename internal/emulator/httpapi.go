package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// httpRules are the stages and deployments of HTTP and WebSocket APIs (API Gateway v2), all ours: moto has no deployments
// and cannot change a stage. The APIs and their routes are moto's.
type httpRules struct {
	mu   sync.Mutex
	apis map[string]*httpAPI // by Region and id
	made int
}

type httpAPI struct {
	stages      map[string]*httpStage
	deployments map[string]*httpDeployment
}

// httpStage is https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html.
type httpStage struct {
	StageName            string                     `json:"stageName"`
	Description          string                     `json:"description,omitempty"`
	DeploymentID         string                     `json:"deploymentId,omitempty"`
	AutoDeploy           bool                       `json:"autoDeploy"`
	ClientCertificateID  string                     `json:"clientCertificateId,omitempty"`
	StageVariables       map[string]string          `json:"stageVariables"`
	DefaultRouteSettings json.RawMessage            `json:"defaultRouteSettings"`
	RouteSettings        map[string]json.RawMessage `json:"routeSettings"`
	AccessLogSettings    json.RawMessage            `json:"accessLogSettings,omitempty"`
	Tags                 map[string]string          `json:"tags"`
	CreatedDate          string                     `json:"createdDate"`
	LastUpdatedDate      string                     `json:"lastUpdatedDate"`
}

// httpDeployment is https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments-deploymentid.html.
type httpDeployment struct {
	DeploymentID     string `json:"deploymentId"`
	Description      string `json:"description,omitempty"`
	DeploymentStatus string `json:"deploymentStatus"`
	AutoDeployed     bool   `json:"autoDeployed"`
	CreatedDate      string `json:"createdDate"`
}

// httpStageInput is what a caller may say of a stage; nil is silence.
type httpStageInput struct {
	StageName, Description, DeploymentID, ClientCertificateID *string
	AutoDeploy                                                *bool
	StageVariables, Tags                                      map[string]string
	DefaultRouteSettings, AccessLogSettings                   json.RawMessage
	RouteSettings                                             map[string]json.RawMessage
}

func newHTTPRules() *httpRules {
	h := &httpRules{}
	h.reset()
	return h
}

func (h *httpRules) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.apis = map[string]*httpAPI{}
}

// rule returns what serves an operation on an API of this kind, or nil when moto does.
func (h *httpRules) rule(operation string) rule {
	serve := map[string]func(ctx context.Context, x *exchange, api *httpAPI) (*answer, error){
		"CreateStage": h.createStage, "UpdateStage": h.updateStage, "GetStage": h.getStage, "GetStages": h.getStages, "DeleteStage": h.deleteStage,
		"DeleteRouteSettings": h.deleteRouteSettings, "DeleteAccessLogSettings": h.deleteAccessLog,
		"CreateDeployment": h.createDeployment, "GetDeployment": h.getDeployment, "GetDeployments": h.getDeployments, "DeleteDeployment": h.deleteDeployment,
		"UpdateApi": h.changeAPI, "CreateRoute": h.changeAPI, "UpdateRoute": h.changeAPI, "DeleteRoute": h.changeAPI,
		"CreateIntegration": h.changeAPI, "UpdateIntegration": h.changeAPI, "DeleteIntegration": h.changeAPI,
	}[operation]
	if serve == nil {
		return nil
	}
	return func(ctx context.Context, x *exchange) (*answer, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		reply, err := x.ask(ctx, "/v2/apis/"+url.PathEscape(x.Resource))
		if err != nil || reply.status >= http.StatusBadRequest {
			return reply, err
		}
		key := x.Region + " " + x.Resource
		if h.apis[key] == nil {
			h.apis[key] = &httpAPI{stages: map[string]*httpStage{}, deployments: map[string]*httpDeployment{}}
		}
		return serve(ctx, x, h.apis[key])
	}
}

func (x *exchange) json(status int, value any) *answer {
	body, _ := json.Marshal(value) // our own types can be written
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {requestID}}, body: body}
}

func (x *exchange) notFound(message string) *answer {
	return x.fail(http.StatusNotFound, "NotFoundException", message)
}

// stageOf returns the stage that a call is about: /v2/apis/API/stages/STAGE[/...].
func stageOf(x *exchange, api *httpAPI) (*httpStage, *answer) {
	parts := strings.Split(strings.Trim(x.request.URL.Path, "/"), "/")
	if stage := api.stages[parts[4]]; stage != nil {
		return stage, nil
	}
	return nil, x.notFound("Invalid stage identifier specified")
}

func (h *httpRules) createStage(ctx context.Context, x *exchange, api *httpAPI) (*answer, error) {
	var in httpStageInput
	if err := json.Unmarshal(x.body, &in); err != nil || in.StageName == nil {
		return x.badRequest("The stage needs a name"), nil
	}
	if api.stages[*in.StageName] != nil {
		return x.fail(http.StatusConflict, "ConflictException", "Stage already exists"), nil
	}
	stage := &httpStage{
		StageName: *in.StageName, StageVariables: map[string]string{}, DefaultRouteSettings: json.RawMessage(`{"detailedMetricsEnabled":false}`),
		RouteSettings: map[string]json.RawMessage{}, Tags: in.Tags, CreatedDate: x.At.UTC().Format(time.RFC3339),
	}
	if refused, err := h.apply(ctx, x, api, stage, in); refused != nil || err != nil {
		return refused, err
	}
	api.stages[stage.StageName] = stage
	return x.json(http.StatusCreated, stage), nil
}

func (h *httpRules) updateStage(ctx context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stage, refused := stageOf(x, api)
	if refused != nil {
		return refused, nil
	}
	var in httpStageInput
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.badRequest("Invalid request input"), nil
	}
	next := *stage
	next.StageVariables, next.RouteSettings = maps.Clone(stage.StageVariables), maps.Clone(stage.RouteSettings)
	if refused, err := h.apply(ctx, x, api, &next, in); refused != nil || err != nil {
		return refused, err
	}
	*stage = next
	return x.json(http.StatusOK, stage), nil
}

// apply changes what is said of a stage: "Can't be updated if autoDeploy is enabled" stands at the deployment, and a variable
// that is set to "" is removed. https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html
func (h *httpRules) apply(ctx context.Context, x *exchange, api *httpAPI, stage *httpStage, in httpStageInput) (*answer, error) {
	if in.DeploymentID != nil && *in.DeploymentID != "" {
		switch {
		case stage.AutoDeploy || (in.AutoDeploy != nil && *in.AutoDeploy):
			return x.badRequest("Deployment ID cannot be set on a stage with autoDeploy enabled"), nil
		case api.deployments[*in.DeploymentID] == nil:
			return x.notFound("Unable to find Deployment by ID " + *in.DeploymentID + " for this API"), nil
		}
		stage.DeploymentID = *in.DeploymentID
	}
	if refused, err := unknownRoute(ctx, x, in.RouteSettings); refused != nil || err != nil {
		return refused, err
	}
	maps.Copy(stage.RouteSettings, in.RouteSettings)
	for name, value := range in.StageVariables {
		if value == "" {
			delete(stage.StageVariables, name)
		} else {
			stage.StageVariables[name] = value
		}
	}
	for _, field := range []struct{ from, to *string }{{in.Description, &stage.Description}, {in.ClientCertificateID, &stage.ClientCertificateID}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if in.DefaultRouteSettings != nil {
		stage.DefaultRouteSettings = in.DefaultRouteSettings
	}
	if in.AccessLogSettings != nil {
		stage.AccessLogSettings = in.AccessLogSettings
	}
	turnedOn := in.AutoDeploy != nil && *in.AutoDeploy && !stage.AutoDeploy
	if in.AutoDeploy != nil {
		stage.AutoDeploy = *in.AutoDeploy
	}
	if turnedOn {
		stage.DeploymentID = h.deploy(x, api, "Automatic deployment triggered by changes to the Api configuration", true)
	}
	stage.LastUpdatedDate = x.At.UTC().Format(time.RFC3339)
	return nil, nil
}

// unknownRoute refuses settings of a route that the API does not have.
func unknownRoute(ctx context.Context, x *exchange, settings map[string]json.RawMessage) (*answer, error) {
	if len(settings) == 0 {
		return nil, nil
	}
	reply, err := x.ask(ctx, "/v2/apis/"+url.PathEscape(x.Resource)+"/routes")
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var listed struct{ Items []struct{ RouteKey string } }
	if err := json.Unmarshal(reply.body, &listed); err != nil {
		return nil, fmt.Errorf("read moto's routes: %w", err)
	}
	for key := range settings {
		if !slices.Contains(listed.Items, struct{ RouteKey string }{key}) {
			return x.notFound("Unable to find Route by key " + key + " within the provided RouteSettings"), nil
		}
	}
	return nil, nil
}

func (h *httpRules) getStage(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stage, refused := stageOf(x, api)
	if refused != nil {
		return refused, nil
	}
	return x.json(http.StatusOK, stage), nil
}

func (h *httpRules) getStages(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stages := []*httpStage{}
	for _, name := range slices.Sorted(maps.Keys(api.stages)) {
		stages = append(stages, api.stages[name])
	}
	return x.json(http.StatusOK, map[string]any{"items": stages}), nil
}

func (h *httpRules) deleteStage(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stage, refused := stageOf(x, api)
	if refused != nil {
		return refused, nil
	}
	delete(api.stages, stage.StageName)
	return &answer{status: http.StatusNoContent, header: http.Header{}}, nil
}

func (h *httpRules) deleteRouteSettings(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stage, refused := stageOf(x, api)
	if refused != nil {
		return refused, nil
	}
	parts := strings.Split(strings.Trim(x.request.URL.EscapedPath(), "/"), "/")
	key := unescape(parts[len(parts)-1])
	if _, there := stage.RouteSettings[key]; !there {
		return x.notFound("Unable to find RouteSettings by key " + key), nil
	}
	delete(stage.RouteSettings, key)
	return &answer{status: http.StatusNoContent, header: http.Header{}}, nil
}

func (h *httpRules) deleteAccessLog(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	stage, refused := stageOf(x, api)
	if refused != nil {
		return refused, nil
	}
	stage.AccessLogSettings = nil
	return &answer{status: http.StatusNoContent, header: http.Header{}}, nil
}
