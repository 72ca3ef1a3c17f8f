package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// LambdaVersionsAPI is what a clean-up of versions asks of the Lambda client.
type LambdaVersionsAPI interface {
	ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput, opts ...func(*lambda.Options)) (*lambda.ListVersionsByFunctionOutput, error)
	ListAliases(ctx context.Context, in *lambda.ListAliasesInput, opts ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	ListEventSourceMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput, opts ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	GetProvisionedConcurrencyConfig(ctx context.Context, in *lambda.GetProvisionedConcurrencyConfigInput, opts ...func(*lambda.Options)) (*lambda.GetProvisionedConcurrencyConfigOutput, error)
	GetPolicy(ctx context.Context, in *lambda.GetPolicyInput, opts ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput, opts ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error)
}

// versionApply deletes a version. It stands in place of an aliasApply.
type versionApply struct {
	Function string `json:"function"`
	Version  string `json:"delete_version"`
	ARN      string `json:"arn"`
}

// newestVersion returns the highest number that a version of the function has, or 0. Numbers only go up and are not given
// twice, so that a higher one is newer: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html.
func (l *LambdaAlias) newestVersion(ctx context.Context) (int, error) {
	newest := 0
	if err := l.versions(ctx, func(number int, _ string) { newest = max(newest, number) }); err != nil {
		return 0, err
	}
	return newest, nil
}

func (l *LambdaAlias) versions(ctx context.Context, visit func(number int, arn string)) error {
	in := &lambda.ListVersionsByFunctionInput{FunctionName: &l.function}
	for {
		out, err := l.client.ListVersionsByFunction(ctx, in)
		if err != nil {
			return fmt.Errorf("list the versions of function %s: %w", l.function, err)
		}
		for _, version := range out.Versions {
			if number, err := strconv.Atoi(aws.ToString(version.Version)); err == nil {
				visit(number, aws.ToString(version.FunctionArn))
			}
		}
		if aws.ToString(out.NextMarker) == "" {
			return nil
		}
		in.Marker = out.NextMarker
	}
}

// CleanupBeside returns the deletion of every version that was published after the capture and that nothing will use once
// item and those beside it are back. What uses a version is an alias (its routing weights included), provisioned
// concurrency, an event source mapping, or whoever a resource policy of that version lets invoke it (an API, a bucket, a rule).
func (l *LambdaAlias) CleanupBeside(ctx context.Context, item Item, beside []Item) ([]Change, error) {
	want, err := l.decode(item)
	if err != nil || want.Newest == 0 { // a capture that does not say what was there proves nothing
		return nil, err
	}
	var newer []versionApply
	err = l.versions(ctx, func(number int, arn string) {
		if number > want.Newest {
			newer = append(newer, versionApply{Function: l.function, Version: strconv.Itoa(number), ARN: arn})
		}
	})
	if err != nil || len(newer) == 0 {
		return nil, err
	}
	planned := map[string]aliasState{l.Target(): want}
	for _, other := range beside {
		var state aliasState
		if other.Service == l.Name() && json.Unmarshal(other.State, &state) == nil {
			planned[other.Target] = state
		}
	}
	used, err := l.aliased(ctx, planned)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, version := range newer {
		if slices.Contains(used, version.Version) {
			continue
		}
		if user, err := l.user(ctx, version); err != nil {
			return nil, err
		} else if user != "" {
			continue
		}
		raw, err := canonical(version)
		if err != nil {
			return nil, err
		}
		changes = append(changes, Change{
			Service: l.Name(), Action: Delete, Estimate: time.Second, Apply: raw, Detail: fmt.Sprintf("version %s of function %s: newer than the snapshot, and not in use -> deleted", version.Version, l.function),
		})
	}
	return changes, nil
}

// aliased returns the versions that aliases of the function use: those in planned as they will be, the others as they are.
func (l *LambdaAlias) aliased(ctx context.Context, planned map[string]aliasState) ([]string, error) {
	var used []string
	use := func(version string, weights map[string]float64) {
		used = append(used, version)
		for weighted := range weights {
			used = append(used, weighted)
		}
	}
	for _, state := range planned {
		use(state.Version, state.Weights)
	}
	in := &lambda.ListAliasesInput{FunctionName: &l.function}
	for {
		out, err := l.client.ListAliases(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the aliases of function %s: %w", l.function, err)
		}
		for _, alias := range out.Aliases {
			if _, replaced := planned[l.function+":"+aws.ToString(alias.Name)]; replaced {
				continue
			}
			var weights map[string]float64
			if alias.RoutingConfig != nil {
				weights = alias.RoutingConfig.AdditionalVersionWeights
			}
			use(aws.ToString(alias.FunctionVersion), weights)
		}
		if aws.ToString(out.NextMarker) == "" {
			return used, nil
		}
		in.Marker = out.NextMarker
	}
}

// user says what uses a version other than an alias; empty when nothing does.
func (l *LambdaAlias) user(ctx context.Context, v versionApply) (string, error) {
	_, err := l.client.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &l.function, Qualifier: &v.Version})
	if err == nil {
		return "it has provisioned concurrency", nil
	}
	if !awsapi.HasCode(err, "ProvisionedConcurrencyConfigNotFoundException") && !awsapi.IsNotFound(err) {
		return "", fmt.Errorf("read the provisioned concurrency of version %s of function %s: %w", v.Version, l.function, err)
	}
	_, err = l.client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &l.function, Qualifier: &v.Version})
	if err == nil {
		return "a resource policy lets somebody invoke it", nil
	}
	if !awsapi.IsNotFound(err) {
		return "", fmt.Errorf("read the resource policy of version %s of function %s: %w", v.Version, l.function, err)
	}
	in := &lambda.ListEventSourceMappingsInput{FunctionName: &v.ARN}
	for {
		out, err := l.client.ListEventSourceMappings(ctx, in)
		if err != nil {
			return "", fmt.Errorf("list the event source mappings of version %s of function %s: %w", v.Version, l.function, err)
		}
		for _, mapping := range out.EventSourceMappings {
			if aws.ToString(mapping.FunctionArn) == v.ARN {
				return "an event source mapping feeds it", nil
			}
		}
		if aws.ToString(out.NextMarker) == "" {
			return "", nil
		}
		in.Marker = out.NextMarker
	}
}

// deleteVersion deletes a version, unless it came into use since it was listed. One that is gone is done.
func (l *LambdaAlias) deleteVersion(ctx context.Context, v versionApply) error {
	user, err := l.user(ctx, v)
	if err != nil {
		return err
	}
	if user != "" {
		return fmt.Errorf("version %s of function %s is not deleted, because %s meanwhile: %w", v.Version, l.function, user, ErrConcurrentChange)
	}
	_, err = l.client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &l.function, Qualifier: &v.Version})
	if err == nil || awsapi.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("delete version %s of function %s: %w", v.Version, l.function, err)
}
