package emulator_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// wantCode fails the test unless the SDK has read the error as that code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
	if api.ErrorMessage() == "" {
		t.Fatalf("error %v has no message", err)
	}
}

// must returns a call's output or fails the test.
func must[T any](t *testing.T) func(T, error) T {
	return func(output T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return output
	}
}

func fmtPID() string { return strconv.Itoa(os.Getpid()) }

func pidOf(command *exec.Cmd) string { return strconv.Itoa(command.Process.Pid) }

// isRunning tells that a process is there and not a zombie.
func isRunning(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(status), ") ")
	return !strings.HasPrefix(after, "Z")
}
