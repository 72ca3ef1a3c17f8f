package emulator

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Behind returns an emulator without a server and without moto: the strict proxy in front of upstream, which stands in
// moto's place. It is reached through Transport (and so through AWSConfig); its URL leads nowhere. A call is served in
// the goroutine that makes it, which is what a simulation on a clock of its own needs. It needs no Close.
func Behind(upstream http.Handler, options Options) *Emulator {
	if options.Propagation == 0 {
		options.Propagation = 50 * time.Millisecond
	}
	if options.Credentials.AccessKeyID == "" {
		options.Credentials = aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	}
	e := &Emulator{options: options, url: "http://emulator.invalid", moto: &moto{address: "moto.invalid"}, upstream: handled{upstream}}
	e.transport = handled{e}
	e.addRules()
	e.lambda.propagation = options.Propagation
	return e
}

// Transport carries requests to the proxy.
func (e *Emulator) Transport() http.RoundTripper { return e.transport }

// handled serves requests by a handler, without a network.
type handled struct{ handler http.Handler }

// RoundTrip calls the handler. One that gives up (http.ErrAbortHandler) is a connection that was reset.
func (h handled) RoundTrip(request *http.Request) (response *http.Response, err error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	w := &written{header: http.Header{}}
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler: // net/http's own convention
			response, err = nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
		default:
			panic(cause)
		}
	}()
	served := request.Clone(request.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	served.Host, served.RequestURI, served.RemoteAddr = request.URL.Host, request.URL.RequestURI(), "192.0.2.1:1"
	h.handler.ServeHTTP(w, served)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: request,
	}, nil
}

// written is an answer while it is written.
type written struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *written) Header() http.Header { return w.header }

func (w *written) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *written) Write(data []byte) (int, error) { return w.body.Write(data) }
