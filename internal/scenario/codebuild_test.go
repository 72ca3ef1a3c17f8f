package scenario

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// buildspec is what CodeBuild reads: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
type buildspec struct {
	Version float64 `yaml:"version"`
	Env     struct {
		Shell     string            `yaml:"shell"`
		Variables map[string]string `yaml:"variables"`
		Exported  []string          `yaml:"exported-variables"`
	} `yaml:"env"`
	Phases    map[string]buildPhase `yaml:"phases"`
	Artifacts fileSet               `yaml:"artifacts"`
	Reports   map[string]fileSet    `yaml:"reports"`
}

type buildPhase struct {
	OnFailure string   `yaml:"on-failure"`
	Commands  []string `yaml:"commands"`
	Finally   []string `yaml:"finally"`
}

type fileSet struct {
	Files         []string `yaml:"files"`
	BaseDirectory string   `yaml:"base-directory"`
	FileFormat    string   `yaml:"file-format"`
	Name          string   `yaml:"name"`
}

// build is how a build ended.
type build struct {
	Succeeded bool
	Phases    map[string]string // phase to SUCCEEDED or FAILED; one that did not run is not there
	Log       string
	Artifacts []string // paths that would be uploaded, and those of reports
	Exported  map[string]string
}

var buildPhases = []string{"install", "pre_build", "build", "post_build"}

func readBuildspec(t *testing.T, name string) buildspec {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parseBuildspec(t, name, content)
}

