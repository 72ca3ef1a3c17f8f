package restore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

var stack = map[string]string{
	"code": "lambda_alias", "api": "rest_api_stage", "web": "http_api_stage", "dns": "route53_record", "edge": "cloudfront_distribution", "site": "s3_bucket", "config": "ssm_parameter", "app": "ecs_service",
}

// TestBranchesGoSideBySide: whatever waits for nobody is under way at the same time.
func TestBranchesGoSideBySide(t *testing.T) {
	t.Parallel()
	w, request := prepareKinds(t, stack)
	var together sync.WaitGroup
	together.Add(5)
	w.hook = func(target string) {
		if slices.Contains([]string{"code", "dns", "edge", "site", "config"}, target) {
			together.Done()
			together.Wait() // for ever, if one of them were begun after another
		}
	}
	result, err := restore.Run(t.Context(), request)
	must(t, err)
	if result.Status != restore.Restored || len(w.done) != len(stack) {
		t.Errorf("%s: %v", result.Status, w.done)
	}
}

// TestWhatIsCalledComesBeforeItsCaller, also when it could not be put back.
func TestWhatIsCalledComesBeforeItsCaller(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		w, request := prepareKinds(t, stack)
		if fails {
			w.fail["code"], w.fail["config"] = errors.New("refused"), errors.New("refused")
		}
		var mu sync.Mutex
		ended := map[string]bool{}
		w.after = func(target string) {
			mu.Lock()
			defer mu.Unlock()
			ended[target] = true
		}
		w.hook = func(target string) {
			mu.Lock()
			defer mu.Unlock()
			for _, first := range map[string][]string{"api": {"code"}, "web": {"code"}, "app": {"config"}}[target] {
				if !ended[first] {
					t.Errorf("%s was begun before %s had ended", target, first)
				}
			}
		}
		result, err := restore.Run(t.Context(), request)
		if (err != nil) != fails || w.live["api"]+w.live["web"]+w.live["app"] != "goodgoodgood" {
			t.Errorf("fails %v: %s, %v, live %v", fails, result.Status, err, w.live)
		}
	}
}

