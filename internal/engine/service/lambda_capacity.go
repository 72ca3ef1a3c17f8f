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

// LambdaCapacityAPI is what publishing and provisioned concurrency ask of the Lambda client, beside reading it.
type LambdaCapacityAPI interface {
	PublishVersion(ctx context.Context, in *lambda.PublishVersionInput, opts ...func(*lambda.Options)) (*lambda.PublishVersionOutput, error)
	PutProvisionedConcurrencyConfig(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigInput, opts ...func(*lambda.Options)) (*lambda.PutProvisionedConcurrencyConfigOutput, error)
	DeleteProvisionedConcurrencyConfig(ctx context.Context, in *lambda.DeleteProvisionedConcurrencyConfigInput, opts ...func(*lambda.Options)) (*lambda.DeleteProvisionedConcurrencyConfigOutput, error)
}

// capacity is provisioned concurrency of one qualifier; 0 is none.
type capacity struct {
	Qualifier string `json:"qualifier"`
	Want      int32  `json:"want"`
	// Wait until it is there: traffic comes next.
	Wait bool `json:"wait,omitempty"`
}

const (
	// Provisioned concurrency takes "a minute or two": https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
	capacityEstimate = 2 * time.Minute
	// capacityPatience is how long traffic waits for it. Without it the version serves all the same, with cold starts, which is
	// better than the release that is being rolled back.
	capacityPatience = 2 * time.Minute
	capacityTimeout  = 10 * time.Minute
	capacityFirst    = 250 * time.Millisecond
	capacityMax      = 5 * time.Second
)

// qualifiers are what a captured alias may have provisioned concurrency at: itself, and the versions that it serves.
func (l *LambdaAlias) qualifiers(state aliasState) []string {
	return slices.Concat([]string{l.alias, state.Version}, slices.Sorted(maps.Keys(state.Weights)))
}

// captureCapacity reads the provisioned concurrency; nil and a warning when the caller may not.
func (l *LambdaAlias) captureCapacity(ctx context.Context, state aliasState) (map[string]int32, []string, error) {
	found := map[string]int32{}
	for _, qualifier := range l.qualifiers(state) {
		config, err := l.capacity(ctx, qualifier)
		if awsapi.IsDenied(err) {
			return nil, []string{fmt.Sprintf("The provisioned concurrency of alias %s is not in the snapshot, because the caller may not read it (lambda:GetProvisionedConcurrencyConfig).", l.Target())}, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if wanted := aws.ToInt32(config.RequestedProvisionedConcurrentExecutions); wanted > 0 {
			found[qualifier] = wanted
		}
	}
	return found, nil, nil
}

// capacity reads the provisioned concurrency of a qualifier; all zero where there is none, or no such qualifier.
func (l *LambdaAlias) capacity(ctx context.Context, qualifier string) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
	out, err := l.client.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &l.function, Qualifier: &qualifier})
	if awsapi.IsNotFound(err) || awsapi.HasCode(err, "ProvisionedConcurrencyConfigNotFoundException") {
		return &lambda.GetProvisionedConcurrencyConfigOutput{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the provisioned concurrency of %s:%s: %w", l.function, qualifier, err)
	}
	return out, nil
}

