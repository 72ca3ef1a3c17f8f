package emulator

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody bounds what is read of a request or an answer into memory: more than AWS takes anywhere but in S3, whose
// bodies are streamed.
const maxBody = 128 << 20

// ruleset is what one service refuses or serves in moto's place.
type ruleset interface {
	// rule returns what serves an operation, or nil when moto does.
	rule(operation string) rule
	// reset forgets everything.
	reset()
}

// rule serves a call in moto's place, or decides that moto may: it then returns no answer.
type rule func(ctx context.Context, x *exchange) (*answer, error)

// exchange is one call while it is served.
type exchange struct {
	Call
	request  *http.Request
	protocol protocol
	body     []byte // whole, except in S3
	moto     string
	bound    *binding     // of the caller's policies; nil where it may do everything
	needed   []*recording // to which it tells what it needs
	upstream http.RoundTripper
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   string // the AWS error code in it
}

// serveLimit is how long a call may take once it is being carried out.
const serveLimit = 2 * time.Minute

// ServeHTTP serves one AWS call, or one of the emulator's own (/_emulator/...).
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		e.serveAdmin(w, r)
		return
	}
	x, err := e.read(r)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errBodyTooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	e.tell(x)
	refused := e.authorize(x)
	finish := e.calls.begin(x.Call)
	fault := e.faults.choose(x.Call)
	if fault != nil {
		spoiled, drop := fault.before(r.Context(), x)
		if drop {
			panic(http.ErrAbortHandler)
		}
		if spoiled != nil {
			finish(spoiled.status, spoiled.code)
			spoiled.write(w)
			return
		}
	}
	if refused != nil {
		finish(refused.status, refused.code)
		refused.write(w)
		return
	}
	late := fault != nil && (fault.DropLate || fault.Truncate || fault.HookLate != nil)
	if x.Service == "s3" && !late && e.services["s3"].rule(x.Operation) == nil {
		x.stream(w, finish)
		return
	}
	// AWS carries out a call whose caller is gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), serveLimit)
	defer cancel()
	reply, err := e.serve(ctx, x)
	if err != nil {
		reply = x.fail(http.StatusBadGateway, "InternalFailure", "the emulator: "+err.Error())
	}
	if fault != nil && fault.HookLate != nil {
		fault.HookLate(x.Call)
	}
	if fault != nil && fault.DropLate {
		panic(http.ErrAbortHandler)
	}
	finish(reply.status, reply.code)
	if e.options.Answered != nil {
		e.options.Answered(x.Call, reply.body)
	}
	if fault != nil && fault.Truncate {
		reply.body = reply.body[:len(reply.body)/2]
		reply.header.Del("Content-Length")
	}
	reply.write(w)
}

// serve answers by the service's rule, else by moto.
func (e *Emulator) serve(ctx context.Context, x *exchange) (*answer, error) {
	if x.Service == "s3" { // its body was left to be streamed
		body, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody))
		if err != nil {
			return nil, err
		}
		x.body = body
	}
	if rules := e.services[x.Service]; rules != nil {
		if serve := rules.rule(x.Operation); serve != nil {
			reply, err := serve(ctx, x)
			if reply != nil || err != nil {
				return reply, err
			}
		}
	}
	return x.forward(ctx)
}

// outgoing returns the request for moto.
func (x *exchange) outgoing(ctx context.Context, body io.Reader) *http.Request {
	out := x.request.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", x.moto, ""
	out.Body = io.NopCloser(body)
	for _, name := range hopByHop {
		out.Header.Del(name)
	}
	return out
}

// hopByHop are the headers of one connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"}

// forward lets moto serve the call and returns its whole answer.
func (x *exchange) forward(ctx context.Context) (*answer, error) {
	out := x.outgoing(ctx, bytes.NewReader(x.body))
	out.ContentLength, out.TransferEncoding = int64(len(x.body)), nil
	return x.send(out)
}

func (x *exchange) send(out *http.Request) (*answer, error) {
	response, err := x.upstream.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("ask moto: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read moto's answer: %w", err)
	}
	reply := &answer{status: response.StatusCode, header: response.Header, body: body}
	return x.judge(reply), nil
}

// ask asks moto something on the way, in the name of the caller. path is escaped and may have a query.
func (x *exchange) ask(ctx context.Context, path string) (*answer, error) {
	out, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+x.moto+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", scopedAuthorization(x.Region, x.Service))
	return x.send(out)
}

// stream lets moto serve a call whose bodies may be large.
func (x *exchange) stream(w http.ResponseWriter, finish func(int, string)) {
	out := x.outgoing(x.request.Context(), x.request.Body)
	if x.request.ContentLength == 0 {
		out.Body = http.NoBody
	}
	response, err := x.upstream.RoundTrip(out)
	if err != nil {
		reply := x.fail(http.StatusBadGateway, "InternalError", "the emulator: "+err.Error())
		finish(reply.status, reply.code)
		reply.write(w)
		return
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	if refused := x.authorizeAnswer(response.StatusCode, response.Header); refused != nil {
		finish(refused.status, refused.code)
		refused.write(w)
		return
	}
	if response.StatusCode >= http.StatusBadRequest {
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
		reply := x.judge(&answer{status: response.StatusCode, header: response.Header, body: body})
		finish(reply.status, reply.code)
		reply.write(w)
		return
	}
	finish(response.StatusCode, "")
	copyHeader(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

func (a *answer) write(w http.ResponseWriter) {
	copyHeader(w.Header(), a.header)
	if a.status != http.StatusNoContent && (len(a.body) > 0 || a.header.Get("Content-Length") == "") {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		if !slices.Contains(hopByHop, name) {
			to[name] = values
		}
	}
}

var errBodyTooLarge = errors.New("the body is larger than any AWS service but S3 takes")

// read takes a request apart.
func (e *Emulator) read(r *http.Request) (*exchange, error) {
	x := &exchange{request: r, moto: e.moto.address, upstream: e.upstream}
	x.At = timeOf(r)
	x.Region, x.Service, x.Caller = scopeOf(r)
	if x.Service != "s3" {
		body, err := readBody(r)
		if err != nil {
			return nil, err
		}
		x.body = body
	}
	x.identify()
	if x.Service != "s3" || r.ContentLength == 0 {
		sum := sha256.Sum256([]byte(strings.Join([]string{r.Method, r.URL.String(), r.Host, x.Region, x.Caller, x.Operation, string(x.body)}, "\x00")))
		x.Digest = hex.EncodeToString(sum[:])
	}
	return x, nil
}

// readBody reads a whole body. A compressed one (https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait)
// is unpacked, which moto does twice, and then fails.
func readBody(r *http.Request) ([]byte, error) {
	source := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(source)
		if err != nil {
			return nil, err
		}
		source = unpacked
		r.Header.Del("Content-Encoding")
	}
	body, err := io.ReadAll(io.LimitReader(source, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, errBodyTooLarge
	}
	return body, nil
}

// errorLog is where the HTTP server complains.
func (e *Emulator) errorLog() *log.Logger {
	if e.output == nil {
		return log.New(io.Discard, "", 0)
	}
	return log.New(e.output, "emulator: ", log.LstdFlags)
}
