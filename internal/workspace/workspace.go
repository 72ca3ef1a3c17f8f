// Package workspace runs the real Terraform (or OpenTofu) over a configuration, with the provider of this checkout
// installed from a filesystem mirror, as it would be from the registry. For tests, the demo and the benchmarks only.
package workspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Witness, where it is set, is told of each run after it ended: the folder that New was given, the arguments and what was printed.
// Every workspace that was made meanwhile logs everything into the file Trace of that folder.
var Witness func(dir string, args []string, output string)

// Trace is the log's name in the folder that New was given.
const Trace = "witness.log"

// Version is the version under which the provider of this checkout is installed.
const Version = "0.0.1"

// ErrNoTerraform: there is no terraform on PATH, and none could be downloaded.
var ErrNoTerraform = errors.New("there is no terraform on PATH and none could be downloaded: install Terraform 1.11 or newer and run again")

// Options say what a workspace is made of.
type Options struct {
	// Dir is an empty folder of the workspace's own.
	Dir string
	// Root is the project's root, from which the provider is built.
	Root string
	// Env is added to the environment, as KEY=VALUE; TF_* and AWS_* of this process are left out.
	Env []string
	// Mirror is a filesystem mirror with hashicorp's providers, or "".
	Mirror string
	// Terraform is the client to run; "" means the one on PATH, else a downloaded one.
	Terraform string
	// Provider is the provider's binary; "" means the one that RELIABILITY_PROVIDER_BINARY names, else that it is built.
	Provider string
}

// Workspace is a folder with a configuration, and the client that runs over it.
type Workspace struct {
	// Dir holds the configuration and its state.
	Dir string
	// Provider is the installed provider's binary.
	Provider string
	// Vars are given to every Release as -var.
	Vars []string

	bin string
	env []string
	dir string // that New was given
}

// Result is how one run ended. A client that ran and failed is a Result, not an error.
type Result struct {
	Exit   int
	Output string // standard output and error, together
}

// New builds the provider, installs it and returns the workspace. Nothing is initialised yet.
func New(ctx context.Context, options Options) (*Workspace, error) {
	bin := options.Terraform
	if bin == "" {
		var err error
		if bin, err = find(ctx, options.Dir); err != nil {
			return nil, err
		}
	}
	mirror := filepath.Join(options.Dir, "mirror")
	host := terraformRegistry
	if strings.Contains(filepath.Base(bin), "tofu") {
		host = "registry.opentofu.org"
	}
	folder := filepath.Join(mirror, host, "project3-ls", "reliability", Version, runtime.GOOS+"_"+runtime.GOARCH)
	w := &Workspace{dir: options.Dir, Dir: filepath.Join(options.Dir, "work"), Provider: filepath.Join(folder, "terraform-provider-reliability_v"+Version), bin: bin}
	for _, dir := range []string{folder, w.Dir} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, err
		}
	}
	if err := install(ctx, options, w.Provider); err != nil {
		return nil, err
	}
	if err := alias(mirror, options.Mirror, host); err != nil {
		return nil, err
	}
	rc := filepath.Join(options.Dir, "terraform.rc")
	if err := os.WriteFile(rc, []byte(installation(mirror, options.Mirror)), 0o600); err != nil {
		return nil, err
	}
	w.env = inherited()
	if Witness != nil {
		// Other providers' logs are many times as large, and theirs to answer for.
		w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PROVIDER_AWS=ERROR", "TF_LOG_PATH="+filepath.Join(options.Dir, Trace))
	}
	w.env = append(append(w.env, options.Env...), "TF_CLI_CONFIG_FILE="+rc, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return w, nil
}

// built names the environment variable by which one build of this checkout serves many test processes (make acc).
const built = "RELIABILITY_PROVIDER_BINARY"

func install(ctx context.Context, options Options, target string) error {
	if binary := cmp.Or(options.Provider, os.Getenv(built)); binary != "" {
		return share(binary, target)
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, ".") //nolint:gosec // our own build
	build.Dir = options.Root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	return nil
}

// share gives a binary a second name, or a copy where that lies on another file system.
func share(binary, target string) error {
	if os.Link(binary, target) == nil {
		return nil
	}
	content, err := os.ReadFile(binary) //nolint:gosec // our own build
	if err != nil {
		return err
	}
	return os.WriteFile(target, content, 0o700) //nolint:gosec // a program
}

