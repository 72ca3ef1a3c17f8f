package proof

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// errAway is what a store says that is not there.
var errAway = errors.New("the store is away")

// actor is one process of the provider in a simulated deployment, with its wires to AWS and to the store. Each call takes
// a time of its own, drawn from seed, name and number of the call alone: no two things happen at the same moment, and so
// what happens is a matter of the seed, however the goroutines are scheduled.
type actor struct {
	*deployed
	name      string
	death     death
	latency   time.Duration
	lapse     [2]int
	lapseLate bool
	before    func(n int)

	mu     sync.Mutex
	made   int            // calls so far
	kept   int            // of them to the store
	number map[string]int // of calls of one name
	dead   bool
	end    context.CancelCauseFunc
}

func (d *deployed) actor(name string) *actor {
	return &actor{deployed: d, name: name, number: map[string]int{}, end: func(error) {}}
}

func (a *actor) key() string { return strings.ReplaceAll(a.name, " ", "-") }

// lives returns a context that ends when the process does.
func (a *actor) lives(ctx context.Context) context.Context {
	ctx, a.end = context.WithCancelCause(ctx)
	return ctx
}

func (a *actor) died() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dead
}

func (a *actor) die() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dead = true
	a.note("%s is killed", a.name)
	a.end(errKilled)
}

// takes is how long a call takes.
func (a *actor) takes(name string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number[name]++
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s %s %d", a.plan.seed, a.name, name, a.number[name])
	return a.latency + 5*time.Millisecond + time.Duration(sum.Sum64()%5_000_000)
}

// call is one call to the outside.
func (a *actor) call(ctx context.Context, name string, effect func() error) error {
	if a.died() {
		return errKilled
	}
	if err := (clock.System{}).Sleep(ctx, a.takes(name)); err != nil {
		return err
	}
	a.mu.Lock()
	a.made++
	n, dead := a.made, a.dead
	a.mu.Unlock()
	if dead {
		return errKilled
	}
	if a.before != nil {
		a.before(n)
	}
	if n == a.death.at && !a.death.late {
		a.die()
		return errKilled
	}
	err := effect()
	a.note("%s, call %d: %s (%v)", a.name, n, name, err)
	if n == a.death.at {
		a.die()
	}
	if a.died() {
		return errKilled
	}
	return err
}

// moving are the operations by which a route is moved.
var moving = []string{"ChangeResourceRecordSets", "UpdateDistribution", "UpdateDistributionWithStagingConfig", "UpdateContinuousDeploymentPolicy", "PutKey", "UpdateAlias", "UpdateStage", "ModifyListener"}

// Do is the wire to AWS.
func (a *actor) Do(request *http.Request) (response *http.Response, err error) {
	ctx, operation := request.Context(), middleware.GetOperationName(request.Context())
	err = a.call(ctx, operation+" "+request.URL.Path, func() error {
		response, err = a.emulator.Transport().RoundTrip(request) //nolint:bodyclose // whoever asked closes it
		if slices.Contains(moving, operation) {
			a.moves(a)
			a.look(a.name + ": " + operation)
		}
		return err
	})
	return response, err
}

// store counts a call to the store and lets it fail while it is away.
func (a *actor) store(ctx context.Context, name, key string, effect func() error) error {
	a.mu.Lock()
	a.kept++
	away := a.kept >= a.lapse[0] && a.kept < a.lapse[1]
	a.mu.Unlock()
	if strings.Contains(key, "/parts/") { // named by chance
		key = path.Base(key)
	}
	if strings.HasPrefix(key, "notes/") {
		key = "notes"
	}
	return a.call(ctx, name+" "+key, func() error {
		if away && !a.lapseLate {
			return errAway
		}
		err := effect()
		if away {
			return errors.Join(err, errAway)
		}
		return err
	})
}

// Get reads.
func (a *actor) Get(ctx context.Context, key string) (object store.Object, err error) {
	err = a.store(ctx, "get", key, func() error {
		object, err = a.medium.Get(ctx, key)
		return err
	})
	return object, err
}

// List lists.
func (a *actor) List(ctx context.Context, prefix string) (keys []string, err error) {
	err = a.store(ctx, "list", prefix, func() error {
		keys, err = a.medium.List(ctx, prefix)
		return err
	})
	return keys, err
}

// Put writes.
func (a *actor) Put(ctx context.Context, key string, data []byte, cond store.Condition) (etag string, err error) {
	err = a.store(ctx, "put", key, func() error {
		if a.losesKey != nil && a.losesKey(key) {
			etag = "lost"
			return nil
		}
		etag, err = a.medium.Put(ctx, key, data, cond)
		return err
	})
	return etag, err
}

// Delete deletes.
func (a *actor) Delete(ctx context.Context, key string, cond store.Condition) error {
	return a.store(ctx, "delete", key, func() error { return a.medium.Delete(ctx, key, cond) })
}

// URI names a key.
func (a *actor) URI(key string) string { return a.medium.URI(key) }
