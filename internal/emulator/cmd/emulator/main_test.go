package main

import (
	"bufio"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// The command prints an environment that works, and ends well when it is told to.
func TestServe(t *testing.T) {
	if os.Getenv("EMULATOR_TEST_SERVE") != "" {
		err := serve(emulator.Options{})
		var missing *emulator.NoMotoError
		if errors.As(err, &missing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServe$", "-test.v")
	command.Env = append(os.Environ(), "EMULATOR_TEST_SERVE=1")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	exported := map[string]string{}
	lines := bufio.NewScanner(output)
	for exported["AWS_EC2_METADATA_DISABLED"] == "" && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "--- SKIP") {
			t.Skip("there is no moto")
		}
		if line, ok := strings.CutPrefix(lines.Text(), "export "); ok {
			name, value, _ := strings.Cut(line, "=")
			exported[name] = value
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, exported["AWS_ENDPOINT_URL"]+"/_emulator/calls", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only its status matters
	if response.StatusCode != http.StatusOK || exported["AWS_ACCESS_KEY_ID"] == "" {
		t.Errorf("status %d with %v", response.StatusCode, exported)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // until it has ended
		continue
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}
