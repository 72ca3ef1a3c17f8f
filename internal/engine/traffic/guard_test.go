package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// schedules is EventBridge Scheduler in memory, which does what is due when it is told to.
type schedules struct {
	mu      sync.Mutex
	kept    map[string]kept
	calls   []string
	fail    func(call string) error
	fire    map[string]func() // by input
	started time.Time
}

type kept struct {
	at     time.Time
	target types.Target
}

func newSchedules() *schedules {
	return &schedules{kept: map[string]kept{}, fire: map[string]func(){}, started: time.Now()}
}

func (s *schedules) note(call string, name, at *string, target *types.Target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := call
	if at != nil {
		t, err := time.Parse("at(2006-01-02T15:04:05)", *at)
		if err != nil {
			return err
		}
		text += fmt.Sprintf(" +%s", t.Sub(s.started.UTC().Truncate(time.Second)))
		defer func() {
			if _, ok := s.kept[*name]; ok {
				s.kept[*name] = kept{at: t, target: *target}
			}
		}()
	}
	s.calls = append(s.calls, text)
	if s.fail != nil {
		if err := s.fail(call); err != nil {
			return err
		}
	}
	_, there := s.kept[*name]
	switch {
	case call == "create" && there:
		return &types.ConflictException{}
	case call != "create" && !there:
		return &types.ResourceNotFoundException{}
	case call == "create":
		s.kept[*name] = kept{}
	case call == "delete":
		delete(s.kept, *name)
	}
	return nil
}

// due does what is due within d.
func (s *schedules) due(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, schedule := range s.kept {
		if !time.Now().Add(d).Before(schedule.at) {
			delete(s.kept, name)
			s.fire[*schedule.target.Input]()
		}
	}
}

func (s *schedules) CreateSchedule(_ context.Context, in *scheduler.CreateScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	if in.ActionAfterCompletion != types.ActionAfterCompletionDelete || in.FlexibleTimeWindow.Mode != types.FlexibleTimeWindowModeOff {
		return nil, errors.New("it would not be gone afterwards, or not come in time")
	}
	return &scheduler.CreateScheduleOutput{}, s.note("create", in.Name, in.ScheduleExpression, in.Target)
}

func (s *schedules) UpdateSchedule(_ context.Context, in *scheduler.UpdateScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error) {
	return &scheduler.UpdateScheduleOutput{}, s.note("update", in.Name, in.ScheduleExpression, in.Target)
}

func (s *schedules) DeleteSchedule(_ context.Context, in *scheduler.DeleteScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error) {
	return &scheduler.DeleteScheduleOutput{}, s.note("delete", in.Name, nil, nil)
}

// guardedLever is a lever that the scheduler can move back.
type guardedLever struct{ *lever }

func (l guardedLever) RevertCall(_ traffic.State, weights traffic.Weights) (traffic.Call, error) {
	return traffic.Call{Service: "lever", Action: "set", Input: map[string]any{"Weights": weights.String(), "Nothing": nil}}, nil
}

const roleARN = "arn:aws-cn:iam::123456789012:role/guard"

// guarded is a request with a guard, and the options with its scheduler.
func guarded(b *bench, s *schedules, l *lever) (traffic.Request, traffic.Options) {
	request := toGreen()
	request.Routes = []traffic.Route{{Key: l.name, Router: guardedLever{l}}}
	request.Guard = &traffic.Guard{RoleARN: roleARN, After: 4 * time.Minute}
	options := b.options()
	options.Scheduler = func(context.Context) (traffic.SchedulerAPI, error) { return s, nil }
	s.fire[`{"Weights":"blue 100 % / green 0 %"}`] = func() { l.put(traffic.On(traffic.Blue, 100)) }
	return request, options
}

func TestAGuardIsSetBeforeTheFirstShiftExtendedAndTakenAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: 150 * time.Second}
		l.before = func(call string, _ int) (bool, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if strings.HasPrefix(call, "set") && len(s.kept) != 1 {
				t.Errorf("%s without a guard: %v", call, s.kept)
			}
			for name, schedule := range s.kept {
				if name != traffic.GuardName("lever,www") || *schedule.target.Arn != "arn:aws-cn:scheduler:::aws-sdk:lever:set" || *schedule.target.RoleArn != roleARN {
					t.Errorf("%s: %s as %s", name, *schedule.target.Arn, *schedule.target.RoleArn)
				}
			}
			return false, nil
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		if err != nil || outcome.Guarded {
			t.Errorf("%v, guarded %v", err, outcome.Guarded)
		}
		// At both steps, and every minute of 25 s + 60 s + 150 s + 25 s + 60 s.
		equal(t, "calls", s.calls, []string{"create +4m0s", "update +4m0s", "update +5m0s", "update +6m0s", "update +7m0s", "update +7m55s", "update +8m0s", "update +9m0s", "delete"})
	})
}

func TestAGuardThatCannotBeSetMovesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		s.fail = func(string) error { return errBoom }
		outcome, err := traffic.Switch(t.Context(), request, options)
		var guard *traffic.GuardError
		if !errors.As(err, &guard) || guard.Doing != "set" || !errors.Is(err, errBoom) {
			t.Errorf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "sets", len(l.sets()), 0)

		plain := toGreen(l)
		plain.Guard = request.Guard
		if _, err := traffic.Switch(t.Context(), plain, options); !errors.As(err, &guard) || !strings.Contains(err.Error(), "cannot be moved back by one call") {
			t.Errorf("error %v", err)
		}
		equal(t, "sets", len(l.sets()), 0)
	})
}

func TestAGuardThatHasFiredEndsTheSwitch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: 10 * time.Minute}
		request.Check = func(context.Context, traffic.Stage) gate.Result {
			if l.weights.Green == 10 { // this process stood still for a while
				s.due(time.Hour)
			}
			return passed()
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		var guard *traffic.GuardError
		if !errors.As(err, &guard) || guard.Doing != "extend" {
			t.Errorf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "live", l.weights, traffic.On(traffic.Blue, 100))
		equal(t, "sets", l.sets(), []string{"set blue 90 % / green 10 %"}) // the guard did the rest
	})
}

func TestAGuardThatCannotBeExtendedForAWhileIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		outage time.Duration
		want   traffic.Status
	}{{90 * time.Second, traffic.StatusSteady}, {10 * time.Minute, traffic.StatusReverted}} {
		synctest.Test(t, func(t *testing.T) {
			b, s, l := newBench(), newSchedules(), blueLever("www")
			request, options := guarded(b, s, l)
			request.Strategy = traffic.Strategy{Type: traffic.AllAtOnce, Bake: 10 * time.Minute}
			start := time.Now()
			s.fail = func(call string) error {
				if passed := time.Since(start); call == "update" && passed > time.Minute && passed < time.Minute+test.outage {
					return errBoom
				}
				return nil
			}
			outcome, _ := traffic.Switch(t.Context(), request, options)
			equal(t, "status", outcome.Status, test.want)
			equal(t, "schedules left", len(s.kept), 0)
		})
	}
}

func TestAGuardThatCannotBeTakenAwayMeansThatTheSwitchFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		s.fail = func(call string) error {
			if call == "delete" {
				return errBoom
			}
			return nil
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		var guard *traffic.GuardError
		if !errors.As(err, &guard) || guard.Doing != "remove" {
			t.Errorf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "live", l.weights, traffic.On(traffic.Blue, 100))
		if !outcome.Guarded || len(outcome.Warnings) != 1 {
			t.Errorf("guarded %v, warnings %v", outcome.Guarded, outcome.Warnings)
		}
	})
}

func TestAGuardStandsWhenTrafficCouldNotBeMovedBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s, l := newBench(), newSchedules(), blueLever("www")
		request, options := guarded(b, s, l)
		request.Check = healthyUntil(100)
		l.before = func(call string, _ int) (bool, error) {
			if call == "set blue 100 % / green 0 %" {
				return false, errBoom
			}
			return false, nil
		}
		outcome, err := traffic.Switch(t.Context(), request, options)
		if err == nil || !outcome.Guarded {
			t.Errorf("%v, guarded %v", err, outcome.Guarded)
		}
		equal(t, "status", outcome.Status, traffic.StatusInterrupted)
		time.Sleep(4 * time.Minute) //nolint:forbidigo // in a bubble
		s.due(0)
		equal(t, "live", l.weights, traffic.On(traffic.Blue, 100))
	})
}

func TestTheGuardOfASwitchThatDiedIsTakenAway(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{true, false} { // guarded again, or not any more
		synctest.Test(t, func(t *testing.T) {
			b, s, l := newBench(), newSchedules(), blueLever("www")
			request, options := guarded(b, s, l)
			l.put(traffic.On(traffic.Green, 10))
			if _, err := b.journal("dead").Begin(t.Context(), l.Target(), "switch", traffic.Intent{
				To: traffic.Green, Found: traffic.On(traffic.Blue, 100), Back: traffic.On(traffic.Blue, 100), Percents: []int{10, 100}, Guard: traffic.GuardName(l.Target()),
			}); err != nil {
				t.Fatal(err)
			}
			s.kept[traffic.GuardName(l.Target())] = kept{at: time.Now().Add(time.Minute), target: types.Target{Input: aws.String(`{"Weights":"blue 100 % / green 0 %"}`)}}
			if !again {
				request.Guard = nil
			}
			outcome, err := traffic.Switch(t.Context(), request, options)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "status", outcome.Status, traffic.StatusSteady)
			equal(t, "live", l.weights, traffic.On(traffic.Green, 100))
			equal(t, "schedules left", len(s.kept), 0)
		})
	}
}
