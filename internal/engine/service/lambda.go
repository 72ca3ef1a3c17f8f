package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// LambdaAPI is what the lambda_alias service asks of the Lambda client.
type LambdaAPI interface {
	GetAlias(ctx context.Context, in *lambda.GetAliasInput, opts ...func(*lambda.Options)) (*lambda.GetAliasOutput, error)
	CreateAlias(ctx context.Context, in *lambda.CreateAliasInput, opts ...func(*lambda.Options)) (*lambda.CreateAliasOutput, error)
	UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput, opts ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error)
	GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput, opts ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// LambdaAlias is the lambda_alias service: which version an alias points to, and its routing weights. Versions never
// change, so the pointer is all there is to capture: no code and no environment is read or kept. An alias that points
// to $LATEST is refused: what it serves changes without the alias.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
type LambdaAlias struct {
	client   LambdaAPI
	function string
	alias    string
}

// NewLambdaAlias returns the service of one alias of a function (name or ARN).
func NewLambdaAlias(client LambdaAPI, function, alias string) *LambdaAlias {
	return &LambdaAlias{client: client, function: function, alias: alias}
}

// aliasState is what is captured; what a restore makes live again.
type aliasState struct {
	Description string             `json:"description"`
	Version     string             `json:"version"`
	Weights     map[string]float64 `json:"weights"` // of further versions
}

type aliasApply struct {
	State    aliasState `json:"state"`
	Create   bool       `json:"create,omitempty"`
	Revision string     `json:"revision,omitempty"` // of the alias as Diff saw it
}

// latestVersion is the version that changes under an alias.
const latestVersion = "$LATEST"

// Name is lambda_alias.
func (l *LambdaAlias) Name() string { return "lambda_alias" }

// Target is function:alias.
func (l *LambdaAlias) Target() string { return l.function + ":" + l.alias }

// Capture reads the alias.
func (l *LambdaAlias) Capture(ctx context.Context) (Item, error) {
	state, _, err := l.read(ctx)
	if err != nil {
		return Item{}, err
	}
	if _, weighted := state.Weights[latestVersion]; state.Version == latestVersion || weighted {
		return Item{}, fmt.Errorf("alias %s points to %s, which changes with every upload: publish a version and point the alias to it: %w",
			l.Target(), latestVersion, ErrUnrestorable)
	}
	raw, err := canonical(state)
	return Item{Service: l.Name(), Target: l.Target(), Summary: fmt.Sprintf("alias %s on %s", l.alias, state), Objects: 1, State: raw}, err
}

func (l *LambdaAlias) read(ctx context.Context) (aliasState, string, error) {
	out, err := l.client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &l.function, Name: &l.alias})
	if awsapi.IsNotFound(err) {
		return aliasState{}, "", fmt.Errorf("alias %s: %w: %w", l.Target(), ErrMissing, err)
	}
	if err != nil {
		return aliasState{}, "", fmt.Errorf("read alias %s: %w", l.Target(), err)
	}
	state := aliasState{Description: aws.ToString(out.Description), Version: aws.ToString(out.FunctionVersion), Weights: map[string]float64{}}
	if out.RoutingConfig != nil {
		maps.Copy(state.Weights, out.RoutingConfig.AdditionalVersionWeights)
	}
	return state, aws.ToString(out.RevisionId), nil
}

// String is for people: "version 3" or "version 3, 10 % to version 4".
func (s aliasState) String() string {
	text := "version " + s.Version
	for _, version := range slices.Sorted(maps.Keys(s.Weights)) {
		text += fmt.Sprintf(", %g %% to version %s", s.Weights[version]*100, version)
	}
	return text
}

func (s aliasState) equal(other aliasState) bool {
	return s.Version == other.Version && s.Description == other.Description && maps.Equal(s.Weights, other.Weights)
}

