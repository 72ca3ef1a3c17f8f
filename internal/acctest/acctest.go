// Package acctest is what acceptance tests share: one emulator a test package, the provider served in process, and
// checks that ask the emulator. Acceptance tests run only with TF_ACC=1.
package acctest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/leastprivilege"
	"github.com/project3-ls/terraform-provider-reliability/internal/provider"
)

var shared *emulator.Emulator

// startTimeout covers the installation of moto on a machine that has none.
const startTimeout = 5 * time.Minute

// Main starts the emulator for a test package and runs its tests: call it from TestMain. Without TF_ACC it starts
// nothing. With EMULATOR_LOG set to a path, the emulator's output is appended there. With RELIABILITY_POLICIES=enforce the
// provider may do what the policies of examples/policies allow whose names begin with one of these, and nothing else;
// what the tests themselves do is not bound.
//
// Every run logs everything, with credentials that are canaries, and what it prints, writes and sends is looked through for them and for
// whatever else was planted in canary.House: one that is found fails the package.
func Main(m *testing.M, policies ...string) { os.Exit(run(m, policies)) }

func run(m *testing.M, policies []string) int {
	if os.Getenv("TF_ACC") == "" {
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	started, err := emulator.Start(ctx, emulator.Options{
		Log: os.Getenv("EMULATOR_LOG"), Credentials: credentials(canary.House), Heard: heard(canary.House), Answered: answered(canary.House),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "acctest:", err)
		return 1
	}
	defer started.Close() //nolint:errcheck // the process ends
	if err := isolate(started.Env()); err != nil {
		fmt.Fprintln(os.Stderr, "acctest:", err)
		return 1
	}
	if os.Getenv("RELIABILITY_POLICIES") == "enforce" && len(policies) > 0 {
		if err := enforce(started, policies); err != nil {
			fmt.Fprintln(os.Stderr, "acctest:", err)
			return 1
		}
	}
	watched, err := begin(canary.House)
	if err != nil {
		fmt.Fprintln(os.Stderr, "acctest:", err)
		return 1
	}
	shared = started
	code := m.Run()
	if !watched.end(os.Stderr) && code == 0 {
		code = 1
	}
	return code
}

// enforce binds the provider, which calls itself by its name, to policies.
func enforce(started *emulator.Emulator, names []string) error {
	policies, err := leastprivilege.Read(names...)
	if err != nil {
		return err
	}
	var documents [][]byte
	for _, policy := range policies {
		documents = append(documents, policy.Bound())
	}
	_, err = started.Bind(emulator.Caller{Agent: agent}, documents...)
	return err
}

// isolate points the process, and the Terraform that it starts, at the emulator and at nothing else: no profile,
// endpoint or credentials of the person who runs the tests may lead a test to a real account.
func isolate(environment []string) error {
	for _, line := range os.Environ() {
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	// A CLI configuration that is not there is a warning in every output of Terraform.
	if path := os.Getenv("TF_CLI_CONFIG_FILE"); path != "" {
		if _, err := os.Stat(path); err != nil { //nolint:gosec // a path that its owner chose
			if err := os.Unsetenv("TF_CLI_CONFIG_FILE"); err != nil {
				return err
			}
		}
	}
	for _, line := range append(environment, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull) {
		name, value, _ := strings.Cut(line, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
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
	folder := t.TempDir()
	Watched(t, folder)
	return fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n", folder)
}

var named atomic.Int64

// Unique returns a name for something in AWS that no other test of the package uses, made of the test's own: lower case
// letters, digits and hyphens, at most 50 characters, so that it fits a bucket, a DNS label and a function.
func Unique(t testing.TB) string {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name()))
	name = strings.Trim(name[:min(len(name), 40)], "-")
	return fmt.Sprintf("%s-%d", name, named.Add(1))
}

// CountCalls counts the calls in the emulator's log. An empty service or operation matches all; resource is a substring
// of the name or id in the request, as in emulator.Fault.
func CountCalls(t testing.TB, service, operation, resource string) int {
	t.Helper()
	count := 0
	for _, call := range Emulator(t).Calls() {
		if (service == "" || call.Service == service) && (operation == "" || call.Operation == operation) &&
			strings.Contains(call.Resource, resource) {
			count++
		}
	}
	return count
}

// CountMutations counts the calls in the emulator's log that change something, in services other than those named.
func CountMutations(t testing.TB, except ...string) int {
	t.Helper()
	count := 0
	for _, call := range Emulator(t).Calls() {
		if call.Mutating && !slices.Contains(except, call.Service) {
			count++
		}
	}
	return count
}