func parseBuildspec(t *testing.T, name string, content []byte) buildspec {
	t.Helper()
	var spec buildspec
	if err := yaml.UnmarshalWithOptions(content, &spec, yaml.DisallowUnknownField()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if spec.Version != 0.2 {
		t.Fatalf("%s is of version %v", name, spec.Version)
	}
	for phase := range spec.Phases {
		if !slices.Contains(buildPhases, phase) {
			t.Fatalf("%s: CodeBuild knows no phase %s", name, phase)
		}
	}
	return spec
}

// run does what CodeBuild does with the commands of a buildspec of version 0.2:
//   - all run in one instance of the shell: what cd and export do lasts (build-spec-versions);
//   - the first command that fails ends the commands of its phase, its finally runs all the same, and the phase has failed
//     (build-spec-ref, phases/*/finally) unless it is the last phase's on-failure that says CONTINUE, after which the build goes on;
//   - CODEBUILD_BUILD_SUCCEEDING is 1 until a phase has failed (build-env-ref-env-vars);
//   - after a failed install or pre_build nothing more runs; post_build runs after a build that failed (view-build-details-phases);
//   - the exported variables are those of the shell at its end (build-spec-ref, env/exported-variables);
//   - artifacts are uploaded, and reports read, in any case (view-build-details-phases: UPLOAD_ARTIFACTS is always attempted).
//
// Pages of https://docs.aws.amazon.com/codebuild/latest/userguide/.
func (s buildspec) run(ctx context.Context, t *testing.T, dir string, env []string) build {
	t.Helper()
	statuses := filepath.Join(t.TempDir(), "phases")
	var script strings.Builder
	script.WriteString("export CODEBUILD_BUILD_SUCCEEDING=1\n__goes=1\n")
	for _, name := range buildPhases {
		phase, ok := s.Phases[name]
		if !ok {
			continue
		}
		fmt.Fprintf(&script, "if [ $__goes = 1 ]; then\n__failed=0\n")
		for _, command := range phase.Commands {
			fmt.Fprintf(&script, "if [ $__failed = 0 ]; then %s || __failed=1; fi\n", evaluate(command))
		}
		for _, command := range phase.Finally {
			fmt.Fprintf(&script, "%s || __failed=1\n", evaluate(command))
		}
		stops := "__goes=0"
		if name == "build" || phase.OnFailure == "CONTINUE" {
			stops = ":"
		}
		fmt.Fprintf(&script, "if [ $__failed = 0 ]; then echo %[1]s SUCCEEDED >>'%[2]s'; else echo %[1]s FAILED >>'%[2]s'; export CODEBUILD_BUILD_SUCCEEDING=0; %[3]s; fi\n", name, statuses, stops)
		script.WriteString("fi\n")
	}
	exported := filepath.Join(filepath.Dir(statuses), "exported")
	for _, name := range s.Env.Exported {
		fmt.Fprintf(&script, "printf '%%s=%%s\\n' '%[1]s' \"$%[1]s\" >>'%[2]s'\n", name, exported)
	}
	shell := s.Env.Shell
	if shell == "" {
		shell = "sh"
	}
	cmd := exec.CommandContext(ctx, shell, "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, env...)
	for name, value := range s.Env.Variables {
		if !slices.ContainsFunc(env, func(line string) bool { return strings.HasPrefix(line, name+"=") }) { // those of the project win
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		t.Fatalf("the shell of the build: %v\n%s", err, log.String())
	}
	ended := build{Succeeded: true, Phases: map[string]string{}, Log: log.String(), Exported: map[string]string{}}
	if lines, err := os.ReadFile(exported); err == nil {
		for line := range strings.Lines(string(lines)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			ended.Exported[name] = value
		}
	}
	lines, err := os.ReadFile(statuses)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		name, status, _ := strings.Cut(strings.TrimSpace(line), " ")
		ended.Phases[name] = status
		ended.Succeeded = ended.Succeeded && status == "SUCCEEDED"
	}
	ended.Artifacts = s.collect(t, dir)
	return ended
}

// evaluate is a command in the shell that runs them all, shown first as CodeBuild does.
func evaluate(command string) string {
	encoded := base64.StdEncoding.EncodeToString([]byte(command))
	return fmt.Sprintf(`eval "$(printf %%s %s | base64 -d)"`, encoded)
}

// collect lists what artifacts and reports name, beneath dir.
func (s buildspec) collect(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	for _, set := range append([]fileSet{s.Artifacts}, reportsOf(s)...) {
		base := filepath.Join(dir, set.BaseDirectory)
		err := filepath.WalkDir(base, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			relative, err := filepath.Rel(base, name)
			if err != nil {
				return err
			}
			for _, pattern := range set.Files {
				if matches(pattern, filepath.ToSlash(relative)) {
					found = append(found, path.Join(filepath.ToSlash(set.BaseDirectory), filepath.ToSlash(relative)))
					break
				}
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func reportsOf(s buildspec) []fileSet {
	var sets []fileSet
	for _, set := range s.Reports {
		sets = append(sets, set)
	}
	return sets
}

// matches knows "**/*", which is every file, and patterns of one folder.
func matches(pattern, name string) bool {
	if pattern == "**/*" {
		return true
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// TestBuildsRunAsInCodeBuild: the tests of the pipelines lean on this.
func TestBuildsRunAsInCodeBuild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		phases map[string]buildPhase
		want   map[string]string
		log    string
	}{
		"one shell": {
			map[string]buildPhase{"install": {Commands: []string{"cd sub", "export A=1"}}, "build": {Commands: []string{`echo "$A in ${PWD##*/}"`}}},
			map[string]string{"install": "SUCCEEDED", "build": "SUCCEEDED"},
			"1 in sub\n",
		},
		"a failed command ends its phase": {
			map[string]buildPhase{"build": {Commands: []string{"false", "echo never"}, Finally: []string{"echo always"}}, "post_build": {Commands: []string{"echo $CODEBUILD_BUILD_SUCCEEDING"}}},
			map[string]string{"build": "FAILED", "post_build": "SUCCEEDED"},
			"always\n0\n",
		},
		"nothing after a failed pre_build": {
			map[string]buildPhase{"pre_build": {Commands: []string{"false"}, Finally: []string{"echo report"}}, "build": {Commands: []string{"echo never"}}, "post_build": {Commands: []string{"echo never"}}},
			map[string]string{"pre_build": "FAILED"},
			"report\n",
		},
		"unless it says so": {
			map[string]buildPhase{"pre_build": {OnFailure: "CONTINUE", Commands: []string{"false"}}, "build": {Commands: []string{"echo goes on $CODEBUILD_BUILD_SUCCEEDING"}}},
			map[string]string{"pre_build": "FAILED", "build": "SUCCEEDED"},
			"goes on 0\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o750); err != nil {
				t.Fatal(err)
			}
			ended := buildspec{Phases: test.phases}.run(t.Context(), t, dir, []string{"PATH=" + os.Getenv("PATH")})
			if fmt.Sprint(ended.Phases) != fmt.Sprint(test.want) || ended.Log != test.log {
				t.Errorf("%v\n%s", ended.Phases, ended.Log)
			}
		})
	}
}