// Diff compares the alias with the capture. A captured version that was deleted since is ErrUnrestorable.
func (l *LambdaAlias) Diff(ctx context.Context, item Item) ([]Change, error) {
	want, err := l.decode(item)
	if err != nil {
		return nil, err
	}
	live, revision, err := l.read(ctx)
	missing := errors.Is(err, ErrMissing)
	if err != nil && !missing {
		return nil, err
	}
	if !missing && live.equal(want) {
		return nil, nil
	}
	for _, version := range append(slices.Sorted(maps.Keys(want.Weights)), want.Version) {
		if err := l.needVersion(ctx, version); err != nil {
			return nil, err
		}
	}
	change := Change{
		Service: l.Name(), Action: Update, Reversible: true, Estimate: time.Second,
		Detail: fmt.Sprintf("alias %s: %s -> %s", l.alias, live, want),
	}
	if missing {
		change.Action, change.Detail = Create, fmt.Sprintf("alias %s: gone -> %s", l.alias, want)
	}
	change.Apply, err = canonical(aliasApply{State: want, Create: missing, Revision: revision})
	return []Change{change}, err
}

func (l *LambdaAlias) needVersion(ctx context.Context, version string) error {
	_, err := l.client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &l.function, Qualifier: &version})
	if awsapi.IsNotFound(err) {
		return fmt.Errorf("version %s of function %s does not exist any more: %w: %w", version, l.function, ErrUnrestorable, err)
	}
	if err != nil {
		return fmt.Errorf("read version %s of function %s: %w", version, l.function, err)
	}
	return nil
}

func (l *LambdaAlias) decode(item Item) (aliasState, error) {
	var state aliasState
	if err := json.Unmarshal(item.State, &state); err != nil || state.Version == "" {
		return state, fmt.Errorf("the captured state of alias %s cannot be read: %w", l.Target(), errors.Join(err, ErrUnrestorable))
	}
	if state.Weights == nil {
		state.Weights = map[string]float64{}
	}
	return state, nil
}

// Restore points the alias back, provided that nobody changed it since Diff.
func (l *LambdaAlias) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply aliasApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore alias %s: %w", l.Target(), err)
		}
		err := l.apply(ctx, apply)
		if awsapi.IsPrecondition(err) || awsapi.HasCode(err, "ResourceConflictException") {
			// Done before (or its answer was lost), or somebody else came in between.
			live, _, readErr := l.read(ctx)
			if readErr == nil && live.equal(apply.State) {
				continue
			}
			return fmt.Errorf("restore alias %s: %w: %w", l.Target(), ErrConcurrentChange, err)
		}
		if err != nil {
			return fmt.Errorf("restore alias %s: %w", l.Target(), err)
		}
	}
	return nil
}

func (l *LambdaAlias) apply(ctx context.Context, apply aliasApply) error {
	routing := &types.AliasRoutingConfiguration{AdditionalVersionWeights: apply.State.Weights}
	if apply.Create {
		_, err := l.client.CreateAlias(ctx, &lambda.CreateAliasInput{
			FunctionName: &l.function, Name: &l.alias, FunctionVersion: &apply.State.Version, Description: &apply.State.Description, RoutingConfig: routing,
		})
		return err
	}
	_, err := l.client.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: &l.function, Name: &l.alias, FunctionVersion: &apply.State.Version, Description: &apply.State.Description,
		RoutingConfig: routing, RevisionId: &apply.Revision,
	})
	return err
}

// Verify reads the alias back.
func (l *LambdaAlias) Verify(ctx context.Context, item Item) error { return verify(ctx, l, item) }

// verify is what every service does: nothing may differ any more.
func verify(ctx context.Context, s Service, item Item) error {
	left, err := s.Diff(ctx, item)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		details := make([]string, 0, len(left))
		for _, change := range left[:min(len(left), 5)] {
			details = append(details, change.Detail)
		}
		return &DiffersError{Target: s.Target(), Details: details, Total: len(left)}
	}
	return nil
}

// DiffersError says that a target is not as it was captured.
type DiffersError struct {
	Target  string
	Details []string // the first few
	Total   int
}

// Error lists the first differences.
func (e *DiffersError) Error() string {
	return fmt.Sprintf("%s still differs from its capture in %d place(s): %s", e.Target, e.Total, strings.Join(e.Details, "; "))
}

// Check is a Capture: one call.
func (l *LambdaAlias) Check(ctx context.Context) error {
	_, err := l.Capture(ctx)
	return err
}
