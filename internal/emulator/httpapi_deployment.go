package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// deploy makes a deployment of an API as it is now.
func (h *httpRules) deploy(x *exchange, api *httpAPI, description string, automatic bool) string {
	h.made++
	id := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %s %d", x.Region, x.Resource, h.made)))[:6]
	api.deployments[id] = &httpDeployment{
		DeploymentID: id, Description: description, DeploymentStatus: "DEPLOYED", AutoDeployed: automatic, CreatedDate: x.At.UTC().Format(time.RFC3339),
	}
	return id
}

// createDeployment is https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments.html.
func (h *httpRules) createDeployment(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	var in struct{ Description, StageName string }
	if len(x.body) > 0 && json.Unmarshal(x.body, &in) != nil {
		return x.badRequest("Invalid request input"), nil
	}
	stage := api.stages[in.StageName]
	switch {
	case in.StageName != "" && stage == nil:
		return x.notFound("Invalid stage identifier specified"), nil
	case stage != nil && stage.AutoDeploy:
		return x.badRequest("Deployment cannot be created for a stage with autoDeploy enabled"), nil
	}
	id := h.deploy(x, api, in.Description, false)
	if stage != nil {
		stage.DeploymentID = id
	}
	return x.json(http.StatusCreated, api.deployments[id]), nil
}

func (h *httpRules) getDeployment(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	if deployment := api.deployments[lastPart(x)]; deployment != nil {
		return x.json(http.StatusOK, deployment), nil
	}
	return x.notFound("Unable to find Deployment by ID " + lastPart(x) + " for this API"), nil
}

func (h *httpRules) getDeployments(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	deployments := []*httpDeployment{}
	for _, id := range slices.Sorted(maps.Keys(api.deployments)) {
		deployments = append(deployments, api.deployments[id])
	}
	return x.json(http.StatusOK, map[string]any{"items": deployments}), nil
}

// deleteDeployment: not while a stage serves it.
func (h *httpRules) deleteDeployment(_ context.Context, x *exchange, api *httpAPI) (*answer, error) {
	id := lastPart(x)
	if api.deployments[id] == nil {
		return x.notFound("Unable to find Deployment by ID " + id + " for this API"), nil
	}
	for _, stage := range api.stages {
		if stage.DeploymentID == id {
			return x.badRequest("Active stages pointing to this deployment must be moved or deleted"), nil
		}
	}
	delete(api.deployments, id)
	return &answer{status: http.StatusNoContent, header: http.Header{}}, nil
}

// changeAPI deploys to every stage that deploys by itself:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
func (h *httpRules) changeAPI(ctx context.Context, x *exchange, api *httpAPI) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	automatic := ""
	for _, stage := range api.stages {
		if !stage.AutoDeploy {
			continue
		}
		if automatic == "" {
			automatic = h.deploy(x, api, "Automatic deployment triggered by changes to the Api configuration", true)
		}
		stage.DeploymentID = automatic
	}
	return reply, nil
}

// isHTTP tells the two kinds of API apart, whose operations have the same names.
func isHTTP(x *exchange) bool { return strings.HasPrefix(x.request.URL.Path, "/v2/") }
