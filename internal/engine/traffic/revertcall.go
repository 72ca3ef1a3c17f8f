package traffic

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// The calls are written out rather than the SDK's own inputs marshalled, because a whole input in an interface would keep
// more of the SDK in the binary than we use.

// recordsInput is https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html.
type recordsInput struct {
	HostedZoneID string `json:"HostedZoneId"`
	ChangeBatch  struct {
		Comment string
		Changes []types.Change
	}
}

// RevertCall writes both records as they were read, with weights. It takes no condition: what somebody else changed of
// the records during the switch is undone.
func (r *Route53) RevertCall(state State, weights Weights) (Call, error) {
	pair, ok := state.Precondition.Token.(route53Pair)
	if !ok {
		return Call{}, errForeignState
	}
	next := pair.weighted(weights)
	input := recordsInput{HostedZoneID: r.target.ZoneID}
	input.ChangeBatch.Comment = "terraform-provider-reliability: the switch died, " + weights.String()
	input.ChangeBatch.Changes = []types.Change{
		{Action: types.ChangeActionUpsert, ResourceRecordSet: &next.blue}, {Action: types.ChangeActionUpsert, ResourceRecordSet: &next.green},
	}
	return Call{Service: "route53", Action: "changeResourceRecordSets", Input: input}, nil
}

// RevertCall points the alias as weights say. It takes no condition.
// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
func (r *LambdaAlias) RevertCall(state State, weights Weights) (Call, error) {
	old, ok := state.Precondition.Token.(aliasPointer)
	if !ok {
		return Call{}, errForeignState
	}
	next := r.pointer(weights, old)
	return Call{Service: "lambda", Action: "updateAlias", Input: map[string]any{
		"FunctionName": r.target.Function, "Name": r.target.Alias, "FunctionVersion": next.version,
		"RoutingConfig": map[string]any{"AdditionalVersionWeights": next.weights},
	}}, nil
}

// RevertCall writes the actions as they were read, with weights.
func (r *Listener) RevertCall(state State, weights Weights) (Call, error) {
	old, ok := state.Precondition.Token.(listenerActions)
	if !ok {
		return Call{}, errForeignState
	}
	actions := r.weighted(old.actions, weights)
	if r.isRule() {
		return Call{Service: "elasticloadbalancingv2", Action: "modifyRule", Input: map[string]any{"RuleArn": r.target.ARN, "Actions": actions}}, nil
	}
	return Call{Service: "elasticloadbalancingv2", Action: "modifyListener", Input: map[string]any{"ListenerArn": r.target.ARN, "DefaultActions": actions}}, nil
}

// RevertCall lets the stage serve the deployment that it served, with the canary's share as weights say.
func (r *APIGatewayCanary) RevertCall(state State, weights Weights) (Call, error) {
	old, ok := state.Precondition.Token.(canaryStage)
	if !ok {
		return Call{}, errNotAPIGateway
	}
	operations, err := r.operations(old, weights)
	if err != nil {
		return Call{}, err
	}
	if len(operations) == 0 { // nothing to do as it is; but the canary will have something by then
		operations = []patch{replace("/canarySettings/percentTraffic", "0.0")}
	}
	var patches []map[string]any
	for _, operation := range append(operations, replace("/deploymentId", old.deployment)) {
		patches = append(patches, map[string]any{"Op": operation.op, "Path": operation.path, "Value": aws.String(operation.value)})
	}
	return Call{Service: "apigateway", Action: "updateStage", Input: map[string]any{"RestApiId": r.target.RestAPI, "StageName": r.target.Stage, "PatchOperations": patches}}, nil
}
