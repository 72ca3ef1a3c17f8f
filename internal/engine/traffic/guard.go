package traffic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// SchedulerAPI is the part of EventBridge Scheduler that a guard calls.
type SchedulerAPI interface {
	CreateSchedule(context.Context, *scheduler.CreateScheduleInput, ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error)
	UpdateSchedule(context.Context, *scheduler.UpdateScheduleInput, ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error)
	DeleteSchedule(context.Context, *scheduler.DeleteScheduleInput, ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error)
}

// Call is an AWS call that EventBridge Scheduler can do in our place: the name of the service in the AWS SDKs, the
// operation in camelCase, and its parameters as the SDKs name them.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
type Call struct {
	Service, Action string
	Input           any
}

// Reversible is a Router whose way back is one call with fixed parameters, whatever is live by then.
type Reversible interface {
	Router
	// RevertCall returns the call that makes weights live. state is what a Read returned before anything was moved.
	RevertCall(state State, weights Weights) (Call, error)
}

// Guard is a dead man's switch: a one-time schedule that takes traffic back when the switch gives no sign of life for a
// while. It needs nothing that dies with this process, nor with the machine.
type Guard struct {
	RoleARN string        // what the schedule acts as
	After   time.Duration // the last sign of life; at least MinGuard
}

const (
	// MinGuard is the shortest time that a guard may wait: EventBridge Scheduler works to the minute.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
	MinGuard = 2 * time.Minute
	// guardReach is how long EventBridge Scheduler tries the call again after a failure.
	guardReach = int32(3600)
)

// GuardError says that the guard could not be set, kept or taken away.
type GuardError struct {
	Doing string // "set", "extend", "remove"
	Route string
	Err   error
}

// Error names the route.
func (e *GuardError) Error() string {
	return fmt.Sprintf("could not %s the guard of route %s: %v", e.Doing, e.Route, e.Err)
}

// Unwrap returns the cause.
func (e *GuardError) Unwrap() error { return e.Err }

// GuardName is the schedule that guards target.
func GuardName(target string) string {
	sum := sha256.Sum256([]byte(target))
	return "reliability-switch-" + hex.EncodeToString(sum[:16])
}

// guard are the schedules of one switch. It is safe for several goroutines.
type guard struct {
	shift *shift
	// turn is held by whoever calls EventBridge Scheduler. It is no mutex: whoever waits for it has a deadline.
	turn chan struct{}
	life time.Time // the last sign of it; for the holder of turn

	mu  sync.Mutex             // never held during a call
	set map[*lane]types.Target // those that stand
}

func newGuard(s *shift) *guard {
	return &guard{shift: s, turn: make(chan struct{}, 1), set: map[*lane]types.Target{}}
}

// take waits for the turn until ctx ends.
func (g *guard) take(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *guard) give() { <-g.turn }

// put notes that a schedule stands.
func (g *guard) put(lane *lane, target types.Target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set[lane] = target
}

func (g *guard) forget(lane *lane) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.set, lane)
}

// of returns the schedule of a route; ok is false where none stands.
func (g *guard) of(lane *lane) (target types.Target, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	target, ok = g.set[lane]
	return target, ok
}

// arm sets a schedule for every route, in place of one that a switch that died left; without a guard that one is taken
// away. After an error some may stand: disarm takes them away.
func (g *guard) arm(ctx context.Context) error {
	if g.shift.Guard == nil {
		return g.disarm(ctx)
	}
	if err := g.take(ctx); err != nil {
		return err
	}
	defer g.give()
	api, err := g.shift.Scheduler(ctx)
	if err != nil {
		return &GuardError{Doing: "set", Route: g.shift.lanes[0].Key, Err: err}
	}
	for _, lane := range g.shift.lanes {
		target, err := g.shift.Guard.target(lane)
		if err == nil {
			lane.guarded = true // it may stand even when the answer is an error
			err = g.stand(ctx, api, lane, target)
		}
		if err != nil {
			return &GuardError{Doing: "set", Route: lane.Key, Err: ended(ctx, err)}
		}
		g.put(lane, target)
	}
	g.life = g.shift.Clock.Now()
	return nil
}

// stand creates the schedule of a route, or takes over the one of a switch that died. That one may fire meanwhile, and is
// gone then.
func (g *guard) stand(ctx context.Context, api SchedulerAPI, lane *lane, target types.Target) (err error) {
	const tries = 2
	for range tries {
		at := g.deadline()
		_, err = api.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
			Name: aws.String(GuardName(lane.Router.Target())), Description: aws.String(describe(lane)), ScheduleExpression: aws.String(at), Target: &target,
			FlexibleTimeWindow: exact(), ActionAfterCompletion: types.ActionAfterCompletionDelete,
		})
		if !awsapi.HasCode(err, "ConflictException") {
			return err
		}
		if err = update(ctx, api, lane, target, at); !awsapi.IsNotFound(err) {
			return err
		}
	}
	return err
}

