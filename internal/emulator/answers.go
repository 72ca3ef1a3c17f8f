package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

// Answers are what was answered to calls that only read, to be given again with no emulator: a test of a hundred questions takes
// milliseconds then. They are for tests.
type Answers struct {
	// State is the Terraform state of what was read.
	State json.RawMessage `json:"state"`
	// Calls has the answer to each call, by what makes two calls the same.
	Calls map[string]Answer `json:"calls"`

	mu sync.Mutex
}

// ErrNoAnswer: a call was not made when the answers were recorded.
var ErrNoAnswer = errors.New("no answer was recorded")

// Answer is one answer.
type Answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   string `json:"body"`
}

// LoadAnswers reads what Save wrote. The error names the file.
func LoadAnswers(name string) (*Answers, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the file that a test names
	if err != nil {
		return nil, err
	}
	answers := &Answers{}
	if err := json.Unmarshal(text, answers); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return answers, nil
}

// Save writes them, always in the same order.
func (a *Answers) Save(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o600)
}

// Record returns a transport that notes every answer of next.
func (a *Answers) Record(next http.RoundTripper) http.RoundTripper {
	return transport(func(request *http.Request) (*http.Response, error) {
		call, err := callOf(request)
		if err != nil {
			return nil, err
		}
		response, err := next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.Calls == nil {
			a.Calls = map[string]Answer{}
		}
		a.Calls[call] = Answer{Status: response.StatusCode, Type: response.Header.Get("Content-Type"), Body: string(body)}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	})
}

// Replay returns a transport that gives the answers again. A call that was not made then is an ErrNoAnswer that names it.
func (a *Answers) Replay() http.RoundTripper {
	return transport(func(request *http.Request) (*http.Response, error) {
		call, err := callOf(request)
		if err != nil {
			return nil, err
		}
		answer, ok := a.Calls[call]
		if !ok {
			return nil, fmt.Errorf("%w to %s", ErrNoAnswer, call)
		}
		return &http.Response{
			StatusCode: answer.Status, Status: http.StatusText(answer.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
			Header: http.Header{"Content-Type": {answer.Type}}, Body: io.NopCloser(strings.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)),
		}, nil
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) { return t(request) }

// callOf is what makes two calls the same: the service and Region that they are signed for, and what is asked.
func callOf(request *http.Request) (string, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(request.Body)
		if err := errors.Join(err, request.Body.Close()); err != nil {
			return "", err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	region, service, _ := scopeOf(request)
	return strings.Join([]string{service, region, request.Method, request.URL.RequestURI(), request.Header.Get("X-Amz-Target"), string(body)}, " "), nil
}
