package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// apigatewayRules are those of REST APIs (API Gateway v1). The canaries of stages are ours: moto drops them.
type apigatewayRules struct {
	http     *httpRules // the other kind of API, behind the same endpoint
	mu       sync.Mutex
	canaries map[string]*canary        // by stageKey; nil where there is none
	settings map[string]stageSettings  // by stageKey
	exports  map[string]map[string]any // by stageKey of a deployment
}

func newAPIGatewayRules() *apigatewayRules {
	a := &apigatewayRules{http: newHTTPRules()}
	a.reset()
	return a
}

func (a *apigatewayRules) reset() {
	a.http.reset()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.canaries = map[string]*canary{}
	a.settings, a.exports = map[string]stageSettings{}, map[string]map[string]any{}
}

func (a *apigatewayRules) rule(operation string) rule {
	rest, other := a.restRule(operation), a.http.rule(operation)
	if rest == nil && other == nil {
		return nil
	}
	return func(ctx context.Context, x *exchange) (*answer, error) {
		serve := rest
		if isHTTP(x) {
			serve = other
		}
		if serve == nil {
			return nil, nil
		}
		return serve(ctx, x)
	}
}

func (a *apigatewayRules) restRule(operation string) rule {
	var serve rule
	switch operation {
	case "CreateStage":
		serve = a.createStage
	case "UpdateStage":
		serve = a.updateStage
	case "GetStage", "GetStages":
		serve = a.getStages
	case "DeleteStage":
		serve = a.deleteStage
	case "CreateDeployment":
		serve = a.createDeployment
	case "DeleteDeployment":
		serve = a.deleteDeployment
	case "GetDeployment":
		serve = a.getDeployment
	case "GetExport":
		serve = a.export
	default:
		return nil
	}
	return func(ctx context.Context, x *exchange) (*answer, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return serve(ctx, x)
	}
}

// stageKey names a stage, in its Region.
func stageKey(x *exchange, stage string) string { return x.Region + " " + x.Resource + " " + stage }

