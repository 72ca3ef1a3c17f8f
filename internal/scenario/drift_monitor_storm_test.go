package scenario

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

const (
	lookProject  = "patrol-drift"
	shopPipeline = "shop-infra"
	pipelineRole = "arn:aws:iam::123456789012:role/ci/shop-infra-build"
)

// weather is an account on the clock of a bubble, in which executions of the monitor's state machine and builds run.
type weather struct {
	t          *testing.T
	e          *emulator.Emulator
	client     *http.Client
	definition string
	lasts      time.Duration // a build
	look       func(number int, began time.Time) (status, look string)

	all  sync.WaitGroup
	mu   sync.Mutex
	told []execution
}

// execution is how one execution ended.
type execution struct {
	happened, ended time.Time
	entered         int // states
	err             error
}

// inBubble runs a test in a bubble of its own. The builds of looks end by themselves until stop.
func inBubble(t *testing.T, definition string, test func(w *weather)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		nobody := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) })
		e := emulator.Behind(nobody, emulator.Options{})
		w := &weather{t: t, e: e, client: &http.Client{Transport: e.Transport()}, definition: definition, lasts: 90 * time.Second}
		w.look = func(int, time.Time) (string, string) { return "SUCCEEDED", "told" }
		for name, limit := range map[string]int{lookProject: 1, shopPipeline: 5} {
			w.ask("CreateProject", projectOf(name, limit))
		}
		ctx, stop := context.WithCancel(t.Context())
		built := make(chan struct{})
		go func() { defer close(built); w.build(ctx) }()
		test(w)
		w.all.Wait()
		stop()
		<-built
	})
}

// projectOf asks for a project of CodeBuild.
func projectOf(name string, limit int) map[string]any {
	return map[string]any{
		"name": name, "serviceRole": "arn:aws:iam::123456789012:role/" + name, "concurrentBuildLimit": limit, "source": map[string]any{"type": "NO_SOURCE"},
		"environment": map[string]any{"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"}, "artifacts": map[string]any{"type": "NO_ARTIFACTS"},
	}
}

func (w *weather) ask(operation string, body any) map[string]any {
	w.t.Helper()
	answered, err := askCodeBuild(w.t.Context(), w.client, "http://emulator.invalid", operation, body)
	if err != nil {
		w.t.Fatal(err)
	}
	found, _ := answered.(map[string]any)
	return found
}

func (w *weather) waits(span time.Duration) {
	if err := machineSleeps(w.t.Context(), span.Seconds()); err != nil {
		w.t.Error(err)
	}
}

// build ends each look when its time has come.
func (w *weather) build(ctx context.Context) {
	for machineSleeps(ctx, 1) == nil {
		for number, one := range w.e.Builds(lookProject) {
			if one.Status != "IN_PROGRESS" || time.Since(one.Started) < w.lasts {
				continue
			}
			status, look := w.look(number+1, one.Started)
			if err := w.e.EndBuild(one.ID, status, map[string]string{"LOOK": look}, time.Now()); err != nil {
				w.t.Error(err)
			}
		}
	}
}

// starts runs an execution for an event that happens after a while and is delivered a little later.
func (w *weather) starts(after time.Duration, event map[string]any) {
	w.all.Go(func() {
		w.waits(after)
		happened := time.Now()
		event := map[string]any{"time": happened.UTC().Format(time.RFC3339), "source": event["source"], "detail": event["detail"]}
		w.waits(3 * time.Second)
		m, err := readMachine(w.definition, w.client)
		if err == nil {
			err = m.execute(w.t.Context(), event)
		}
		ended := execution{happened: happened, ended: time.Now(), err: err}
		for _, times := range m.entered {
			ended.entered += times
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told = append(w.told, ended)
	})
}

var (
	tick      = map[string]any{"source": "aws.events", "detail": map[string]any{}}
	byPerson  = map[string]any{"source": "aws.ec2", "detail": map[string]any{"userIdentity": map[string]any{"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/mallory"}}}
	byRelease = map[string]any{"source": "aws.ec2", "detail": map[string]any{"userIdentity": map[string]any{
		"type": "AssumedRole", "sessionContext": map[string]any{"sessionIssuer": map[string]any{"type": "Role", "arn": pipelineRole}},
	}}}
)

// looked holds every execution against what it promises: it ended well, after a look that began after its event had ended; no two looks ran at a time.
func (w *weather) looked(executions int) []emulator.Build {
	w.t.Helper()
	w.all.Wait()
	if len(w.told) != executions {
		w.t.Errorf("%d executions ended, not %d", len(w.told), executions)
	}
	looks := w.e.Builds(lookProject)
	for i, look := range looks {
		if i > 0 && look.Started.Before(looks[i-1].Ended) {
			w.t.Errorf("look %d began at %v, before the one before it ended at %v", i, look.Started, looks[i-1].Ended)
		}
	}
	for _, one := range w.told {
		if one.err != nil {
			w.t.Errorf("an execution failed: %v", one.err)
		}
		covered := slices.ContainsFunc(looks, func(look emulator.Build) bool {
			return look.Started.After(one.happened) && look.Status != "IN_PROGRESS" && !look.Ended.After(one.ended)
		})
		if !covered {
			w.t.Errorf("no look began after %v and ended before %v", one.happened, one.ended)
		}
	}
	return looks
}

// testMachine runs the state machine as it was applied: pipelines = { shop-infra }, settle 60 s, poll 30 s.
func testMachine(t *testing.T, definition string) {
	dice := rand.New(rand.NewPCG(7, 7)) // the same storm each time
	within := func(span time.Duration) time.Duration { return time.Duration(dice.Int64N(int64(span))) }

	t.Run("a storm of 100 events is at most two looks", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			for range 100 {
				w.starts(within(90*time.Second), byPerson)
			}
			if looks := w.looked(100); len(looks) > 2 {
				t.Errorf("%d looks", len(looks))
			}
			entered := 0
			for _, one := range w.told {
				entered += one.entered
			}
			if entered > 100*25 {
				t.Errorf("%d states were entered for 100 events: the README says some 20 each, and what that costs", entered)
			}
			t.Logf("%d states were entered for 100 events", entered)
		})
	})
	t.Run("100 events at once are one look", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			for range 100 {
				w.starts(0, byPerson)
			}
			if looks := w.looked(100); len(looks) != 1 {
				t.Errorf("%d looks", len(looks))
			}
		})
	})
	t.Run("writes without end are one look after the other", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			for range 100 {
				w.starts(within(time.Hour), byPerson)
			}
			w.looked(100)
		})
	})
	t.Run("the clock alone is a look", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			w.starts(0, tick)
			w.starts(6*time.Hour, tick)
			if looks := w.looked(2); len(looks) != 2 {
				t.Errorf("%d looks", len(looks))
			}
		})
	})
	t.Run("CodeBuild is busy", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			w.e.Inject(emulator.Fault{Service: "codebuild", Rate: 0.3, Seed: 3, Throttle: true})
			for range 20 {
				w.starts(within(time.Minute), byPerson)
			}
			w.looked(20)
		})
	})
	testMachineAndPipelines(t, definition)
	testMachineFails(t, definition)
}

