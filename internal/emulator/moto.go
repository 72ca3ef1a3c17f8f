package emulator

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

//go:embed moto_server.py
var runMoto string

// moto is the child process.
type moto struct {
	address string // host:port
	stop    func() error
}

// startMoto starts moto and returns when it answers. log takes its output; nil throws it away.
func startMoto(ctx context.Context, python string, log *os.File) (*moto, error) {
	command := exec.Command(python, "-u", "-c", runMoto) //nolint:gosec,noctx // our own program; it outlives ctx, and stop ends it
	command.Env = append(withoutAWS(os.Environ()), "PYTHONDONTWRITEBYTECODE=1", "MOTO_IAM_LOAD_MANAGED_POLICIES=true")
	output := io.Discard
	if log != nil {
		command.Stderr, output = log, log
	}
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start moto: %w", err)
	}
	lines, ended := make(chan string, 1), make(chan struct{})
	go func() { // owner: ends when the process does
		defer close(ended)
		reader := bufio.NewReader(stdout)
		line, _ := reader.ReadString('\n')
		lines <- strings.TrimSpace(line)
		_, _ = io.Copy(output, reader)
		_ = command.Wait()
	}()
	child := &moto{stop: func() error {
		_ = stdin.Close()
		_ = command.Process.Kill()
		<-ended
		return nil
	}}
	select {
	case port := <-lines:
		if port == "" {
			_ = child.stop()
			return nil, errors.New("moto ended before it served; its output is in the log (Options.Log)")
		}
		child.address = "127.0.0.1:" + port
	case <-ctx.Done():
		_ = child.stop()
		return nil, fmt.Errorf("wait for moto: %w", ctx.Err())
	}
	if err := child.ready(ctx); err != nil {
		_ = child.stop()
		return nil, err
	}
	return child, nil
}

// ready waits until moto answers an STS call.
func (m *moto) ready(ctx context.Context) error {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.address+"/",
			strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Authorization", scopedAuthorization("us-east-1", "sts"))
		response, err := plainTransport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", response.StatusCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("moto does not answer: %w", errors.Join(err, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// plainTransport opens a connection a request: moto closes each anyway.
var plainTransport = &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 1 << 20}

// scopedAuthorization is a signature that nobody checks, with the scope by which moto finds Region and service.
func scopedAuthorization(region, service string) string {
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", accessKey, region, service)
}

// withoutAWS drops what would make moto talk to itself or to AWS.
func withoutAWS(environment []string) []string {
	var kept []string
	for _, line := range environment {
		if !strings.HasPrefix(line, "AWS_") && !strings.HasPrefix(line, "MOTO_") {
			kept = append(kept, line)
		}
	}
	return kept
}
