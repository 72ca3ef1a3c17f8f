package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const buildRuns = "IN_PROGRESS"

// build is https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html.
type build struct {
	id, arn, project, status, token, request string
	number                                   int
	started, ended                           time.Time
	phases                                   []buildPhase
	exported                                 map[string]string
}

type buildPhase struct {
	name, status   string
	started, ended time.Time
}

// Build is a build of CodeBuild as it stands.
type Build struct {
	ID      string
	Started time.Time
	Ended   time.Time // zero while it runs
	Status  string    // "IN_PROGRESS" while it runs
}

func newBuild(x *exchange, in codebuildInput, number int) *build {
	id := fmt.Sprintf("%s:%08x-0000-4000-8000-%012x", in.ProjectName, number, x.At.UnixMilli())
	return &build{
		id: id, arn: fmt.Sprintf("arn:aws:codebuild:%s:%s:build/%s", x.Region, AccountID, id), project: in.ProjectName, status: buildRuns, token: in.IdempotencyToken, request: string(x.body),
		number: number, started: x.At, phases: []buildPhase{{name: "SUBMITTED", started: x.At}},
	}
}

// document is a build as BatchGetBuilds tells it. A phase has a status once it has ended.
func (b *build) document() map[string]any {
	phases := []map[string]any{}
	for _, phase := range b.phases {
		one := map[string]any{"phaseType": phase.name, "startTime": seconds(phase.started)}
		if phase.status != "" {
			one["phaseStatus"], one["endTime"], one["durationInSeconds"] = phase.status, seconds(phase.ended), int(phase.ended.Sub(phase.started).Seconds())
		}
		phases = append(phases, one)
	}
	document := map[string]any{
		"id": b.id, "arn": b.arn, "projectName": b.project, "buildNumber": b.number, "startTime": seconds(b.started), "buildStatus": b.status, "currentPhase": b.phases[len(b.phases)-1].name,
		"phases": phases, "buildComplete": b.status != buildRuns,
	}
	if b.status != buildRuns {
		document["endTime"] = seconds(b.ended)
	}
	if b.exported != nil {
		variables := []map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(b.exported)) {
			variables = append(variables, map[string]string{"name": name, "value": b.exported[name]})
		}
		document["exportedEnvironmentVariables"] = variables
	}
	return document
}

// codebuildProjects are the projects that a call is about: it names one, or builds, whose ids begin with theirs.
func codebuildProjects(x *exchange) []string {
	names := x.parameters("projectName", "ids")
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, ":")
	}
	return names
}

func (c *codebuildRules) find(id string) *build {
	for _, all := range c.builds {
		for _, there := range all {
			if there.id == id {
				return there
			}
		}
	}
	return nil
}

// Builds are the builds of a CodeBuild project of the emulator's Region, the oldest first.
func (e *Emulator) Builds(project string) (all []Build) {
	e.codebuild.mu.Lock()
	defer e.codebuild.mu.Unlock()
	for _, there := range e.codebuild.builds[Region+" "+project] {
		all = append(all, Build{ID: there.id, Started: there.started, Ended: there.ended, Status: there.status})
	}
	return all
}

// EnterPhase ends the phase that a build of CodeBuild is in, well, and begins the next: "PRE_BUILD", "BUILD". A build that does not run
// is an error.
func (e *Emulator) EnterPhase(id, phase string, at time.Time) error {
	return e.running(id, func(b *build) {
		b.endPhase("SUCCEEDED", at)
		b.phases = append(b.phases, buildPhase{name: phase, started: at})
	})
}

// EndBuild ends a build of CodeBuild with a status ("SUCCEEDED", "FAILED", "FAULT", ...) and the environment variables that it exports.
// A build that does not run is an error.
func (e *Emulator) EndBuild(id, status string, exported map[string]string, at time.Time) error {
	return e.running(id, func(b *build) {
		b.endPhase(status, at)
		b.phases = append(b.phases, buildPhase{name: "COMPLETED", started: at})
		b.status, b.ended, b.exported = status, at, exported
	})
}

func (b *build) endPhase(status string, at time.Time) {
	last := &b.phases[len(b.phases)-1]
	last.status, last.ended = status, at
}

func (e *Emulator) running(id string, change func(*build)) error {
	e.codebuild.mu.Lock()
	defer e.codebuild.mu.Unlock()
	there := e.codebuild.find(id)
	if there == nil || there.status != buildRuns {
		return fmt.Errorf("no build %s runs", id)
	}
	change(there)
	return nil
}
