package live

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// each finds the outcome of every resource, as many side by side as the caller lets calls run. It returns when all are
// done, with those that batch.Done did not get.
func each(ctx context.Context, batch Batch, look func(context.Context, Resource) Outcome) map[Address]Outcome {
	var outcomes []Outcome
	if batch.Done == nil {
		outcomes = make([]Outcome, len(batch.Resources))
	}
	var working errgroup.Group
	working.SetLimit(cap(batch.Caller.slots))
	for i, resource := range batch.Resources {
		working.Go(func() error {
			outcome := look(ctx, resource)
			if batch.Done != nil {
				batch.Done(resource.Address, outcome)
			} else {
				outcomes[i] = outcome
			}
			return nil
		})
	}
	_ = working.Wait() // every failure is an outcome
	if batch.Done != nil {
		return nil
	}
	byAddress := make(map[Address]Outcome, len(outcomes))
	for i, resource := range batch.Resources {
		byAddress[resource.Address] = outcomes[i]
	}
	return byAddress
}