func apiPath(x *exchange, parts ...string) string {
	path := "/restapis/" + url.PathEscape(x.Resource)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func lastPart(x *exchange) string {
	path := strings.TrimSuffix(x.request.URL.Path, "/")
	return path[strings.LastIndex(path, "/")+1:]
}

func (x *exchange) badRequest(message string) *answer {
	return x.fail(http.StatusBadRequest, "BadRequestException", message)
}

// noDeployment refuses a deployment that the API does not have.
func noDeployment(ctx context.Context, x *exchange, id string) (*answer, error) {
	reply, err := x.ask(ctx, apiPath(x, "deployments"))
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var listed struct{ Item []struct{ ID string } }
	if err := json.Unmarshal(reply.body, &listed); err != nil {
		return nil, fmt.Errorf("read moto's deployments: %w", err)
	}
	for _, deployment := range listed.Item {
		if deployment.ID == id {
			return nil, nil
		}
	}
	return x.badRequest("Deployment id does not exist"), nil
}

// createStage is https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html.
func (a *apigatewayRules) createStage(ctx context.Context, x *exchange) (*answer, error) {
	var body struct {
		StageName, DeploymentID, DocumentationVersion string
		CanarySettings                                *canary
	}
	if err := json.Unmarshal(x.body, &body); err != nil {
		return x.badRequest("Invalid request input"), nil
	}
	if refused, err := noDeployment(ctx, x, body.DeploymentID); refused != nil || err != nil {
		return refused, err
	}
	if refused, err := a.refuseCanary(ctx, x, body.CanarySettings); refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	a.canaries[stageKey(x, body.StageName)] = body.CanarySettings
	a.settings[stageKey(x, body.StageName)] = stageSettings{documentation: body.DocumentationVersion}
	return a.withCanaries(x, reply), nil
}

// getStages puts the canaries into moto's answer.
func (a *apigatewayRules) getStages(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	return a.withCanaries(x, reply), nil
}

func (a *apigatewayRules) deleteStage(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err == nil && reply.status < http.StatusBadRequest {
		delete(a.canaries, stageKey(x, lastPart(x)))
		delete(a.settings, stageKey(x, lastPart(x)))
	}
	return reply, err
}

// stage is the part of a stage that the rules look at.
type stage struct {
	StageName, DeploymentID string
	Variables               map[string]string
}

// deleteDeployment is https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html: not while a stage or
// its canary serves it.
func (a *apigatewayRules) deleteDeployment(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.ask(ctx, apiPath(x, "stages"))
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var listed struct{ Item []stage }
	if err := json.Unmarshal(reply.body, &listed); err != nil {
		return nil, fmt.Errorf("read moto's stages: %w", err)
	}
	id := lastPart(x)
	for _, stage := range listed.Item {
		if stage.DeploymentID == id || a.canaries[stageKey(x, stage.StageName)].serves(id) {
			return x.badRequest("Active stages pointing to this deployment must be moved or deleted"), nil
		}
	}
	return x.forward(ctx)
}

// getDeployment is https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html; moto fails on one that is not
// there.
func (a *apigatewayRules) getDeployment(ctx context.Context, x *exchange) (*answer, error) {
	refused, err := noDeployment(ctx, x, lastPart(x))
	if refused != nil && refused.status == http.StatusBadRequest {
		return x.fail(http.StatusNotFound, "NotFoundException", "Invalid Deployment identifier specified"), nil
	}
	return refused, err
}

// createDeployment is https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html. Moto would replace the
// stage it names by a new one, so the deployment is made alone and the stage then moved to it, or its canary.
func (a *apigatewayRules) createDeployment(ctx context.Context, x *exchange) (*answer, error) {
	var body map[string]json.RawMessage
	if json.Unmarshal(x.body, &body) != nil {
		return nil, nil
	}
	var to struct {
		StageName      string
		Variables      map[string]string
		CanarySettings *canary
	}
	if err := json.Unmarshal(x.body, &to); err != nil {
		return x.badRequest("Invalid request input"), nil
	}
	if to.StageName == "" {
		reply, err := x.forward(ctx)
		if err != nil || reply.status >= http.StatusBadRequest {
			return reply, err
		}
		return reply, a.keepExport(ctx, x, jsonStrings(reply.body)("id"))
	}
	current, err := x.ask(ctx, apiPath(x, "stages", to.StageName))
	if err != nil {
		return nil, err
	}
	exists := current.status < http.StatusBadRequest
	if to.CanarySettings != nil && !exists {
		return x.badRequest("Canary settings need a stage that has a deployment"), nil
	}
	delete(body, "stageName")
	delete(body, "canarySettings")
	encoded, _ := json.Marshal(body) // what was read can be written
	reply, err := x.tell(ctx, http.MethodPost, apiPath(x, "deployments"), encoded)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	id := jsonStrings(reply.body)("id")
	if err := a.keepExport(ctx, x, id); err != nil {
		return nil, err
	}
	if to.CanarySettings != nil {
		to.CanarySettings.DeploymentID = id
		a.canaries[stageKey(x, to.StageName)] = to.CanarySettings
		return reply, nil
	}
	moved, err := x.moveStage(ctx, stage{StageName: to.StageName, DeploymentID: id, Variables: to.Variables}, exists)
	if err != nil || moved.status >= http.StatusBadRequest {
		return moved, err
	}
	return reply, nil
}

// moveStage lets a stage serve a deployment, making the stage where it does not exist.
func (x *exchange) moveStage(ctx context.Context, to stage, exists bool) (*answer, error) {
	if !exists {
		encoded, _ := json.Marshal(map[string]any{"stageName": to.StageName, "deploymentId": to.DeploymentID, "variables": to.Variables})
		return x.tell(ctx, http.MethodPost, apiPath(x, "stages"), encoded)
	}
	operations := []patchOperation{{Op: "replace", Path: "/deploymentId", Value: to.DeploymentID}}
	for name, value := range to.Variables {
		operations = append(operations, patchOperation{Op: "replace", Path: "/variables/" + name, Value: value})
	}
	return x.patch(ctx, apiPath(x, "stages", to.StageName), operations)
}

// patch asks moto to apply operations.
func (x *exchange) patch(ctx context.Context, path string, operations []patchOperation) (*answer, error) {
	encoded, _ := json.Marshal(map[string]any{"patchOperations": operations}) // our own types can be written
	return x.tell(ctx, http.MethodPatch, path, encoded)
}

// tell is ask with a JSON body.
func (x *exchange) tell(ctx context.Context, method, path string, body []byte) (*answer, error) {
	out, err := http.NewRequestWithContext(ctx, method, "http://"+x.moto+path, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	out.ContentLength = int64(len(body))
	out.Header.Set("Content-Type", "application/json")
	out.Header.Set("Authorization", scopedAuthorization(x.Region, x.Service))
	return x.send(out)
}
