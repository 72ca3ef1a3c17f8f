package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// APIGatewayAPI is the part of API Gateway that the router calls.
type APIGatewayAPI interface {
	GetStage(context.Context, *apigateway.GetStageInput, ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error)
	GetDeployment(context.Context, *apigateway.GetDeploymentInput, ...func(*apigateway.Options)) (*apigateway.GetDeploymentOutput, error)
	UpdateStage(context.Context, *apigateway.UpdateStageInput, ...func(*apigateway.Options)) (*apigateway.UpdateStageOutput, error)
}

// APIGatewayCanaryTarget names a stage of a REST API, and the deployments that are its colours.
type APIGatewayCanaryTarget struct {
	Account, Region string // where the API is; part of the identity
	RestAPI, Stage  string
	// BlueDeployment and GreenDeployment are both given or both empty. Empty, the deployment that the stage itself serves
	// is the colour that had everything last (blue when nobody knows), and that of its canary is the other.
	BlueDeployment, GreenDeployment string
}

// The reasons of a stage.
const (
	// UnfitNoCanary: there is no second deployment to which traffic could go.
	UnfitNoCanary UnfitReason = "no_canary"
	// UnfitForeignDeployment: the stage or its canary serves a deployment that is neither colour.
	UnfitForeignDeployment UnfitReason = "foreign_deployment"
)

// APIGatewayCanary moves traffic by the canary of a stage. The colour that the stage itself does not serve is its canary,
// and gets its share as percentTraffic, everything included; a switch that went well then promotes it. It is not safe for
// several goroutines.
type APIGatewayCanary struct {
	api    APIGatewayAPI
	target APIGatewayCanaryTarget
	home   Colour
	memory canaryColours // of the last switch
	looked bool          // at the deployments
	gone   string        // a remembered deployment that does not exist any more
}

// NewAPIGatewayCanary returns a router over target.
func NewAPIGatewayCanary(api APIGatewayAPI, target APIGatewayCanaryTarget) *APIGatewayCanary {
	return &APIGatewayCanary{api: api, target: target, home: Blue}
}

// Name names the stage for people.
func (r *APIGatewayCanary) Name() string {
	return fmt.Sprintf("stage %s of REST API %s", r.target.Stage, r.target.RestAPI)
}

// Target is account, Region, API and stage.
func (r *APIGatewayCanary) Target() string {
	return strings.Join([]string{"api_gateway_canary", r.target.Account, r.target.Region, r.target.RestAPI, r.target.Stage}, ",")
}

// Tier is TierGateway.
func (r *APIGatewayCanary) Tier() Tier { return TierGateway }

// canaryColours tell which deployment is which colour.
type canaryColours struct {
	Blue  string `json:"blue"`
	Green string `json:"green"`
}

func (c canaryColours) of(colour Colour) string {
	if colour == Blue {
		return c.Blue
	}
	return c.Green
}

// colourOf is the colour of a deployment; empty for one that is neither.
func (c canaryColours) colourOf(deployment string) Colour {
	switch deployment {
	case "":
		return ""
	case c.Blue:
		return Blue
	case c.Green:
		return Green
	}
	return ""
}

// Recall takes what an earlier router over the same target knew of its colours, and which colour had everything last.
func (r *APIGatewayCanary) Recall(memory json.RawMessage, home Colour) error {
	if home != "" {
		r.home = home
	}
	if len(memory) == 0 {
		return nil
	}
	return json.Unmarshal(memory, &r.memory)
}

// Remember returns what Recall takes, for a state that Read or Set returned.
func (r *APIGatewayCanary) Remember(state State) (json.RawMessage, error) {
	stage, ok := state.Precondition.Token.(canaryStage)
	if !ok {
		return nil, errNotAPIGateway
	}
	return json.Marshal(r.colours(stage))
}

// colours are the deployments of the two colours. One that is not there is empty.
func (r *APIGatewayCanary) colours(stage canaryStage) canaryColours {
	if r.target.BlueDeployment != "" {
		return canaryColours{Blue: r.target.BlueDeployment, Green: r.target.GreenDeployment}
	}
	served, other := r.home, ""
	if remembered := r.memory.colourOf(stage.deployment); remembered != "" {
		served = remembered
		if kept := r.memory.of(served.Other()); kept != r.gone {
			other = kept
		}
	}
	if stage.hasCanary && stage.canary != stage.deployment {
		other = stage.canary
	}
	if served == Blue {
		return canaryColours{Blue: stage.deployment, Green: other}
	}
	return canaryColours{Blue: other, Green: stage.deployment}
}

