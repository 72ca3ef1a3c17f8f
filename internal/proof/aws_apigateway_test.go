package proof

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// memoryAPI is a REST API with its deployments, which never change, and its stages, whose canaries are the proxy's.
type memoryAPI struct {
	deployments []string
	stages      map[string]map[string]any
}

func (m *memoryAWS) apigateway(r *http.Request, parts []string, body []byte) reply {
	var asked map[string]any
	_ = json.Unmarshal(body, &asked) // no object asks for nothing
	if len(parts) == 1 {
		id := m.name("api")
		m.apis[id] = &memoryAPI{stages: map[string]map[string]any{}}
		return reply{status: http.StatusCreated, body: map[string]any{"id": id, "name": asked["name"]}}
	}
	api := m.apis[parts[1]]
	if api == nil {
		return refusal(http.StatusNotFound, "NotFoundException")
	}
	made := func(body any) reply { return reply{status: http.StatusCreated, body: body} }
	switch last := parts[len(parts)-1]; {
	case parts[2] == "resources" && len(parts) == 3:
		return ok(map[string]any{"item": []any{map[string]any{"id": "root", "path": "/"}}})
	case parts[2] == "resources":
		return made(map[string]any{})
	case parts[2] == "deployments" && r.Method == http.MethodPost:
		id := m.name("dep")
		api.deployments = append(api.deployments, id)
		return made(map[string]any{"id": id, "createdDate": 1767225600 + m.made})
	case last == "deployments":
		list := []any{}
		for _, id := range api.deployments {
			list = append(list, map[string]any{"id": id})
		}
		return ok(map[string]any{"item": list})
	case parts[2] == "deployments":
		if !slices.Contains(api.deployments, last) {
			return refusal(http.StatusNotFound, "NotFoundException")
		}
		return ok(map[string]any{"id": last})
	case len(parts) > 4 && parts[4] == "exports":
		return ok(map[string]any{"openapi": "3.0.1", "info": map[string]any{"title": "t", "version": "1"}, "paths": map[string]any{}})
	case parts[2] == "stages":
		return m.stage(r, api, parts[3:], asked)
	}
	return refusal(http.StatusNotImplemented, "NotImplemented")
}

func (m *memoryAWS) stage(r *http.Request, api *memoryAPI, path []string, asked map[string]any) reply {
	if r.Method == http.MethodPost {
		name := fmt.Sprint(asked["stageName"])
		api.stages[name] = map[string]any{"stageName": name, "deploymentId": asked["deploymentId"], "variables": asked["variables"]}
		return reply{status: http.StatusCreated, body: api.stages[name]}
	}
	if len(path) == 0 {
		list := []any{}
		for _, name := range slices.Sorted(maps.Keys(api.stages)) {
			list = append(list, api.stages[name])
		}
		return ok(map[string]any{"item": list})
	}
	stage := api.stages[path[0]]
	if stage == nil {
		return refusal(http.StatusNotFound, "NotFoundException")
	}
	if r.Method != http.MethodPatch {
		return ok(stage)
	}
	next := maps.Clone(stage)
	operations, _ := asked["patchOperations"].([]any)
	for _, each := range operations {
		operation, _ := each.(map[string]any)
		switch path := fmt.Sprint(operation["path"]); {
		case path == "/deploymentId":
			next["deploymentId"] = operation["value"]
		case strings.HasPrefix(path, "/variables/"):
			variables, _ := next["variables"].(map[string]any)
			variables = maps.Clone(variables)
			if variables == nil {
				variables = map[string]any{}
			}
			variables[strings.TrimPrefix(path, "/variables/")] = operation["value"]
			next["variables"] = variables
		default:
			return refusal(http.StatusBadRequest, "BadRequestException")
		}
	}
	if !m.lost("apigateway", "UpdateStage") {
		api.stages[path[0]] = next
	}
	return ok(next)
}
