package live

import (
	"context"
	"errors"
)

// kind is one type of a service: its contract, and how it is read.
type kind struct {
	Spec
	// read looks at a batch of the type; nil for a Part.
	read func(ctx context.Context, batch Batch) (map[Address]Outcome, error)
	// list tells everything of the type in a Region; nil where unmanaged ones are not looked for.
	list func(ctx context.Context, inventory Inventory) ([]Thing, error)
}

// service is a Reader, and a Lister, made of its kinds.
type service []kind

// Types are the specs of its kinds.
func (s service) Types() []Spec {
	specs := make([]Spec, 0, len(s))
	for _, kind := range s {
		kind.Listed = kind.list != nil
		specs = append(specs, kind.Spec)
	}
	return specs
}

// Read looks at a batch of one of its kinds.
func (s service) Read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	for _, kind := range s {
		if kind.Type == batch.Type && kind.read != nil {
			return kind.read(ctx, batch)
		}
	}
	return nil, errors.New("no reader for " + batch.Type)
}

// List tells everything of one of its kinds.
func (s service) List(ctx context.Context, inventory Inventory) ([]Thing, error) {
	for _, kind := range s {
		if kind.Type == inventory.Type && kind.list != nil {
			return kind.list(ctx, inventory)
		}
	}
	return nil, errors.New("unmanaged resources of type " + inventory.Type + " are not looked for")
}

// listing is how most types are read: pages, then a targeted question for each resource that is in none. T is what a page
// holds of one resource; C is the interface of the service's calls.
type listing[T, C any] struct {
	client func(ctx context.Context, region string) (C, error)
	// pages gets everything that is there, or, where the API has filters that ids without a resource do not break, at least what
	// is there of resources. No resources means everything. It uses the largest pages.
	pages func(ctx context.Context, client C, caller *Caller, resources []Resource) ([]T, error)
	// id is what matches key, or the resource's ID where key is nil.
	id  func(item T) string
	key func(resource Resource) string
	// probe asks for exactly one resource. nil, nil is "no clear answer"; an error that awsapi.IsNotFound knows is "not there".
	probe func(ctx context.Context, client C, caller *Caller, resource Resource) (*T, error)
	// outcome makes one out of an item, with the calls that it takes for what pages do not tell; nil is found(table, item, resource).
	outcome func(ctx context.Context, client C, caller *Caller, item T, resource Resource) Outcome
	table   []field[T]
	// thing describes an item for List; nil where unmanaged ones are not looked for.
	thing func(item T) Thing
}

// kind makes a kind of a listing.
func (l listing[T, C]) kind(spec Spec) kind {
	spec.Attributes = attributesOf(l.table)
	made := kind{Spec: spec, read: l.read}
	if l.thing != nil {
		made.list = l.list
	}
	return made
}

func (l listing[T, C]) read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := l.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	items, err := l.items(ctx, client, batch)
	if err != nil {
		return nil, err
	}
	listed := make(map[string]T, len(items))
	for _, item := range items {
		listed[l.id(item)] = item
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		key := resource.ID
		if l.key != nil {
			key = l.key(resource)
		}
		if item, ok := listed[key]; ok {
			return l.found(ctx, client, batch.Caller, item, resource)
		}
		return missing(ctx, batch.Caller, resource, func(ctx context.Context) (*Outcome, error) {
			item, err := l.probe(ctx, client, batch.Caller, resource)
			if err != nil || item == nil {
				return nil, err
			}
			outcome := l.found(ctx, client, batch.Caller, *item, resource)
			return &outcome, nil
		})
	}), nil
}

// items are those of a batch, or everything where that is listed anyway.
func (l listing[T, C]) items(ctx context.Context, client C, batch Batch) ([]T, error) {
	if !batch.Caller.whole[batch.Type] {
		return l.pages(ctx, client, batch.Caller, batch.Resources)
	}
	return share(batch.Caller, batch.Type, batch.Region, func() ([]T, error) { return l.pages(ctx, client, batch.Caller, nil) })
}

func (l listing[T, C]) found(ctx context.Context, client C, caller *Caller, item T, resource Resource) Outcome {
	if l.outcome != nil {
		return l.outcome(ctx, client, caller, item, resource)
	}
	return found(l.table, item, resource)
}

func (l listing[T, C]) list(ctx context.Context, inventory Inventory) ([]Thing, error) {
	client, err := l.client(ctx, inventory.Region)
	if err != nil {
		return nil, err
	}
	items, err := share(inventory.Caller, inventory.Type, inventory.Region, func() ([]T, error) { return l.pages(ctx, client, inventory.Caller, nil) })
	if err != nil {
		return nil, err
	}
	things := make([]Thing, 0, len(items))
	for _, item := range items {
		things = append(things, l.thing(item))
	}
	return things, nil
}

// pages calls operation until its answer names no further page. next takes that answer's items and the token of the next
// page, which it puts into in for the next call; more is false at the end.
func pages[In, Out, Options, T any](
	ctx context.Context, caller *Caller, operation func(context.Context, *In, ...func(*Options)) (*Out, error), in *In, next func(page *Out) (items []T, more bool),
) ([]T, error) {
	var all []T
	for {
		page, err := call(ctx, caller, operation, in)
		if err != nil {
			return nil, err
		}
		items, more := next(page)
		all = append(all, items...)
		if !more {
			return all, nil
		}
	}
}

// only is the one item of a targeted answer; nil, "no clear answer", where it is not exactly one.
func only[T any](items []T) *T {
	if len(items) != 1 {
		return nil
	}
	return &items[0]
}