func TestAnEstimateIsTheLongestChain(t *testing.T) {
	t.Parallel()
	_, request := prepareKinds(t, stack)
	plan, err := restore.Preview(t.Context(), request)
	must(t, err)
	if plan.Estimate != 20*time.Second || plan.Recovery != plan.Estimate { // ten for what is called, ten for what calls it
		t.Errorf("estimate %s", plan.Estimate)
	}
	var names []string
	for _, part := range plan.Parts() {
		names = append(names, fmt.Sprint(part.Target, part.After))
		if part.Takes != 10*time.Second || part.Changes != 1 || part.Kind != stack[part.Target] {
			t.Errorf("%+v", part)
		}
	}
	want := []string{"dns[]", "edge[]", "code[]", "api[code]", "web[code]", "config[]", "app[config]", "site[]"}
	if !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

// TestNothingIsTakenAwayBeforeEverythingIsBack.
func TestNothingIsTakenAwayBeforeEverythingIsBack(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	request.Cleanup = []string{"s3_bucket", "lambda_alias"}
	w.extra["bucket"], w.extra["code"], w.extra["dns"] = true, true, true
	w.fail["code"] = errors.New("refused")
	result, err := restore.Run(t.Context(), request)
	if err == nil || result.Status != restore.Partial || !w.extra["bucket"] || !w.extra["code"] || len(result.Changes) != 3 {
		t.Fatalf("%s, %v, left %v, changes %v", result.Status, err, w.extra, result.Changes)
	}
	w.fail = map[string]error{}
	result, err = restore.Run(t.Context(), request)
	must(t, err)
	if w.extra["bucket"] || w.extra["code"] || !w.extra["dns"] || result.Targets["bucket"].Status != restore.Restored || result.Targets["dns"].Status != restore.NotNeeded {
		t.Errorf("left %v, %+v", w.extra, result.Targets)
	}
}

// TestAnEarlierRunIsKnown: a Run that died after everything was back is told from no Run at all.
func TestAnEarlierRunIsKnown(t *testing.T) {
	t.Parallel()
	_, request := prepare(t)
	first, err := restore.Run(t.Context(), request)
	must(t, err)
	if first.Earlier != nil {
		t.Errorf("before the first: %v", first.Earlier)
	}
	request.Clock.(*clock.Fake).Advance(time.Minute)
	for range 2 {
		again, err := restore.Run(t.Context(), request)
		must(t, err)
		if again.Status != restore.NotNeeded || again.Earlier == nil || !again.Earlier.Equal(start) {
			t.Errorf("%s, earlier %v", again.Status, again.Earlier)
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		fail []string
		want notify.Kind
		left string
	}{
		"restored": {nil, notify.RollbackCompleted, "[]"},
		"partial":  {[]string{"code"}, notify.RollbackPartial, "[code]"},
		"failed":   {[]string{"bucket", "code", "dns"}, notify.RollbackFailed, "[bucket code dns]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, request := prepare(t)
			for _, target := range test.fail {
				w.fail[target] = refused
			}
			_, _ = restore.Run(t.Context(), request) // its error is not what is asked for
			events := request.Sink.(*inbox).events
			if len(events) != 2 || events[0].Kind != notify.RollbackTriggered || events[1].Kind != test.want {
				t.Fatalf("events %+v", events)
			}
			if events[0].Attributes["outcome"] != "started" || events[1].Attributes["outcome"] != name || fmt.Sprint(events[1].Detail["left"]) != test.left {
				t.Errorf("events %+v", events)
			}
		})
	}
	w, request := prepare(t)
	for target := range w.live {
		w.live[target] = "good"
	}
	_, err := restore.Run(t.Context(), request)
	must(t, err)
	if events := request.Sink.(*inbox).events; len(events) != 0 {
		t.Errorf("nothing was rolled back, and somebody was told %+v", events)
	}
}

func TestAnObserverSeesEachTargetComeBack(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	w.fail["bucket"], w.extra["dns"] = errors.New("refused"), true
	var seen []string
	request.Observer = func(m restore.Moment) {
		seen = append(seen, fmt.Sprint(m.Target, " ", m.Stage, " ", m.Changes, " ", m.Err))
	}
	_, _ = restore.Run(t.Context(), request) // partial
	slices.Sort(seen)
	want := []string{"bucket begun 1 <nil>", "bucket not done 1 refused", "code begun 1 <nil>", "code checked 1 <nil>", "code done 1 <nil>", "dns begun 1 <nil>", "dns checked 1 <nil>", "dns done 1 <nil>"}
	if !slices.Equal(seen, want) {
		t.Errorf("%q", seen)
	}
}

// shared is a target whose clean-up depends on what stands beside it.
type shared struct {
	thing
	beside *[]string
}

func (s shared) CleanupBeside(_ context.Context, _ service.Item, beside []service.Item) ([]service.Change, error) {
	for _, item := range beside {
		*s.beside = append(*s.beside, item.Target)
	}
	return []service.Change{{Service: "lambda_alias", Action: service.Delete, Detail: "version 2", Apply: []byte(`"2"`)}}, nil
}

// TestWhatTwoTargetsShareIsTakenAwayOnce.
func TestWhatTwoTargetsShareIsTakenAwayOnce(t *testing.T) {
	t.Parallel()
	_, request := prepareKinds(t, map[string]string{"live": "lambda_alias", "next": "lambda_alias"})
	request.Cleanup = []string{"lambda_alias"}
	inner := request.Services
	var mu sync.Mutex
	besides := map[string]*[]string{}
	request.Services = func(ctx context.Context, spec service.Spec) (service.Service, error) {
		s, err := inner(ctx, spec)
		mu.Lock()
		defer mu.Unlock()
		besides[s.Target()] = &[]string{}
		return shared{s.(thing), besides[s.Target()]}, err
	}
	plan, err := restore.Preview(t.Context(), request)
	must(t, err)
	if changes := plan.Changes(); len(changes) != 3 || changes[2].Target != "live" || changes[2].Detail != "version 2" {
		t.Errorf("%+v", changes)
	}
	if fmt.Sprint(*besides["live"], *besides["next"]) != "[next] [live]" {
		t.Errorf("beside %v %v", besides["live"], besides["next"])
	}
}
