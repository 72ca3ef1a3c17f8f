package drift

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// ChildVariable is set, to 1, in the environment of a Terraform that detection itself runs: data.reliability_drift in a
// configuration that such a run plans would start the next one, and so on. It answers empty instead.
const ChildVariable = "RELIABILITY_DRIFT_CHILD"

// endDelay is how long a cancelled child may take to end in order, before it is killed.
const endDelay = 20 * time.Second

// ChildProblem is why a Terraform that detection runs did not answer.
type ChildProblem string

// The problems, each of which asks for something else from the user.
const (
	// NoTerraform: there is no such program.
	NoTerraform ChildProblem = "no terraform"
	// NoWorkingDir: there is no such folder.
	NoWorkingDir ChildProblem = "no working directory"
	// NotInitialised: it failed in a folder that was never initialised.
	NotInitialised ChildProblem = "not initialised"
	// ChildFailed: it ran and failed; Output is what it said.
	ChildFailed ChildProblem = "failed"
)

// ChildError says why a Terraform that detection runs did not answer.
type ChildError struct {
	Problem ChildProblem
	Dir     string
	Err     error
}

// Error says what is wrong, in Terraform's words where it ran.
func (e *ChildError) Error() string {
	switch e.Problem {
	case NoTerraform:
		return "there is no terraform to run"
	case NoWorkingDir:
		return e.Dir + " is no folder that can be read"
	case NotInitialised:
		return e.Dir + " was never initialised: " + e.Err.Error()
	case ChildFailed:
	}
	return "terraform failed in " + e.Dir + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *ChildError) Unwrap() error { return e.Err }

// Child runs Terraform over a working directory without changing anything there: it has a data directory of its own, takes no
// lock and writes its plan elsewhere.
type Child struct {
	// Dir is the working directory, initialised.
	Dir string
	// Program is Terraform's or OpenTofu's name or path; "" means "tofu" where it was OpenTofu that initialised Dir, else "terraform".
	Program string
}

// PullState gives the state of the working directory, whatever its backend. The error is a *ChildError or ctx's cause.
func (c Child) PullState(ctx context.Context) (io.Reader, error) {
	var state string
	err := c.run(ctx, func(ctx context.Context, terraform *tfexec.Terraform, _ string) (err error) {
		state, err = terraform.StatePull(ctx)
		return err
	})
	return strings.NewReader(state), err
}

// Refresh plans with -refresh-only and gives the plan as JSON. Whether there is drift is in the plan, not in the exit code,
// which says 0 for some drift (hashicorp/terraform#37406). The error is a *ChildError or ctx's cause.
func (c Child) Refresh(ctx context.Context) (string, error) {
	var text []byte
	err := c.run(ctx, func(ctx context.Context, terraform *tfexec.Terraform, folder string) error {
		file := filepath.Join(folder, "plan")
		if _, err := terraform.Plan(ctx, tfexec.RefreshOnly(true), tfexec.Lock(false), tfexec.Out(file)); err != nil {
			return err
		}
		plan, err := terraform.ShowPlanFile(ctx, file)
		if err != nil {
			return err
		}
		text, err = json.Marshal(plan)
		return err
	})
	return string(text), err
}

