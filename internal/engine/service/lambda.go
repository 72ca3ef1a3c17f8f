package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// LambdaAPI is what the lambda_alias service asks of the Lambda client.
type LambdaAPI interface {
	GetAlias(ctx context.Context, in *lambda.GetAliasInput, opts ...func(*lambda.Options)) (*lambda.GetAliasOutput, error)
	CreateAlias(ctx context.Context, in *lambda.CreateAliasInput, opts ...func(*lambda.Options)) (*lambda.CreateAliasOutput, error)
	UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput, opts ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error)
	GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput, opts ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	LambdaVersionsAPI
	LambdaCapacityAPI
}

// LambdaAlias is the lambda_alias service: which version an alias points to, its routing weights, and the provisioned concurrency
// of the alias and of the versions that it serves. Versions never change, so nothing else is captured: no code and no
// environment is kept. An alias that points to $LATEST is refused, because what it serves changes without the alias, or has a
// version published first (AliasOptions).
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
type LambdaAlias struct {
	client   LambdaAPI
	function string
	alias    string
	options  AliasOptions
}

// AliasOptions are what a LambdaAlias may be told. The zero value works.
type AliasOptions struct {
	Clock clock.Clock // nil: the machine's
	// Publish lets a Capture of an alias on $LATEST publish a version. The alias stays on $LATEST; a restore points it to the
	// version, unless $LATEST still is what was published.
	Publish bool
}

// NewLambdaAlias returns the service of one alias of a function (name or ARN).
func NewLambdaAlias(client LambdaAPI, function, alias string, options ...AliasOptions) *LambdaAlias {
	l := &LambdaAlias{client: client, function: function, alias: alias, options: AliasOptions{Clock: clock.System{}}}
	for _, o := range options {
		l.options.Publish = o.Publish
		if o.Clock != nil {
			l.options.Clock = o.Clock
		}
	}
	return l
}

// aliasState is what is captured; what a restore makes live again.
type aliasState struct {
	Description string             `json:"description"`
	Version     string             `json:"version"`
	Weights     map[string]float64 `json:"weights"` // of further versions
	// Newest is the highest number of a version at the capture: what a clean-up goes by. It is 0 where it is not known.
	Newest int `json:"newest,omitempty"`
	// Provisioned concurrency by qualifier: the alias's own name, and numbers of versions; nil when it was not captured.
	Provisioned map[string]int32 `json:"provisioned"`
	// FromLatest: the alias was on $LATEST, and Version was published out of it.
	FromLatest bool `json:"from_latest,omitempty"`
}

type aliasApply struct {
	State    aliasState `json:"state"`
	Create   bool       `json:"create,omitempty"`
	Revision string     `json:"revision,omitempty"` // of the alias as Diff saw it
	// After stands in place of Revision in a second change of the same alias: what the first one makes of it.
	After *aliasState `json:"after,omitempty"`
	// Capacity stands in place of everything else.
	Capacity *capacity `json:"capacity,omitempty"`
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
	if state.onLatest() {
		if state, err = l.publish(ctx, state); err != nil {
			return Item{}, err
		}
	}
	var warnings []string
	if state.Provisioned, warnings, err = l.captureCapacity(ctx, state); err != nil {
		return Item{}, err
	}
	state.Newest, err = l.newestVersion(ctx)
	switch {
	case awsapi.IsDenied(err):
		warnings = append(warnings, fmt.Sprintf("Which versions function %s has is not in the snapshot, because the caller may not list them (lambda:ListVersionsByFunction): a clean-up finds none that is newer.", l.function))
	case err != nil:
		return Item{}, err
	}
	raw, err := canonical(state)
	return Item{Service: l.Name(), Target: l.Target(), Summary: fmt.Sprintf("alias %s on %s", l.alias, state), Objects: 1, State: raw, Warnings: warnings}, err
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
		if change.Action == Delete {
			var version versionApply
			if err := json.Unmarshal(change.Apply, &version); err != nil {
				return fmt.Errorf("clean up after alias %s: %w", l.Target(), err)
			}
			if err := l.deleteVersion(ctx, version); err != nil {
				return err
			}
			continue
		}
		var apply aliasApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore alias %s: %w", l.Target(), err)
		}
		if apply.Capacity != nil {
			if err := l.provision(ctx, *apply.Capacity); err != nil {
				return fmt.Errorf("restore alias %s: %w", l.Target(), err)
			}
			continue
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
	if apply.After != nil {
		live, revision, err := l.read(ctx)
		if err != nil {
			return err
		}
		if !live.equal(*apply.After) && !live.equal(apply.State) {
			return fmt.Errorf("it is on %s: %w", live, ErrConcurrentChange)
		}
		apply.Revision = revision
	}
	_, err := l.client.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: &l.function, Name: &l.alias, FunctionVersion: &apply.State.Version, Description: &apply.State.Description,
		RoutingConfig: routing, RevisionId: &apply.Revision,
	})
	return err
}

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

// Check is a read: one call.
func (l *LambdaAlias) Check(ctx context.Context) error {
	state, _, err := l.read(ctx)
	if err == nil && state.onLatest() && !l.options.Publish {
		_, err = l.publish(ctx, state)
	}
	return err
}