// capacityChanges returns what has to change of the provisioned concurrency: more for a version, before the alias points to
// it; the alias's own, which Lambda gives to the version that the alias points to, so only after that; and less for a version.
func (l *LambdaAlias) capacityChanges(ctx context.Context, want aliasState, missing bool) (before, own, after []Change, err error) {
	if want.Provisioned == nil { // not captured
		return nil, nil, nil, nil
	}
	for _, qualifier := range l.qualifiers(want) {
		var has int32
		if qualifier != l.alias || !missing {
			config, err := l.capacity(ctx, qualifier)
			if err != nil {
				return nil, nil, nil, err
			}
			has = aws.ToInt32(config.RequestedProvisionedConcurrentExecutions)
		}
		wanted := want.Provisioned[qualifier]
		if has == wanted {
			continue
		}
		change := Change{
			Service: l.Name(), Action: Update, Reversible: true, Estimate: capacityEstimate,
			Detail: fmt.Sprintf("provisioned concurrency of %s:%s: %d -> %d", l.function, qualifier, has, wanted),
		}
		more := wanted > has && qualifier != l.alias
		if change.Apply, err = canonical(aliasApply{Capacity: &capacity{Qualifier: qualifier, Want: wanted, Wait: more}}); err != nil {
			return nil, nil, nil, err
		}
		switch {
		case qualifier == l.alias:
			own = append(own, change)
		case more:
			before = append(before, change)
		default:
			after = append(after, change)
		}
	}
	return before, own, after, nil
}

// provision sets the provisioned concurrency of a qualifier.
func (l *LambdaAlias) provision(ctx context.Context, c capacity) error {
	if c.Want == 0 {
		_, err := l.client.DeleteProvisionedConcurrencyConfig(ctx, &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: &l.function, Qualifier: &c.Qualifier})
		if awsapi.IsNotFound(err) || awsapi.HasCode(err, "ProvisionedConcurrencyConfigNotFoundException") {
			return nil
		}
		return err
	}
	if has, err := l.capacity(ctx, c.Qualifier); err != nil || aws.ToInt32(has.RequestedProvisionedConcurrentExecutions) == c.Want {
		return err // done before
	}
	_, err := l.client.PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{
		FunctionName: &l.function, Qualifier: &c.Qualifier, ProvisionedConcurrentExecutions: &c.Want,
	})
	if err != nil || !c.Wait {
		return err
	}
	waiting, cancel := l.options.Clock.WithTimeout(ctx, capacityPatience)
	defer cancel()
	err = l.waitCapacity(waiting, c.Qualifier)
	var differs *DiffersError
	if errors.As(err, &differs) || (err != nil && waiting.Err() != nil && ctx.Err() == nil) {
		return nil // traffic does not wait any longer; Verify says what is missing
	}
	return err
}

// waitCapacity waits until the provisioned concurrency of a qualifier is there. The error is a *DiffersError when Lambda gave up.
func (l *LambdaAlias) waitCapacity(ctx context.Context, qualifier string) error {
	for delay := capacityFirst; ; delay = min(2*delay, capacityMax) {
		config, err := l.capacity(ctx, qualifier)
		if err != nil {
			return err
		}
		if config.Status == types.ProvisionedConcurrencyStatusEnumReady || config.Status == "" { // "" is none at all
			return nil
		}
		if config.Status == types.ProvisionedConcurrencyStatusEnumFailed {
			return &DiffersError{Target: l.Target(), Total: 1, Details: []string{fmt.Sprintf("provisioned concurrency of %s:%s failed: %s", l.function, qualifier, aws.ToString(config.StatusReason))}}
		}
		if err := l.options.Clock.Sleep(ctx, delay); err != nil {
			return fmt.Errorf("provisioned concurrency of %s:%s is requested, but %d of %d are there: %w", l.function, qualifier,
				aws.ToInt32(config.AvailableProvisionedConcurrentExecutions), aws.ToInt32(config.RequestedProvisionedConcurrentExecutions), err)
		}
	}
}

// Verify reads the alias back and waits until its provisioned concurrency is there, for at most 10 minutes.
func (l *LambdaAlias) Verify(ctx context.Context, item Item) error {
	if err := verify(ctx, l, item); err != nil {
		return err
	}
	want, err := l.decode(item)
	if err != nil {
		return err
	}
	ctx, cancel := l.options.Clock.WithTimeout(ctx, capacityTimeout)
	defer cancel()
	for _, qualifier := range slices.Sorted(maps.Keys(want.Provisioned)) {
		if err := l.waitCapacity(ctx, qualifier); err != nil {
			return err
		}
	}
	return nil
}
