package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// canary is https://docs.aws.amazon.com/apigateway/latest/api/API_CanarySettings.html.
type canary struct {
	PercentTraffic         float64           `json:"percentTraffic"`
	DeploymentID           string            `json:"deploymentId,omitempty"`
	StageVariableOverrides map[string]string `json:"stageVariableOverrides,omitempty"`
	UseStageCache          bool              `json:"useStageCache"`
}

// serves tells that the canary sends traffic to a deployment. There may be no canary.
func (c *canary) serves(deployment string) bool { return c != nil && c.DeploymentID == deployment }

// refuseCanary refuses a share that is none, or a deployment that is not there.
func (a *apigatewayRules) refuseCanary(ctx context.Context, x *exchange, settings *canary) (*answer, error) {
	switch {
	case settings == nil:
		return nil, nil
	case settings.PercentTraffic < 0 || settings.PercentTraffic > 100:
		return x.badRequest("Canary percent traffic must be between 0.0 and 100.0"), nil
	case settings.DeploymentID == "":
		return nil, nil
	}
	return noDeployment(ctx, x, settings.DeploymentID)
}

// withCanaries puts the canaries into moto's description of stages.
func (a *apigatewayRules) withCanaries(x *exchange, reply *answer) *answer {
	var body map[string]json.RawMessage
	if json.Unmarshal(reply.body, &body) != nil {
		return reply
	}
	add := func(stage map[string]json.RawMessage) {
		var name string
		_ = json.Unmarshal(stage["stageName"], &name) // a stage has a name
		if settings := a.canaries[stageKey(x, name)]; settings != nil {
			stage["canarySettings"], _ = json.Marshal(settings) // our own type can be written
		}
		a.settings[stageKey(x, name)].add(stage)
	}
	var stages []map[string]json.RawMessage
	if json.Unmarshal(body["item"], &stages) == nil {
		for _, stage := range stages {
			add(stage)
		}
		body["item"], _ = json.Marshal(stages)
	} else {
		add(body)
	}
	reply.body, _ = json.Marshal(body) // what was read can be written
	reply.header.Del("Content-Length")
	return reply
}

// patchOperation is https://docs.aws.amazon.com/apigateway/latest/api/API_PatchOperation.html.
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value,omitempty"`
	From  string `json:"from,omitempty"`
}

// updateStage is https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html with
// https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html: all of the operations or none.
func (a *apigatewayRules) updateStage(ctx context.Context, x *exchange) (*answer, error) {
	var body struct{ PatchOperations []patchOperation }
	if err := json.Unmarshal(x.body, &body); err != nil {
		return x.badRequest("Invalid request input"), nil
	}
	path, key := apiPath(x, "stages", lastPart(x)), stageKey(x, lastPart(x))
	reply, err := x.ask(ctx, path)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	settings, rest, message := patchCanary(a.canaries[key], body.PatchOperations)
	if message != "" {
		return x.badRequest(message), nil
	}
	others, rest, message := patchSettings(a.settings[key], rest)
	if message != "" {
		return x.badRequest(message), nil
	}
	if settings != nil && settings.DeploymentID == "" {
		settings.DeploymentID = jsonStrings(reply.body)("deploymentId")
	}
	if refused, err := a.refuseCanary(ctx, x, settings); refused != nil || err != nil {
		return refused, err
	}
	for _, operation := range rest {
		if operation.Path == "/deploymentId" {
			if refused, err := noDeployment(ctx, x, operation.Value); refused != nil || err != nil {
				return refused, err
			}
		}
	}
	if len(rest) > 0 {
		if reply, err = x.patch(ctx, path, rest); err != nil || reply.status >= http.StatusBadRequest {
			return reply, err
		}
	}
	a.canaries[key], a.settings[key] = settings, others
	return a.withCanaries(x, reply), nil
}

// patchCanary applies the operations that concern the canary and returns the others as moto understands them, or says
// why an operation is not one. current and next are nil where there is no canary.
func patchCanary(current *canary, operations []patchOperation) (next *canary, rest []patchOperation, message string) {
	if current != nil {
		copied := *current
		copied.StageVariableOverrides = maps.Clone(current.StageVariableOverrides)
		next = &copied
	}
	for _, operation := range operations {
		name, ours := strings.CutPrefix(operation.Path, "/canarySettings")
		switch {
		case !ours && operation.Op == "copy" && next == nil:
			return nil, nil, "Invalid patch path " + operation.From
		case !ours && operation.Op == "copy":
			rest = append(rest, next.promote(operation)...)
		case !ours:
			rest = append(rest, operation)
		case name == "" && operation.Op == "remove":
			next = nil
		default:
			if next == nil {
				next = &canary{}
			}
			if message := next.patch(strings.TrimPrefix(name, "/"), operation); message != "" {
				return nil, nil, message
			}
		}
	}
	return next, rest, ""
}

// patch changes one setting, or says why the operation is not one.
func (c *canary) patch(name string, operation patchOperation) (message string) {
	variable, isVariable := strings.CutPrefix(name, "stageVariableOverrides/")
	switch {
	case isVariable && operation.Op == "remove":
		delete(c.StageVariableOverrides, variable)
	case operation.Op != "replace" && operation.Op != "add":
		return "Invalid patch operation " + operation.Op + " for path " + operation.Path
	case isVariable:
		if c.StageVariableOverrides == nil {
			c.StageVariableOverrides = map[string]string{}
		}
		c.StageVariableOverrides[variable] = operation.Value
	case name == "percentTraffic":
		if _, err := fmt.Sscan(operation.Value, &c.PercentTraffic); err != nil {
			return "Invalid patch value '" + operation.Value + "' for path " + operation.Path + ": must be a number"
		}
	case name == "deploymentId":
		c.DeploymentID = operation.Value
	case name == "useStageCache":
		c.UseStageCache = strings.EqualFold(operation.Value, "true")
	default:
		return "Invalid patch path " + operation.Path
	}
	return ""
}

// promote turns a copy out of the canary into what moto understands.
func (c *canary) promote(operation patchOperation) []patchOperation {
	switch operation.From {
	case "/canarySettings/deploymentId":
		return []patchOperation{{Op: "replace", Path: operation.Path, Value: c.DeploymentID}}
	case "/canarySettings/stageVariableOverrides":
		var replaced []patchOperation
		for name, value := range c.StageVariableOverrides {
			replaced = append(replaced, patchOperation{Op: "replace", Path: "/variables/" + name, Value: value})
		}
		return replaced
	}
	return []patchOperation{operation}
}
