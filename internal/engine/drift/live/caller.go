package live

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// Caller counts the AWS calls of one look at the world and bounds how many are under way at once.
type Caller struct {
	slots   chan struct{}
	calls   atomic.Int64
	account func(context.Context) (string, error)

	whole  map[string]bool
	lock   sync.Mutex
	shared map[string]func() (any, error)

	once    sync.Mutex
	asked   bool
	own     string
	problem error
}

// NewCaller returns a caller that lets parallelism calls (at least one) run at once. account tells whose credentials are
// used; it is asked once, and only when something seems to be missing.
func NewCaller(parallelism int, account func(context.Context) (string, error)) *Caller {
	return &Caller{slots: make(chan struct{}, max(parallelism, 1)), account: account}
}

// ListWhole names the types of which everything will be listed: reading them takes the same listing, instead of one of its own
// that is narrowed to what the state holds. It must be called before the caller is used.
func (c *Caller) ListWhole(types ...string) {
	c.whole = make(map[string]bool, len(types))
	for _, name := range types {
		c.whole[name] = true
	}
}

// share makes one call of list for all who ask for the same type and Region during this look at the world.
func share[T any](c *Caller, kind, region string, list func() (T, error)) (T, error) {
	c.lock.Lock()
	if c.shared == nil {
		c.shared = map[string]func() (any, error){}
	}
	key := kind + " " + region
	if c.shared[key] == nil {
		c.shared[key] = sync.OnceValues(func() (any, error) { return list() })
	}
	listed := c.shared[key]
	c.lock.Unlock()
	value, err := listed()
	typed, _ := value.(T)
	return typed, err
}

// Calls is how many calls were made so far, retries by the SDK not counted.
func (c *Caller) Calls() int64 { return c.calls.Load() }

func (c *Caller) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		c.calls.Add(1)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Caller) leave() { <-c.slots }

// call makes one AWS call within the bounds of a caller.
func call[In, Out, Options any](
	ctx context.Context, c *Caller, operation func(context.Context, *In, ...func(*Options)) (*Out, error), input *In,
) (*Out, error) {
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	defer c.leave()
	return operation(ctx, input)
}

// accountID tells whose credentials are used.
func (c *Caller) accountID(ctx context.Context) (string, error) {
	c.once.Lock()
	defer c.once.Unlock()
	if c.asked {
		return c.own, c.problem
	}
	if err := c.enter(ctx); err != nil {
		return "", err
	}
	defer c.leave()
	c.asked = true
	c.own, c.problem = c.account(ctx)
	return c.own, c.problem
}

// missing is the outcome of a resource that a complete listing did not hold and for which probe asks AWS by itself: it is
// Deleted when the answer is "not found" and the credentials belong to the resource's account, Unverified otherwise.
// probe returns an outcome when the resource turns up after all, or nil.
func missing(ctx context.Context, c *Caller, resource Resource, probe func(context.Context) (*Outcome, error)) Outcome {
	turnedUp, err := probe(ctx)
	switch {
	case err != nil && !awsapi.IsNotFound(err):
		return Outcome{Reason: "it is not in the listing, and asking for it by itself failed", Err: err}
	case err == nil && turnedUp != nil:
		return *turnedUp
	case err == nil:
		return Outcome{Reason: "it is not in the listing, and asking for it by itself gave no clear answer"}
	}
	if resource.AccountID == "" {
		return Outcome{Status: Deleted}
	}
	own, err := c.accountID(ctx)
	if err != nil {
		return Outcome{Reason: "it was not found, and it is not known in which account we looked", Err: err}
	}
	if own != resource.AccountID {
		return Outcome{Reason: otherAccount(resource.AccountID, own)}
	}
	return Outcome{Status: Deleted}
}

func otherAccount(theirs, own string) string {
	return "it belongs to account " + theirs + ", and the credentials belong to " + own
}

// errNoAnswer: AWS answered without what was asked for.
var errNoAnswer = errors.New("AWS answered without what was asked for")
