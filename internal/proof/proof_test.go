// Package proof shows what the switch promises, under everything that can go wrong: the real engines against the real rules
// of the emulator's proxy, with thousands of deaths, faults and switches in a minute.
//
// A run lives in a bubble of testing/synctest, whose clock moves only while nobody in it is at work: a pause of an hour
// takes no time, and an answer is never late because the machine is busy. AWS is outside. A call to it passes through a
// wire, and while it is under way the clock of the bubble stands; what AWS propagates it propagates by that clock, which the
// wire sends along. Nothing depends on the speed of the machine, and whatever is drawn at random is drawn from a seed that
// the failing test prints.
//
// Adding a router is one file with its lever and one line in levers.
package proof

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// propagation is how long a change of Route 53 or CloudFront is under way, by the clock of whoever made it. It is short so
// that the bound on a recovery is about us and not about AWS.
const propagation = 500 * time.Millisecond

// shared is the emulator of all proofs. It is started as acctest.Main does, but this room knows nothing of the provider.
var shared *emulator.Emulator

func TestMain(m *testing.M) {
	// What killed processes leave of their leases (internal/engine/journal) goes with this folder.
	temp, err := os.MkdirTemp("", "proof-")
	if err == nil {
		err = os.Setenv("TMPDIR", temp)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
	code := run(m)
	_ = os.RemoveAll(temp)
	if err := writeResults(); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) int {
	if os.Getenv("TF_ACC") == "" {
		return m.Run()
	}
	const startTimeout = 5 * time.Minute // moto may have to be installed
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	started, err := emulator.Start(ctx, emulator.Options{Log: os.Getenv("EMULATOR_LOG"), Propagation: propagation})
	if err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		return 1
	}
	defer started.Close() //nolint:errcheck // the process ends
	shared = started
	return m.Run()
}

// full asks for every combination where otherwise they take turns: it is for make proof and takes minutes.
var full = os.Getenv("RELIABILITY_PROOF") == "full"

// worlds counts them, to name apart what they are made of.
var worlds atomic.Int64

// each runs a proof for every lever.
func each(t *testing.T, proof func(t *testing.T, w *world)) {
	t.Helper()
	if shared == nil {
		t.Skip("the proofs need the emulator and run with TF_ACC=1")
	}
	for _, l := range levers {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			w := &world{lever: l, emulator: shared, lines: openLines(t), name: fmt.Sprintf("proof-%d", worlds.Add(1))}
			w.target = l.build(t, w)
			proof(t, w)
		})
	}
}

// world is one lever in the emulator, and the way to it.
type world struct {
	lever    lever
	target   target
	emulator *emulator.Emulator
	lines    aws.HTTPClient // the way to it
	name     string         // of its own, for whatever the lever is made of
}

// The access keys by which the proxy tells a process of the provider from those who look on and set things up.
const outsideKey = "outside"

func (w *world) providerKey() string { return "provider-of-" + w.name }

// config is a configuration of a caller whose calls go over client.
func (w *world) config(key string, client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region: emulator.Region, BaseEndpoint: aws.String(w.emulator.URL()), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider(key, key, ""), Retryer: retryer,
	}
}

// outside is for those who look on, set things up, or meddle.
func (w *world) outside() aws.Config { return w.config(outsideKey, w.lines) }

// retryer is the provider's own, but for the lot that it draws about each pause: it waits the mean.
func retryer() aws.Retryer {
	const longest = 20 * time.Second
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = awsapi.DefaultMaxAttempts, longest
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return min(time.Second<<min(attempt, 10), longest) / 2, nil
		})
	})
}

// bubble runs a story on a clock of its own and returns what did not hold: inside, a failure could not be told from another
// run's.
func bubble(t *testing.T, story func(t *testing.T) []string) (problems []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { problems = story(t) })
	return problems
}

// report fails the test with what did not hold in the run that what names, if anything.
func report(t *testing.T, problems []string, what string, values ...any) {
	t.Helper()
	count(t, 1, min(len(problems), 1))
	for _, problem := range problems {
		t.Errorf("%s: %s", fmt.Sprintf(what, values...), problem)
	}
}