// Read asks for the stage, and the first time for deployments that it does not serve. ErrMissing names what is not there.
// A stage that serves neither colour has no share to report: it is read as half and half, which is never taken for done,
// and is unfit.
func (r *APIGatewayCanary) Read(ctx context.Context) (State, error) {
	stage, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	if !r.looked {
		if err := r.lookAtDeployments(ctx, stage); err != nil {
			return State{}, err
		}
		r.looked = true
	}
	return r.state(stage), nil
}

func (r *APIGatewayCanary) get(ctx context.Context) (canaryStage, error) {
	out, err := r.api.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &r.target.RestAPI, StageName: &r.target.Stage})
	if awsapi.IsNotFound(err) {
		return canaryStage{}, fmt.Errorf("the %s: %w", r.Name(), ErrMissing)
	}
	if err != nil {
		return canaryStage{}, err
	}
	return canaryStageOf(out.DeploymentId, out.CanarySettings), nil
}

// lookAtDeployments finds out whether the colours that the stage does not serve exist. One that was named must; one that
// is only remembered may be gone, as after a release that replaced it.
func (r *APIGatewayCanary) lookAtDeployments(ctx context.Context, stage canaryStage) error {
	var missing []error
	colours := r.colours(stage)
	for _, colour := range []Colour{Blue, Green} {
		id := colours.of(colour)
		if id == "" || id == stage.deployment || (stage.hasCanary && id == stage.canary) {
			continue
		}
		_, err := r.api.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: &r.target.RestAPI, DeploymentId: &id})
		switch {
		case awsapi.IsNotFound(err) && r.target.BlueDeployment == "":
			r.gone = id
		case awsapi.IsNotFound(err):
			missing = append(missing, fmt.Errorf("the %s deployment %s of REST API %s: %w", colour, id, r.target.RestAPI, ErrMissing))
		case err != nil:
			return err
		}
	}
	return errors.Join(missing...)
}

// Set changes the canary, after a look whether the stage is as it was read: UpdateStage knows no condition, so a change
// that somebody else makes between these two calls is overwritten, and nothing can be done about that. API Gateway
// answers with the stage as it is then.
// https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html
func (r *APIGatewayCanary) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(canaryStage)
	if !ok {
		return Change{}, errNotAPIGateway
	}
	operations, err := r.operations(old, weights)
	if err != nil {
		return Change{}, err
	}
	return r.update(ctx, old, operations, weights.String())
}

// NeedsPromotion tells whether colour has everything, but as a canary still.
func (r *APIGatewayCanary) NeedsPromotion(state State, colour Colour) bool {
	stage, ok := state.Precondition.Token.(canaryStage)
	return ok && state.Weights.Of(colour) == 100 && r.colours(stage).colourOf(stage.deployment) == colour.Other()
}

// Promote lets the stage itself serve colour, which is its canary: deployment and stage variables of the canary become
// those of the stage, and the canary is left with nothing, as AWS describes a promotion. It moves no traffic.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/promote-canary-deployment.html
func (r *APIGatewayCanary) Promote(ctx context.Context, state State, colour Colour) (Change, error) {
	old, ok := state.Precondition.Token.(canaryStage)
	if !ok {
		return Change{}, errNotAPIGateway
	}
	operations := []patch{replace("/canarySettings/percentTraffic", "0.0")}
	if len(old.overrides) > 0 {
		operations = append(operations, patch{op: "copy", from: "/canarySettings/stageVariableOverrides", path: "/variables"})
	}
	operations = append(operations, replace("/deploymentId", r.colours(old).of(colour)))
	r.memory = r.colours(old) // or the roles would be read anew from what the stage serves afterwards
	return r.update(ctx, old, operations, "the promotion of "+string(colour))
}

