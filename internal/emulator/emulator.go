// Package emulator is an AWS to test against: moto behind a strict proxy that refuses what AWS refuses, serves what moto
// lacks, logs every call and injects faults. For tests and the demo only; the provider never imports it.
package emulator

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options are what a test may choose. The zero value works.
type Options struct {
	// Propagation is how long a CloudFront or Route 53 change stays InProgress or PENDING (default: 50 ms).
	Propagation time.Duration
	// Log takes moto's and the proxy's own output, a path of a file; empty means it is thrown away.
	Log string
}

// Emulator is one moto and the proxy in front of it, on loopback.
type Emulator struct{}

// Start starts moto and the proxy and returns when both answer. The caller must Close it. The error of a machine
// without Python or moto says what to install.
func Start(ctx context.Context, options Options) (*Emulator, error) { panic("not written yet") }

// Close ends both. It is safe to call twice.
func (e *Emulator) Close() error { panic("not written yet") }

// URL is the proxy's address, for AWS_ENDPOINT_URL.
func (e *Emulator) URL() string { panic("not written yet") }

// Env is the environment of a process that should talk to the emulator, as KEY=VALUE lines: the endpoint, static
// credentials, a Region, and no instance metadata.
func (e *Emulator) Env() []string { panic("not written yet") }

// AWSConfig is a configuration for clients that a test uses to set things up and look at them.
func (e *Emulator) AWSConfig() aws.Config { panic("not written yet") }

// Reset forgets every resource, call, fault and function.
func (e *Emulator) Reset(ctx context.Context) error { panic("not written yet") }

// Call is one request that reached the proxy.
type Call struct {
	At        time.Time
	Service   string // as in IAM: "lambda", "route53", "s3", "cloudfront", "ec2", ...
	Operation string // "GetAlias"
	Resource  string // the name or id in the request, where there is one
	Region    string
	Status    int    // HTTP status of the answer; 0 for a dropped connection
	Code      string // AWS error code, if any
	Mutating  bool
}

// Calls returns the calls since the start or the last ResetCalls, in order.
func (e *Emulator) Calls() []Call { panic("not written yet") }

// ResetCalls empties the call log.
func (e *Emulator) ResetCalls() { panic("not written yet") }

// Fault is a rule that spoils calls. The first matching rule that is not used up wins.
type Fault struct {
	Service   string  // empty matches all
	Operation string  // empty matches all
	Resource  string  // empty matches all; else a substring
	Mutating  bool    // match only mutating calls
	After     int     // let that many matching calls through first
	Times     int     // then spoil that many; 0 means all
	Rate      float64 // spoil only this share of them (0 means every one), by a seeded generator

	// What happens, one of:
	Throttle bool          // the service's own throttling error
	Status   int           // an HTTP error of this status ...
	Code     string        // ... with this AWS code
	Latency  time.Duration // wait, then serve
	Drop     bool          // close the connection without an answer, before moto has seen the request
	DropLate bool          // close the connection without an answer, after moto has done the request
	Hook     func(Call)    // run before serving (kill a process, change something by hand), then serve
}

// Inject adds a fault and returns what removes it.
func (e *Emulator) Inject(fault Fault) (remove func()) { panic("not written yet") }

// Function is what an emulated Lambda version does. An error string is FunctionError; the payload is then what Lambda
// would return with it.
type Function func(version string, payload []byte) (response []byte, functionError string)

// OnInvoke sets what invoking a function does. A function without one answers with null.
func (e *Emulator) OnInvoke(functionName string, do Function) { panic("not written yet") }