// installation is the CLI configuration: ours from our mirror, hashicorp's from the other one, nothing from elsewhere.
func installation(ours, other string) string {
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n", ours)
	if other != "" {
		text += fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    include = [\"hashicorp/*\"]\n  }\n", other)
	}
	return text + "}\n"
}

const terraformRegistry = "registry.terraform.io"

// alias puts hashicorp/aws of the other mirror into ours under the registry's host that OpenTofu takes it from: both
// registries serve the same archives. A link in a mirror is followed at the last folder only, the platform's.
func alias(ours, other, host string) error {
	if other == "" || host == terraformRegistry {
		return nil
	}
	if _, err := os.Stat(filepath.Join(other, host, "hashicorp", "aws")); err == nil {
		return nil
	}
	platforms, err := filepath.Glob(filepath.Join(other, terraformRegistry, "hashicorp", "aws", "*", "*_*"))
	if err != nil {
		return err
	}
	for _, platform := range platforms {
		version := filepath.Join(ours, host, "hashicorp", "aws", filepath.Base(filepath.Dir(platform)))
		if err := os.MkdirAll(version, 0o750); err != nil {
			return err
		}
		if err := os.Symlink(platform, filepath.Join(version, filepath.Base(platform))); err != nil {
			return err
		}
	}
	return nil
}

// inherited is this process's environment without what would change how Terraform or the AWS SDK behave.
func inherited() []string {
	var kept []string
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "TF_") && !strings.HasPrefix(line, "AWS_") {
			kept = append(kept, line)
		}
	}
	return kept
}

func find(ctx context.Context, dir string) (string, error) {
	if bin, err := exec.LookPath("terraform"); err == nil {
		return bin, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	exact := &releases.ExactVersion{Product: product.Terraform, Version: version.Must(version.NewVersion("1.11.4")), InstallDir: dir}
	bin, err := exact.Install(ctx)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoTerraform, err)
	}
	return bin, nil
}

// Write puts a file of the configuration in place.
func (w *Workspace) Write(name, content string) error {
	return os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600) //nolint:gosec // a name of the caller's own
}

// Copy puts the files of a folder that match pattern in place.
func (w *Workspace) Copy(folder, pattern string) error {
	names, err := fs.Glob(os.DirFS(folder), pattern)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s holds no %s", folder, pattern)
	}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(folder, name)) //nolint:gosec // a file of this project
		if err != nil {
			return err
		}
		if err := w.Write(name, string(content)); err != nil {
			return err
		}
	}
	return nil
}

// Run runs the client. Ending ctx interrupts it as Ctrl-C does, and kills it after a minute.
func (w *Workspace) Run(ctx context.Context, args ...string) (Result, error) {
	cmd := w.Command(ctx, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, err
	}
	w.Printed(output.String(), args...)
	return Result{Exit: cmd.ProcessState.ExitCode(), Output: output.String()}, nil
}

// Command returns the command that Run runs, for callers that watch the process.
func (w *Workspace) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.bin, args...) //nolint:gosec // the client we looked up
	cmd.Dir, cmd.Env = w.Dir, w.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// Printed tells the Witness of a run: whoever starts Command, or a shell with its environment, does so when it has ended. Run does.
func (w *Workspace) Printed(output string, args ...string) {
	if Witness != nil {
		Witness(w.dir, args, output)
	}
}

// Init runs init; a failed init is an error.
func (w *Workspace) Init(ctx context.Context) error {
	ended, err := w.Run(ctx, "init", "-no-color", "-input=false")
	if err == nil && ended.Exit != 0 {
		err = fmt.Errorf("init failed:\n%s", ended.Output)
	}
	return err
}

// Plan runs plan with Vars and args.
func (w *Workspace) Plan(ctx context.Context, args ...string) (Result, error) {
	return w.with(ctx, []string{"plan", "-no-color", "-input=false"}, args)
}

// Apply runs apply with Vars and args.
func (w *Workspace) Apply(ctx context.Context, args ...string) (Result, error) {
	return w.with(ctx, []string{"apply", "-no-color", "-input=false", "-auto-approve"}, args)
}

// Destroy runs destroy with Vars and args.
func (w *Workspace) Destroy(ctx context.Context, args ...string) (Result, error) {
	return w.with(ctx, []string{"destroy", "-no-color", "-input=false", "-auto-approve"}, args)
}

func (w *Workspace) with(ctx context.Context, command, args []string) (Result, error) {
	return w.Run(ctx, append(append(command, w.Vars...), args...)...)
}
