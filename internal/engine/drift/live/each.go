package live

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// each finds the outcome of every resource, as many side by side as the caller lets calls run. It returns when all are
// done.
func each(ctx context.Context, batch Batch, look func(context.Context, Resource) Outcome) map[Address]Outcome {
	outcomes := make([]Outcome, len(batch.Resources))
	var working errgroup.Group
	working.SetLimit(cap(batch.Caller.slots))
	for i, resource := range batch.Resources {
		working.Go(func() error {
			outcomes[i] = look(ctx, resource)
			return nil
		})
	}
	_ = working.Wait() // every failure is an outcome
	byAddress := make(map[Address]Outcome, len(outcomes))
	for i, resource := range batch.Resources {
		byAddress[resource.Address] = outcomes[i]
	}
	return byAddress
}
