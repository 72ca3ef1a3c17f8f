package proof

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// lines carry HTTP requests out of a bubble and their answers back. Their channels were made outside, so that the clock of
// the bubble stands still for as long as one of its goroutines waits for an answer.
type lines struct{ free chan *line }

type line struct {
	ask    chan *http.Request
	answer chan carried
}

type carried struct {
	response *http.Response
	err      error
}

// openLines returns lines that are closed when the test ends.
func openLines(t *testing.T) *lines {
	t.Helper()
	const parallel = 8 // more than any bubble has goroutines that ask
	l := &lines{free: make(chan *line, parallel)}
	transport := &http.Transport{MaxIdleConnsPerHost: parallel, DisableCompression: true}
	for range parallel {
		opened := &line{ask: make(chan *http.Request), answer: make(chan carried)}
		go opened.serve(transport) // ends when ask is closed
		t.Cleanup(func() { close(opened.ask) })
		l.free <- opened
	}
	t.Cleanup(transport.CloseIdleConnections)
	return l
}

func (l *line) serve(transport http.RoundTripper) {
	for request := range l.ask {
		response, err := transport.RoundTrip(request)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
			response.Body = io.NopCloser(bytes.NewReader(body))
			response.Header.Del("Date") // it is the machine's, and would teach the SDK that the bubble's clock is wrong
		}
		l.answer <- carried{response, err}
	}
}

// Do carries one request, with the time that it is in the bubble. Once sent it is carried to its end.
func (l *lines) Do(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	out := request.Clone(context.Background())
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		out.Body = io.NopCloser(bytes.NewReader(body))
		out.ContentLength = int64(len(body))
		if len(body) == 0 {
			out.Body = http.NoBody
		}
	}
	out.Header.Set(emulator.TimeHeader, time.Now().UTC().Format(time.RFC3339Nano))
	line := <-l.free
	defer func() { l.free <- line }()
	line.ask <- out
	got := <-line.answer
	return got.response, got.err
}