func (r *APIGatewayCanary) update(ctx context.Context, old canaryStage, operations []patch, what string) (Change, error) {
	now, err := r.get(ctx)
	switch {
	case errors.Is(err, ErrMissing):
		return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, err)
	case err != nil:
		return Change{}, err
	case !now.same(old):
		return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
	case len(operations) > 0:
		out, err := r.api.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &r.target.RestAPI, StageName: &r.target.Stage, PatchOperations: sdkPatches(operations)})
		if err != nil {
			return Change{}, err
		}
		now = canaryStageOf(out.DeploymentId, out.CanarySettings)
	}
	return Change{ID: what, Label: "stage with " + what, State: r.state(now)}, nil
}

// Wait returns at once: the answer of UpdateStage is API Gateway's word that the stage is changed, and there is nothing
// else to ask.
func (r *APIGatewayCanary) Wait(context.Context, Change) error { return nil }

// operations make the weights live. A canary that had another deployment loses the stage variables that went with it.
func (r *APIGatewayCanary) operations(stage canaryStage, weights Weights) (operations []patch, err error) {
	colours := r.colours(stage)
	served := colours.colourOf(stage.deployment)
	if served == "" {
		return nil, r.foreign(stage, []string{stage.deployment})
	}
	other, share := colours.of(served.Other()), weights.Of(served.Other())
	switch {
	case share == 0 && stage.percent == 0:
		return nil, nil
	case share == 0:
		return []patch{replace("/canarySettings/percentTraffic", "0.0")}, nil
	case other == "":
		return nil, r.noCanary(served.Other())
	}
	if !stage.hasCanary || stage.canary != other {
		for name := range stage.overrides {
			operations = append(operations, patch{op: "remove", path: "/canarySettings/stageVariableOverrides/" + name})
		}
		operations = append(operations, replace("/canarySettings/deploymentId", other))
	}
	return append(operations, replace("/canarySettings/percentTraffic", fmt.Sprintf("%d.0", share))), nil
}

// state is what the stage serves.
func (r *APIGatewayCanary) state(stage canaryStage) State {
	state := State{Settled: true, Precondition: Precondition{Token: stage}}
	colours := r.colours(stage)
	weights, foreign := split(stage.shares(), colours.Blue, colours.Green)
	state.Weights = weights
	if len(foreign) > 0 {
		state.Unfit = append(state.Unfit, r.foreign(stage, foreign))
	} else if colours.colourOf(stage.deployment) == "" { // everything goes through a canary in front of a foreign deployment
		state.Unfit = append(state.Unfit, r.foreign(stage, []string{stage.deployment}))
	}
	for _, colour := range []Colour{Blue, Green} {
		if colours.of(colour) == "" {
			state.Unfit = append(state.Unfit, r.noCanary(colour))
		}
	}
	return state
}

func (r *APIGatewayCanary) noCanary(colour Colour) *UnfitError {
	return &UnfitError{Reason: UnfitNoCanary, To: colour, Detail: fmt.Sprintf("the %s has no canary with another deployment, so there is no %s to which traffic could go", r.Name(), colour)}
}

func (r *APIGatewayCanary) foreign(stage canaryStage, deployments []string) *UnfitError {
	colours := r.colours(stage)
	return &UnfitError{Reason: UnfitForeignDeployment, Detail: fmt.Sprintf("the %s serves deployment %s, which is neither blue (%s) nor green (%s)",
		r.Name(), strings.Join(deployments, " and "), colours.Blue, colours.Green)}
}

// canaryStage is what a stage serves: the precondition of a Set, and what it makes.
type canaryStage struct {
	deployment string
	hasCanary  bool
	canary     string // deployment
	percent    float64
	overrides  map[string]string // stage variables of the canary
}

var errNotAPIGateway = errors.New("the precondition is not one of API Gateway")

func (s canaryStage) same(other canaryStage) bool {
	return s.deployment == other.deployment && s.hasCanary == other.hasCanary && s.canary == other.canary &&
		s.percent == other.percent && maps.Equal(s.overrides, other.overrides)
}

// shares are the deployments with what they have, 0 to 1.
func (s canaryStage) shares() map[string]float64 {
	shares := map[string]float64{s.deployment: 1 - s.percent/100}
	if s.hasCanary {
		shares[s.canary] += s.percent / 100
	}
	return shares
}
