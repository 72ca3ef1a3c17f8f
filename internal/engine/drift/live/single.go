package live

import (
	"context"
	"errors"
	"sync"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// single is how types are read of which no listing tells more than a name: one question a resource. T is the answer; C the
// facade of the service's calls.
type single[T, C any] struct {
	client func(ctx context.Context, region string) (C, error)
	// get asks for one resource. partial is why some of it was not read; those values are unread. An err that
	// awsapi.IsNotFound knows is "not there".
	get func(ctx context.Context, client C, caller *Caller, resource Resource) (item T, partial, err error)
	// names lists everything of the type, as key names it; it is asked once, and only when get did not find something, or for
	// List. nil where there is no listing: get is then asked a second time.
	names func(ctx context.Context, client C, caller *Caller) ([]Thing, error)
	// key is what names calls a resource; nil for its ID.
	key      func(resource Resource) string
	table    []field[T]
	unlisted bool // unmanaged ones are not looked for
}

// kind makes a kind of it.
func (s single[T, C]) kind(spec Spec) kind {
	spec.Attributes = attributesOf(s.table)
	made := kind{Spec: spec, read: s.read}
	if s.names != nil && !s.unlisted {
		made.list = func(ctx context.Context, inventory Inventory) ([]Thing, error) {
			client, err := s.client(ctx, inventory.Region)
			if err != nil {
				return nil, err
			}
			return share(inventory.Caller, inventory.Type, inventory.Region, func() ([]Thing, error) { return s.names(ctx, client, inventory.Caller) })
		}
	}
	return made
}

func (s single[T, C]) read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := s.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	listed := sync.OnceValues(func() (map[string]bool, error) { return s.listed(ctx, client, batch) })
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		item, partial, err := s.get(ctx, client, batch.Caller, resource)
		switch {
		case err == nil:
			outcome := found(s.table, item, resource)
			if partial != nil {
				outcome.Reason, outcome.Err = "some of it could not be read", partial
			}
			return outcome
		case !awsapi.IsNotFound(err):
			return Outcome{Reason: "it could not be read", Err: err}
		}
		return missing(ctx, batch.Caller, resource, func(ctx context.Context) (*Outcome, error) {
			if s.names == nil {
				_, _, err := s.get(ctx, client, batch.Caller, resource)
				return nil, err
			}
			there, problem := listed()
			if problem != nil {
				return nil, problem
			}
			if there[s.named(resource)] {
				return nil, errContradiction
			}
			return nil, err
		})
	}), nil
}

func (s single[T, C]) named(resource Resource) string {
	if s.key == nil {
		return resource.ID
	}
	return s.key(resource)
}

func (s single[T, C]) listed(ctx context.Context, client C, batch Batch) (map[string]bool, error) {
	things, err := share(batch.Caller, batch.Type, batch.Region, func() ([]Thing, error) { return s.names(ctx, client, batch.Caller) })
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(things))
	for _, thing := range things {
		there[thing.ID] = true
	}
	return there, nil
}

// errContradiction: a listing holds what AWS says is not there; perhaps it is being made or deleted just now.
var errContradiction = errors.New("the listing holds what a question for it does not find")
