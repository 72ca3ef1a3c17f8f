package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Holder tells who holds the lease on target, without taking it; nil when nobody does, or only somebody dead. An open record whose target
// nobody holds belongs to an operation that died.
func (j *Journal) Holder(ctx context.Context, target string) (*HeldError, error) {
	current, _, err := j.readLease(ctx, target)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("lease on %s: %w", target, err)
	case !j.clock.Now().Before(current.Expires), current.dead():
		return nil, nil
	}
	return &HeldError{Target: target, Holder: current.Holder, Expires: current.Expires}, nil
}
