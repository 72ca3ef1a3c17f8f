package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// MotoVersion is the release of moto that the rules were written against, and the one that is installed where there
// is none.
const MotoVersion = "5.2.1"

// NoMotoError says that this machine cannot run the emulator, and what would change that.
type NoMotoError struct {
	// Tried is each place looked at and what was found there.
	Tried []string
	Err   error
}

// Error says what to install.
func (e *NoMotoError) Error() string {
	return fmt.Sprintf("the emulator needs Python 3.9 or newer with moto[server]==%s: install it with\n"+
		"  python3 -m pip install 'moto[server]==%s'\nor install python3 with its venv module and let the emulator install moto.\nTried: %s",
		MotoVersion, MotoVersion, strings.Join(e.Tried, "; "))
}

// Unwrap returns the last failure.
func (e *NoMotoError) Unwrap() error { return e.Err }

// askPython prints the interpreter itself (not a shim in front of it) and moto's version, when moto's server can be imported.
const askPython = `import sys, moto.server, moto; print(sys.executable); print(moto.__version__)`

// findPython returns a Python interpreter in which moto's server can be imported: the one that belongs to the
// moto_server on PATH, another one on PATH, or that of a virtual environment of our own, made when there is none.
func findPython(ctx context.Context) (string, error) {
	missing := &NoMotoError{}
	for _, candidate := range pythonsOnPath() {
		python, version, err := ask(ctx, candidate)
		switch {
		case err != nil:
			missing.Tried, missing.Err = append(missing.Tried, candidate+": no moto[server]"), err
		case !strings.HasPrefix(version, "5."):
			missing.Tried = append(missing.Tried, candidate+": moto "+version)
		default:
			return python, nil
		}
	}
	python, err := ownPython(ctx)
	if err != nil {
		missing.Tried, missing.Err = append(missing.Tried, "a virtual environment: "+err.Error()), err
		return "", missing
	}
	return python, nil
}

// pythonsOnPath lists interpreters, the one of moto_server first: named in its first line, or lying beside it.
func pythonsOnPath() []string {
	var found []string
	add := func(path string) {
		if path != "" && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	if server, err := exec.LookPath("moto_server"); err == nil {
		add(shebang(server))
		for _, name := range []string{"python3", "python"} {
			if beside := filepath.Join(filepath.Dir(server), name); isFile(beside) {
				add(beside)
			}
		}
	}
	for _, name := range []string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil {
			add(path)
		}
	}
	return found
}

// shebang returns the Python interpreter that a script's first line names, or "".
func shebang(script string) string {
	content, err := os.ReadFile(script) //nolint:gosec // a program found on PATH
	if err != nil || !bytes.HasPrefix(content, []byte("#!")) {
		return ""
	}
	line, _, _ := bytes.Cut(content[2:], []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) != 1 || !strings.HasPrefix(filepath.Base(words[0]), "python") {
		return ""
	}
	return words[0]
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func ask(ctx context.Context, python string) (executable, version string, err error) {
	output, err := exec.CommandContext(ctx, python, "-c", askPython).Output()
	if err != nil {
		return "", "", err
	}
	lines := strings.Fields(string(output))
	if len(lines) != 2 {
		return "", "", fmt.Errorf("%s answered %q", python, output)
	}
	return lines[0], lines[1], nil
}

// ownPython returns the interpreter of a virtual environment in the user's cache folder, making it and installing the
// pinned moto at first use. Processes that start at the same time wait for the one that makes it.
func ownPython(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "terraform-provider-reliability", "moto-"+MotoVersion)
	python, ready := filepath.Join(folder, "bin", "python3"), filepath.Join(folder, "ready")
	if isFile(ready) {
		return python, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o750); err != nil {
		return "", err
	}
	lock := flock.New(folder + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	defer lock.Close() //nolint:errcheck // the lock goes with the process at the latest
	if isFile(ready) {
		return python, nil
	}
	base, err := exec.LookPath("python3")
	if err != nil {
		return "", errors.New("there is no python3 on PATH")
	}
	for _, command := range [][]string{
		{base, "-m", "venv", "--clear", folder},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "moto[server]==" + MotoVersion},
	} {
		output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput() //nolint:gosec // our own words
		if err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, bytes.TrimSpace(output))
		}
	}
	return python, os.WriteFile(ready, []byte(MotoVersion+"\n"), 0o600)
}
