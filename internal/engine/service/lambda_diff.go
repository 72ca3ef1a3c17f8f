package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// Diff compares the alias with the capture. A captured version that was deleted since is ErrUnrestorable. What a version needs to
// carry the traffic comes before the traffic, what it needs no more goes last.
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
	if live, err = l.publishedAs(ctx, live, want); err != nil {
		return nil, err
	}
	before, own, after, err := l.capacityChanges(ctx, want, missing)
	if err != nil {
		return nil, err
	}
	moved := missing || !live.equal(want)
	if !moved && len(before)+len(own)+len(after) == 0 {
		return nil, nil
	}
	for _, version := range append(slices.Sorted(maps.Keys(want.Weights)), want.Version) {
		if err := l.needVersion(ctx, version); err != nil {
			return nil, err
		}
	}
	moves, weights, err := l.moves(live, want, revision, missing, len(own) > 0)
	return slices.Concat(before, moves, own, weights, after), err
}

// moves returns the changes of the alias itself. The provisioned concurrency of an alias cannot be changed while it has routing
// weights, so with capacity the weights come in a second change:
// https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
func (l *LambdaAlias) moves(live, want aliasState, revision string, missing, capacity bool) (moves, weights []Change, err error) {
	plain := want
	plain.Weights = map[string]float64{}
	split := capacity && len(want.Weights) > 0
	first := want
	if split {
		first = plain
	}
	if missing || !live.equal(first) {
		change, err := l.move(live, first, aliasApply{State: first, Create: missing, Revision: revision})
		if err != nil {
			return nil, nil, err
		}
		if missing {
			change.Action, change.Detail = Create, fmt.Sprintf("alias %s: gone -> %s", l.alias, first)
		}
		moves = []Change{change}
	}
	if split {
		change, err := l.move(plain, want, aliasApply{State: want, After: &plain})
		if err != nil {
			return nil, nil, err
		}
		weights = []Change{change}
	}
	return moves, weights, nil
}

func (l *LambdaAlias) move(from, to aliasState, apply aliasApply) (Change, error) {
	raw, err := canonical(apply)
	return Change{
		Service: l.Name(), Action: Update, Reversible: true, Estimate: time.Second, Detail: fmt.Sprintf("alias %s: %s -> %s", l.alias, from, to), Apply: raw,
	}, err
}

// onLatest tells whether what the alias serves may change without it.
func (s aliasState) onLatest() bool {
	_, weighted := s.Weights[latestVersion]
	return s.Version == latestVersion || weighted
}

// publish publishes $LATEST, where that was asked for, and returns the alias as if it were on the new version. Nothing is
// published twice: Lambda gives the last version again as long as code and configuration are the same.
// https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
func (l *LambdaAlias) publish(ctx context.Context, state aliasState) (aliasState, error) {
	if !l.options.Publish {
		return state, fmt.Errorf("alias %s points to %s, which changes with every upload: publish a version and point the alias to it: %w", l.Target(), latestVersion, ErrUnrestorable)
	}
	out, err := l.client.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &l.function})
	if err != nil {
		return state, fmt.Errorf("publish a version of function %s: %w", l.function, err)
	}
	state.Version, state.FromLatest = aws.ToString(out.Version), true
	return state, nil
}

// publishedAs returns an alias on $LATEST as if it were on the captured version, when that was published out of $LATEST and
// $LATEST is still the same.
func (l *LambdaAlias) publishedAs(ctx context.Context, live, want aliasState) (aliasState, error) {
	if !want.FromLatest || live.Version != latestVersion {
		return live, nil
	}
	var both [2][]byte
	for i, version := range []string{latestVersion, want.Version} {
		out, err := l.client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &l.function, Qualifier: &version})
		if awsapi.IsNotFound(err) {
			return live, nil // needVersion says so
		}
		if err != nil {
			return live, fmt.Errorf("read version %s of function %s: %w", version, l.function, err)
		}
		if both[i], err = canonical(content(out)); err != nil {
			return live, err
		}
	}
	if string(both[0]) == string(both[1]) {
		live.Version = want.Version
	}
	return live, nil
}

// content is a version's configuration without what belongs to the version and not to what it does. It is compared in
// memory, never kept: the environment is in it.
func content(out *lambda.GetFunctionConfigurationOutput) lambda.GetFunctionConfigurationOutput {
	same := *out
	same.FunctionArn, same.Version, same.RevisionId, same.LastModified, same.MasterArn, same.Description, same.ConfigSha256 = nil, nil, nil, nil, nil, nil, nil
	same.State, same.StateReason, same.StateReasonCode = "", nil, ""
	same.LastUpdateStatus, same.LastUpdateStatusReason, same.LastUpdateStatusReasonCode = "", nil, ""
	if snap := same.SnapStart; snap != nil { // a version is optimized, $LATEST is not
		same.SnapStart = &types.SnapStartResponse{ApplyOn: snap.ApplyOn}
	}
	return same
}
