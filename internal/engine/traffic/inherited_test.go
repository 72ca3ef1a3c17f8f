package traffic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// What a switch that died left to the next one. The simulation of internal/proof found each of these.

// begun leaves what a process leaves that has moved a lever from blue to green.
func begun(t *testing.T, b *bench, l *lever, guard string) (end func()) {
	t.Helper()
	entry, err := b.journal("dead").Begin(t.Context(), l.Target(), "switch", traffic.Intent{
		To: traffic.Green, Found: traffic.On(traffic.Blue, 100), Back: traffic.On(traffic.Blue, 100), Percents: []int{100}, Guard: guard,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.put(traffic.On(traffic.Green, 100))
	return func() {
		if err := entry.Close(t.Context(), string(traffic.StatusSteady)); err != nil {
			t.Fatal(err)
		}
	}
}

// Of two routes the record of one was closed already. Nobody remembers a home, and green does not hold: both go back.
func TestASwitchThatDiedBetweenTwoRecordsGoesBackOnBothRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, api, site := newBench(), blueLever("api"), blueLever("site")
		closeOne := begun(t, b, api, "")
		begun(t, b, site, "")
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		closeOne()
		request := toGreen(api, site)
		request.Home, request.Check = "", always(failed())
		outcome, err := traffic.Switch(t.Context(), request, b.options())
		var checks *traffic.ChecksError
		if !errors.As(err, &checks) {
			t.Fatalf("%v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "api", api.weights, traffic.On(traffic.Blue, 100))
		equal(t, "site", site.weights, traffic.On(traffic.Blue, 100))
	})
}

// A route whose last switch has nothing to do with the one that died stays where it is.
func TestARouteOfAnotherSwitchStaysWhenOneThatDiedGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, api, site := newBench(), blueLever("api"), blueLever("site")
		begun(t, b, api, "")()
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		begun(t, b, site, "")
		request := toGreen(api, site)
		request.Home, request.Check = "", always(failed())
		if _, err := traffic.Switch(t.Context(), request, b.options()); err == nil {
			t.Fatal("green was taken for well")
		}
		equal(t, "api", api.weights, traffic.On(traffic.Green, 100))
		equal(t, "site", site.weights, traffic.On(traffic.Blue, 100))
	})
}

// The guard of a switch that died fires between our look at it and our taking it over: it is set anew, what it did is seen,
// and the switch goes on.
func TestTheGuardOfASwitchThatDiedFiresWhileItIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		begun(t, b, l, traffic.GuardName(l.Target()))
		s.kept[traffic.GuardName(l.Target())] = kept{at: time.Now(), target: types.Target{Input: aws.String(`{"Weights":"blue 100 % / green 0 %"}`)}}
		s.fail = func(call string) error {
			if call == "update" && len(s.calls) == 2 { // it is held here, so that due cannot be called
				delete(s.kept, traffic.GuardName(l.Target()))
				l.put(traffic.On(traffic.Blue, 100))
			}
			return nil
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"www": traffic.On(traffic.Green, 100)})
		equal(t, "schedules left", len(s.kept), 0)
		equal(t, "the first calls", s.calls[:3], []string{"create +4m0s", "update +4m0s", "create +4m0s"})
	})
}

// A switch that holds and whose guard is gone says what is live, not what was.
func TestASwitchThatHoldsLooksWhatItsGuardDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		request.OnFailure, request.Strategy.Bake = traffic.OnFailureHold, 10*time.Minute
		s.fail = func(call string) error {
			if call == "update" && len(s.calls) == 3 {
				delete(s.kept, traffic.GuardName(l.Target()))
				l.put(traffic.On(traffic.Blue, 100))
			}
			return nil
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		var guard *traffic.GuardError
		if !errors.As(err, &guard) {
			t.Fatalf("%v", err)
		}
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"www": traffic.On(traffic.Blue, 100)})
	})
}

// A schedule whose creation ended in an error may stand nevertheless: it is taken away, or it would move traffic back later.
func TestAGuardWhoseAnswerWasLostIsTakenAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		options.Scheduler = func(context.Context) (traffic.SchedulerAPI, error) { return lostAnswer{s}, nil }
		if _, err := traffic.Switch(t.Context(), request, options); !errors.Is(err, errBoom) {
			t.Fatalf("%v", err)
		}
		equal(t, "schedules left", len(s.kept), 0)
		equal(t, "sets", len(l.sets()), 0)
	})
}

type lostAnswer struct{ *schedules }

func (l lostAnswer) CreateSchedule(ctx context.Context, in *scheduler.CreateScheduleInput, options ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	out, err := l.schedules.CreateSchedule(ctx, in, options...)
	return out, errors.Join(err, errBoom)
}

// An extension of the guard that gets no answer does not keep the switch from its end: a lock did.
func TestAGuardThatGetsNoAnswerKeepsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		request.Strategy = traffic.Strategy{Type: traffic.AllAtOnce, Bake: 90 * time.Second}
		silent := mute{s, time.Now().Add(90 * time.Second)}
		options.Scheduler = func(context.Context) (traffic.SchedulerAPI, error) { return silent, nil }
		outcome, err := traffic.Switch(t.Context(), request, options)
		if err != nil || outcome.Duration > 4*time.Minute {
			t.Fatalf("after %s: %v", outcome.Duration, err)
		}
		equal(t, "schedules left", len(s.kept), 0)
	})
}

// mute answers no update from a moment on.
type mute struct {
	*schedules
	from time.Time
}

func (m mute) UpdateSchedule(ctx context.Context, in *scheduler.UpdateScheduleInput, options ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error) {
	if time.Now().Before(m.from) {
		return m.schedules.UpdateSchedule(ctx, in, options...)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}