// deadline is the expression of the time at which a guard that is set now fires.
func (g *guard) deadline() string {
	return "at(" + g.shift.Clock.Now().Add(g.shift.Guard.After).UTC().Format("2006-01-02T15:04:05") + ")"
}

// extend is a sign of life. The error is about a guard that has fired, or may soon; one that could not be extended but
// has time left is tried again later.
func (g *guard) extend(ctx context.Context) error {
	if !g.stands() {
		return nil
	}
	limited, cancel := g.shift.Clock.WithTimeout(ctx, g.shift.Guard.After/4) // a call without an answer must not keep the turn
	defer cancel()
	if g.take(limited) != nil {
		return context.Cause(ctx) // nil where somebody else is just extending it
	}
	defer g.give()
	now, at := g.shift.Clock.Now(), g.deadline()
	for _, lane := range g.shift.lanes {
		target, ok := g.of(lane)
		if !ok {
			continue
		}
		api, err := g.shift.Scheduler(ctx)
		if err == nil {
			err = update(limited, api, lane, target, at)
		}
		switch {
		case err == nil:
		case awsapi.IsNotFound(err): // it has fired, or somebody deleted it
			g.forget(lane)
			return &GuardError{Doing: "extend", Route: lane.Key, Err: err}
		case now.Sub(g.life) >= g.shift.Guard.After/2:
			return &GuardError{Doing: "extend", Route: lane.Key, Err: ended(ctx, err)}
		default:
			return nil
		}
	}
	g.life = now
	return nil
}

// keep extends the guard until ctx ends (nil), or it cannot be extended.
func (g *guard) keep(ctx context.Context) error {
	if g.shift.Guard == nil {
		return nil
	}
	for {
		if g.shift.Clock.Sleep(ctx, g.shift.Guard.After/4) != nil {
			return nil
		}
		if err := g.extend(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// disarm takes the schedules away. One that has fired is gone already.
func (g *guard) disarm(ctx context.Context) error {
	if err := g.take(ctx); err != nil {
		return err
	}
	defer g.give()
	for _, lane := range g.shift.lanes {
		if _, ok := g.of(lane); !ok && !lane.guarded {
			continue
		}
		api, err := g.shift.Scheduler(ctx)
		if err == nil {
			_, err = api.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: aws.String(GuardName(lane.Router.Target()))})
		}
		if err != nil && !awsapi.IsNotFound(err) {
			return &GuardError{Doing: "remove", Route: lane.Key, Err: ended(ctx, err)}
		}
		g.forget(lane)
		lane.guarded = false
	}
	return nil
}

// stands tells whether a schedule will still fire.
func (g *guard) stands() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.set) > 0
}

func update(ctx context.Context, api SchedulerAPI, lane *lane, target types.Target, at string) error {
	_, err := api.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{ // what is left out becomes the default
		Name: aws.String(GuardName(lane.Router.Target())), Description: aws.String(describe(lane)), ScheduleExpression: aws.String(at), Target: &target,
		FlexibleTimeWindow: exact(), ActionAfterCompletion: types.ActionAfterCompletionDelete,
	})
	return err
}

func exact() *types.FlexibleTimeWindow {
	return &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}
}

// describe says in the AWS console what the schedule is for, within the 512 characters that it may have.
func describe(lane *lane) string {
	return clip(fmt.Sprintf("Set by terraform-provider-reliability during a switch: moves %s to %s if the switch dies.", lane.Router.Name(), lane.back), 512)
}

// target is what the schedule of a route calls.
func (g *Guard) target(lane *lane) (types.Target, error) {
	router, ok := lane.Router.(Reversible)
	if !ok {
		return types.Target{}, fmt.Errorf("%s cannot be moved back by one call with fixed parameters", lane.Router.Name())
	}
	call, err := router.RevertCall(lane.known, lane.back)
	if err != nil {
		return types.Target{}, err
	}
	input, err := plain(call.Input)
	if err != nil {
		return types.Target{}, err
	}
	partition := "aws"
	if parts := strings.Split(g.RoleARN, ":"); len(parts) > 1 {
		partition = parts[1]
	}
	return types.Target{
		Arn: aws.String(fmt.Sprintf("arn:%s:scheduler:::aws-sdk:%s:%s", partition, call.Service, call.Action)), RoleArn: aws.String(g.RoleARN), Input: aws.String(input),
		RetryPolicy: &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(guardReach)},
	}, nil
}

// plain is the JSON of an SDK input without the fields that are not set.
func plain(input any) (string, error) {
	raw, err := json.Marshal(input)
	if err != nil {
		return "", err
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", err
	}
	raw, err = json.Marshal(prune(value))
	return string(raw), err
}

func prune(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			list, isList := member.([]any)
			if member == nil || member == "" || (isList && len(list) == 0) {
				delete(value, name)
				continue
			}
			value[name] = prune(member)
		}
	case []any:
		for i := range value {
			value[i] = prune(value[i])
		}
	}
	return value
}
