// Package acctest is what acceptance tests share: one emulator a test package, the provider served in process, and
// checks that ask the emulator. Acceptance tests run only with TF_ACC=1.
package acctest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/provider"
)

var shared *emulator.Emulator

// Main starts the emulator for a test package and runs its tests: call it from TestMain. Without TF_ACC it starts
// nothing.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("TF_ACC") == "" {
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	started, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "acctest:", err)
		return 1
	}
	defer started.Close() //nolint:errcheck // the process ends
	for _, line := range started.Env() {
		name, value, _ := strings.Cut(line, "=")
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, "acctest:", err)
			return 1
		}
	}
	shared = started
	return m.Run()
}

// Emulator returns the package's emulator, or skips the test without TF_ACC. Tests of one package share it: name
// resources apart.
func Emulator(t testing.TB) *emulator.Emulator {
	t.Helper()
	if shared == nil {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	return shared
}

// Factories serve the provider in process.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"reliability": providerserver.NewProtocol6WithError(provider.New("test")()),
	}
}

// ProviderBlock returns a provider block whose store is a folder of the test's own.
func ProviderBlock(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n", t.TempDir())
}