func testMachineAndPipelines(t *testing.T, definition string) {
	// An apply that begins at once and ends after ten minutes.
	apply := func(w *weather, phase string) (ends time.Time) {
		build, _ := w.ask("StartBuild", map[string]any{"projectName": shopPipeline})["build"].(map[string]any)
		id := fmt.Sprint(build["id"])
		if err := w.e.EnterPhase(id, phase, time.Now()); err != nil {
			t.Error(err)
		}
		w.all.Go(func() {
			w.waits(10 * time.Minute)
			if err := w.e.EndBuild(id, "SUCCEEDED", nil, time.Now()); err != nil {
				t.Error(err)
			}
		})
		return time.Now().Add(10 * time.Minute)
	}
	for name, test := range map[string]struct {
		phase string
		event map[string]any
		waits bool
	}{
		"what the pipeline does waits for its apply":          {"BUILD", byRelease, true},
		"and for its rollback":                                {"POST_BUILD", byRelease, true},
		"so does the clock":                                   {"BUILD", tick, true},
		"but nothing while it only plans":                     {"PRE_BUILD", byRelease, false},
		"and what others do is looked at while it is applied": {"BUILD", byPerson, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, definition, func(w *weather) {
				ends := apply(w, test.phase)
				w.starts(time.Minute, test.event)
				looks := w.looked(1)
				if len(looks) != 1 || looks[0].Started.After(ends) != test.waits {
					t.Errorf("the apply ended at %v: %+v", ends, looks)
				}
			})
		})
	}
	t.Run("a look that held back comes again after the apply", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			ends := apply(w, "BUILD")
			w.look = func(_ int, began time.Time) (string, string) {
				if began.Before(ends) {
					return "FAILED", "held"
				}
				return "SUCCEEDED", "told"
			}
			w.starts(time.Minute, byPerson)
			looks := w.looked(1)
			if len(looks) != 2 || !looks[1].Started.After(ends) {
				t.Errorf("the apply ended at %v: %+v", ends, looks)
			}
		})
	})
}

func testMachineFails(t *testing.T, definition string) {
	fails := func(t *testing.T, w *weather, name string) {
		t.Helper()
		w.all.Wait()
		for _, one := range w.told {
			var failed failure
			if !errors.As(one.err, &failed) || failed.name != name {
				t.Errorf("it ended with %v, not with %s", one.err, name)
			}
		}
	}
	t.Run("builds that cannot look are started three times", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			w.look = func(int, time.Time) (string, string) { return "FAULT", "" }
			for range 10 {
				w.starts(0, byPerson)
			}
			fails(t, w, "NoLook")
			if looks := w.e.Builds(lookProject); len(looks) != 3 {
				t.Errorf("%d builds", len(looks))
			}
		})
	})
	t.Run("one that could not look is followed by one that can", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			w.look = func(number int, _ time.Time) (string, string) {
				if number == 1 {
					return "FAILED", ""
				}
				return "FAILED", "told"
			}
			w.starts(0, byPerson)
			if looks := w.looked(1); len(looks) != 2 {
				t.Errorf("%d builds", len(looks))
			}
		})
	})
	t.Run("an apply that does not end", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			build, _ := w.ask("StartBuild", map[string]any{"projectName": shopPipeline})["build"].(map[string]any)
			if err := w.e.EnterPhase(fmt.Sprint(build["id"]), "BUILD", time.Now()); err != nil {
				t.Error(err)
			}
			w.starts(0, tick)
			fails(t, w, "ApplyDoesNotEnd")
		})
	})
	t.Run("CodeBuild refuses", func(t *testing.T) {
		inBubble(t, definition, func(w *weather) {
			w.e.Inject(emulator.Fault{Service: "codebuild", Operation: "StartBuild", Status: http.StatusBadRequest, Code: "AccessDeniedException"})
			w.starts(0, byPerson)
			fails(t, w, "CodeBuild.AccessDeniedException")
		})
	})
}
