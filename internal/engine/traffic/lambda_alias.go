package traffic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// LambdaAliasAPI is the part of Lambda that the router calls.
type LambdaAliasAPI interface {
	GetAlias(context.Context, *lambda.GetAliasInput, ...func(*lambda.Options)) (*lambda.GetAliasOutput, error)
	UpdateAlias(context.Context, *lambda.UpdateAliasInput, ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error)
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// LambdaAliasTarget names an alias and the two versions that share it.
type LambdaAliasTarget struct {
	Account      string // whose the function is; part of the identity, as
	Region       string // ... a name is unique in an account and a Region only
	Function     string // name, partial ARN or ARN, without a qualifier
	Alias        string
	BlueVersion  string // a published version; never $LATEST
	GreenVersion string
}

// The reasons of an alias.
const (
	// UnfitVersions: AWS does not let the two versions share an alias: their roles or dead-letter queues differ.
	UnfitVersions UnfitReason = "unequal_versions"
	// UnfitForeignVersion: the alias sends traffic to a version that is neither colour, as a deployment of CodeDeploy
	// does that is under way or was stopped half-way.
	UnfitForeignVersion UnfitReason = "foreign_version"
)

// LambdaAlias moves traffic by the routing weights of an alias. With all traffic on one colour the alias points to it
// alone, as if there never had been another. It is not safe for several goroutines.
type LambdaAlias struct {
	api    LambdaAliasAPI
	target LambdaAliasTarget
	unfit  []*UnfitError // of the two versions
	looked bool          // at the versions: what is published never changes
}

// NewLambdaAlias returns a router over target.
func NewLambdaAlias(api LambdaAliasAPI, target LambdaAliasTarget) *LambdaAlias {
	return &LambdaAlias{api: api, target: target}
}

// function is the name alone.
func (r *LambdaAlias) function() string {
	return r.target.Function[strings.LastIndex(r.target.Function, ":")+1:]
}

// Name names the alias for people.
func (r *LambdaAlias) Name() string {
	return fmt.Sprintf("alias %s of function %s", r.target.Alias, r.function())
}

// Target is account, Region, function and alias, however the function is spelt.
func (r *LambdaAlias) Target() string {
	return strings.Join([]string{"lambda_alias", r.target.Account, r.target.Region, r.function(), r.target.Alias}, ",")
}

// Tier is TierFunction.
func (r *LambdaAlias) Tier() Tier { return TierFunction }

// Read asks for the alias, and the first time for both versions. ErrMissing names what is not there. An alias that
// points to neither colour has no share to report: it is read as half and half, which is never taken for done, and is
// unfit.
func (r *LambdaAlias) Read(ctx context.Context) (State, error) {
	pointer, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	if !r.looked {
		if r.unfit, err = r.lookAtVersions(ctx); err != nil {
			return State{}, err
		}
		r.looked = true
	}
	return r.state(pointer), nil
}

func (r *LambdaAlias) get(ctx context.Context) (aliasPointer, error) {
	out, err := r.api.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &r.target.Function, Name: &r.target.Alias})
	if awsapi.IsNotFound(err) {
		return aliasPointer{}, fmt.Errorf("the %s: %w", r.Name(), ErrMissing)
	}
	if err != nil {
		return aliasPointer{}, err
	}
	return pointerOf(out.FunctionVersion, out.RoutingConfig, out.RevisionId), nil
}

// lookAtVersions finds out whether both versions exist and may share an alias: same execution role, same dead-letter
// queue (or none).
// https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
func (r *LambdaAlias) lookAtVersions(ctx context.Context) ([]*UnfitError, error) {
	var missing []error
	var roles, queues []string
	for _, colour := range []Colour{Blue, Green} {
		version := r.version(colour)
		out, err := r.api.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &r.target.Function, Qualifier: &version})
		switch {
		case awsapi.IsNotFound(err):
			missing = append(missing, fmt.Errorf("the %s version %s of function %s: %w", colour, version, r.function(), ErrMissing))
			continue
		case err != nil:
			return nil, err
		}
		queue := "none"
		if out.DeadLetterConfig != nil && aws.ToString(out.DeadLetterConfig.TargetArn) != "" {
			queue = *out.DeadLetterConfig.TargetArn
		}
		roles, queues = append(roles, aws.ToString(out.Role)), append(queues, queue)
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	var unfit []*UnfitError
	for _, each := range []struct {
		what   string
		values []string
	}{{"execution roles", roles}, {"dead-letter queues", queues}} {
		if each.values[0] != each.values[1] {
			unfit = append(unfit, &UnfitError{Reason: UnfitVersions, Detail: fmt.Sprintf("the versions of function %s have unequal %s: blue (version %s) %s, green (version %s) %s",
				r.function(), each.what, r.target.BlueVersion, each.values[0], r.target.GreenVersion, each.values[1])})
		}
	}
	return unfit, nil
}