// run prepares a folder for the child, and takes it away again: plans hold secrets.
func (c Child) run(ctx context.Context, work func(ctx context.Context, terraform *tfexec.Terraform, folder string) error) error {
	program, err := exec.LookPath(c.program())
	if err != nil {
		return &ChildError{Problem: NoTerraform, Dir: c.Dir, Err: err}
	}
	if program, err = filepath.Abs(program); err != nil {
		return &ChildError{Problem: NoTerraform, Dir: c.Dir, Err: err}
	}
	dir, err := filepath.Abs(c.Dir)
	if err == nil {
		_, err = os.ReadDir(dir)
	}
	if err != nil {
		return &ChildError{Problem: NoWorkingDir, Dir: c.Dir, Err: err}
	}
	folder, err := os.MkdirTemp("", "reliability-drift-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // nothing can be done about it, and the folder is only ours to read
	own, initialised, err := ownDataDir(dir, folder)
	if err != nil {
		return fmt.Errorf("preparing a data directory: %w", err)
	}
	terraform, err := start(dir, program, folder, own)
	if err == nil {
		err = work(ctx, terraform, folder)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !initialised:
		return &ChildError{Problem: NotInitialised, Dir: c.Dir, Err: err}
	}
	return &ChildError{Problem: ChildFailed, Dir: c.Dir, Err: err}
}

// program is the one to run. The lock file says who initialised the directory, unless no provider is in it: Terraform takes nothing
// from a lock file of OpenTofu's registry, and the other way round.
func (c Child) program() string {
	if c.Program != "" {
		return c.Program
	}
	if locks, err := os.ReadFile(filepath.Join(c.Dir, ".terraform.lock.hcl")); err == nil && fromOpenTofu(string(locks)) {
		return "tofu"
	}
	return "terraform"
}

// ownDataDir makes a data directory that has what the working directory's has: modules and providers are linked, the
// backend's configuration and the chosen workspace are copied, because Terraform writes those.
func ownDataDir(dir, folder string) (own string, initialised bool, err error) {
	theirs := os.Getenv("TF_DATA_DIR")
	if theirs == "" {
		theirs = ".terraform"
	}
	if !filepath.IsAbs(theirs) {
		theirs = filepath.Join(dir, theirs)
	}
	own = filepath.Join(folder, "data")
	if err := os.Mkdir(own, 0o700); err != nil {
		return "", false, err
	}
	entries, err := os.ReadDir(theirs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	for _, entry := range entries {
		from, to := filepath.Join(theirs, entry.Name()), filepath.Join(own, entry.Name())
		if entry.IsDir() {
			err = os.Symlink(from, to)
		} else {
			var content []byte
			if content, err = os.ReadFile(from); err == nil { //nolint:gosec // the user's own working directory
				err = os.WriteFile(to, content, 0o600) //nolint:gosec // into our own folder
			}
		}
		if err != nil {
			return "", false, err
		}
	}
	if workspace := os.Getenv("TF_WORKSPACE"); workspace != "" { // which terraform-exec takes away
		err = os.WriteFile(filepath.Join(own, "environment"), []byte(workspace), 0o600) //nolint:gosec // into our own folder
		return own, len(entries) > 0, err
	}
	return own, len(entries) > 0, nil
}

// start makes the runner. terraform-exec refuses to set an environment with TF_VAR_ and TF_CLI_ARGS in it, but hands them on
// when it is not told of any; so two further variables are set by a wrapper. Where there is no shell, those that it refuses
// are lost.
func start(dir, program, folder, dataDir string) (*tfexec.Terraform, error) {
	if runtime.GOOS == "windows" {
		terraform, err := tfexec.NewTerraform(dir, program)
		if err != nil {
			return nil, err
		}
		environment := map[string]string{"TF_DATA_DIR": dataDir, ChildVariable: "1"}
		for _, entry := range os.Environ() {
			name, value, _ := strings.Cut(entry, "=")
			if environment[name] == "" {
				environment[name] = value
			}
		}
		return terraform, terraform.SetEnv(tfexec.CleanEnv(environment))
	}
	wrapper := filepath.Join(folder, "terraform")
	script := "#!/bin/sh\nTF_DATA_DIR=" + shellQuote(dataDir) + "\n" + ChildVariable + "=1\nexport TF_DATA_DIR " + ChildVariable + "\nexec " + shellQuote(program) + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run, by us only
		return nil, err
	}
	terraform, err := tfexec.NewTerraform(dir, wrapper)
	if err != nil {
		return nil, err
	}
	return terraform, terraform.SetWaitDelay(endDelay)
}
