// Package emulator is an AWS to test against: moto behind a strict proxy that refuses what AWS refuses, serves what moto
// lacks, logs every call and injects faults. For tests and the demo only; the provider never imports it.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region, AccountID and the static credentials of everything that talks to the emulator.
const (
	Region    = "us-east-1"
	AccountID = "123456789012"

	accessKey = "emulator"
	secretKey = "emulator"
)

// Options are what a test may choose. The zero value works.
type Options struct {
	// Propagation is how long a CloudFront or Route 53 change stays InProgress or PENDING (default: 50 ms).
	Propagation time.Duration
	// Log takes moto's and the proxy's own output, a path of a file; empty means it is thrown away.
	Log string
	// Address is where the proxy listens, a loopback host:port (default: a free port of 127.0.0.1).
	Address string
	// Credentials are those of Env and AWSConfig (default: "emulator" for both keys, and no session token).
	Credentials aws.Credentials
	// Heard is told of each request, and Answered of each answer that is not streamed, by many goroutines at once.
	Heard    func(Request)
	Answered func(call Call, body []byte)
}

// Emulator is one moto and the proxy in front of it, on loopback. It is safe for many goroutines.
type Emulator struct {
	options Options
	url     string
	moto    *moto
	output  *os.File
	server  *http.Server
	served  chan error
	closing sync.Once
	closed  error
	// transport leads to the proxy, and upstream to moto.
	transport, upstream http.RoundTripper

	calls         callLog
	faults        faultList
	bindings      bindingList
	recordings    recordingList
	services      map[string]ruleset
	config        *configRules
	cloudtrail    *cloudtrailRules
	codebuild     *codebuildRules
	lambda        *lambdaRules
	ecs           *ecsRules
	scheduler     *schedulerRules
	loadBalancing *elasticLoadBalancingRules
}

// Start starts moto and the proxy and returns when both answer. The caller must Close it. The error of a machine
// without Python or moto is a *NoMotoError, which says what to install.
func Start(ctx context.Context, options Options) (*Emulator, error) {
	if options.Propagation == 0 {
		options.Propagation = 50 * time.Millisecond
	}
	if options.Address == "" {
		options.Address = "127.0.0.1:0"
	}
	if options.Credentials.AccessKeyID == "" {
		options.Credentials = aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	}
	python, err := findPython(ctx)
	if err != nil {
		return nil, err
	}
	e := &Emulator{options: options, served: make(chan error, 1), transport: plainTransport, upstream: plainTransport}
	if options.Log != "" {
		e.output, err = os.OpenFile(options.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open the emulator's log: %w", err)
		}
	}
	e.moto, err = startMoto(ctx, python, e.output)
	if err != nil {
		return nil, errors.Join(err, e.closeOutput())
	}
	e.addRules()
	e.lambda.propagation = e.options.Propagation
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", options.Address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the emulator: %w", err), e.moto.stop(), e.closeOutput())
	}
	e.url = "http://" + listener.Addr().String()
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: time.Minute, ErrorLog: e.errorLog()}
	go func() { e.served <- e.server.Serve(listener) }() // owner: Close waits for it
	return e, nil
}

// Close ends both. It is safe to call twice.
func (e *Emulator) Close() error {
	e.closing.Do(func() {
		err := e.server.Close()
		if served := <-e.served; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		e.closed = errors.Join(err, e.moto.stop(), e.closeOutput())
	})
	return e.closed
}

func (e *Emulator) closeOutput() error {
	if e.output == nil {
		return nil
	}
	return e.output.Close()
}

// URL is the proxy's address, for AWS_ENDPOINT_URL.
func (e *Emulator) URL() string { return e.url }

// Env is the environment of a process that should talk to the emulator, as KEY=VALUE lines: the endpoint, the
// credentials, a Region, and no instance metadata.
func (e *Emulator) Env() []string {
	environment := []string{
		"AWS_ENDPOINT_URL=" + e.url,
		"AWS_ACCESS_KEY_ID=" + e.options.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + e.options.Credentials.SecretAccessKey,
		"AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	if token := e.options.Credentials.SessionToken; token != "" {
		environment = append(environment, "AWS_SESSION_TOKEN="+token)
	}
	return environment
}

// AWSConfig is a configuration for clients that a test uses to set things up and look at them. A call is tried three
// times. A CloudWatch client needs `o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)` as well.
func (e *Emulator) AWSConfig() aws.Config {
	return aws.Config{
		Region:       Region,
		Credentials:  credentials.StaticCredentialsProvider{Value: e.options.Credentials},
		BaseEndpoint: aws.String(e.url),
		HTTPClient:   &http.Client{Transport: e.transport},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, 200*time.Millisecond })
		},
	}
}

// Reset forgets every resource, call, fault and function.
func (e *Emulator) Reset(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.moto.address+"/moto-api/reset", http.NoBody)
	if err != nil {
		return err
	}
	response, err := e.upstream.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("reset moto: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("reset moto: status %d", response.StatusCode)
	}
	for _, rules := range e.services {
		rules.reset()
	}
	e.faults.reset()
	e.calls.reset()
	return nil
}