func (r *LambdaAlias) version(colour Colour) string {
	if colour == Blue {
		return r.target.BlueVersion
	}
	return r.target.GreenVersion
}

// Set updates the alias on condition that it still has the revision that was read. Everything but version and weights
// stays. Lambda answers once the alias is changed.
// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
func (r *LambdaAlias) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(aliasPointer)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of Lambda", r.Name())
	}
	next := r.pointer(weights, old)
	out, err := r.api.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: &r.target.Function, Name: &r.target.Alias, RevisionId: &old.revision, FunctionVersion: &next.version,
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: next.weights},
	})
	switch {
	case err == nil:
		return r.change(pointerOf(out.FunctionVersion, out.RoutingConfig, out.RevisionId)), nil
	case !awsapi.IsPrecondition(err):
		return Change{}, err
	}
	now, readErr := r.get(ctx)
	switch {
	case errors.Is(readErr, ErrMissing):
		return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, readErr)
	case readErr != nil:
		return Change{}, errors.Join(err, readErr)
	case now.same(next): // an earlier try of the same call was carried out and its answer was lost
		return r.change(now), nil
	default:
		return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
	}
}

func (r *LambdaAlias) change(pointer aliasPointer) Change {
	return Change{ID: pointer.revision, Label: "Lambda alias revision " + pointer.revision, State: r.state(pointer)}
}

// Wait returns at once: the answer of Set is Lambda's word that the alias is changed, and there is nothing else to ask.
func (r *LambdaAlias) Wait(context.Context, Change) error { return nil }

// pointer is the alias with other weights. The version that it points to stays the first as long as it has a share, so
// that a step changes one number.
func (r *LambdaAlias) pointer(weights Weights, old aliasPointer) aliasPointer {
	first := Blue
	if weights.Blue == 0 || (weights.Green > 0 && old.version == r.target.GreenVersion) {
		first = Green
	}
	next := aliasPointer{version: r.version(first), weights: map[string]float64{}}
	if share := weights.Of(first.Other()); share > 0 {
		next.weights[r.version(first.Other())] = float64(share) / 100
	}
	return next
}

// state is what the alias serves.
func (r *LambdaAlias) state(pointer aliasPointer) State {
	state := State{Settled: true, Unfit: slices.Clone(r.unfit), Precondition: Precondition{Token: pointer}}
	shares := pointer.shares()
	weights, others := split(shares, r.target.BlueVersion, r.target.GreenVersion)
	state.Weights = weights
	if len(others) == 0 {
		return state
	}
	var foreign []string
	for _, version := range others {
		foreign = append(foreign, fmt.Sprintf("version %s (%d %%)", version, percent(shares[version])))
	}
	state.Unfit = append(state.Unfit, &UnfitError{Reason: UnfitForeignVersion, Detail: fmt.Sprintf("the %s sends traffic to %s, which is neither blue (version %s) nor green (version %s)",
		r.Name(), strings.Join(foreign, " and "), r.target.BlueVersion, r.target.GreenVersion)})
	return state
}

// aliasPointer is where an alias points: the precondition of a Set, and what it makes.
type aliasPointer struct {
	version  string
	weights  map[string]float64 // share, 0 to 1, of further versions
	revision string
}

func pointerOf(version *string, routing *types.AliasRoutingConfiguration, revision *string) aliasPointer {
	pointer := aliasPointer{version: aws.ToString(version), weights: map[string]float64{}, revision: aws.ToString(revision)}
	if routing != nil {
		maps.Copy(pointer.weights, routing.AdditionalVersionWeights)
	}
	return pointer
}

func (p aliasPointer) same(other aliasPointer) bool {
	return p.version == other.version && maps.Equal(p.weights, other.weights)
}

// shares are all versions with what they have, 0 to 1.
func (p aliasPointer) shares() map[string]float64 {
	shares := map[string]float64{p.version: 1}
	for version, weight := range p.weights {
		shares[version] += weight
		shares[p.version] -= weight
	}
	return shares
}

// percent is a share in whole percent. It is 0 or 100 only for nothing and for everything, but for what a float adds to it.
func percent(share float64) int {
	const nothing = 1e-9
	switch {
	case share < nothing:
		return 0
	case share > 1-nothing:
		return 100
	}
	return min(max(int(math.Round(100*share)), 1), 99)
}
