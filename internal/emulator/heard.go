package emulator

import (
	"bytes"
	"io"
	"net/http"
)

// Request is what somebody sent, for Options.Heard.
type Request struct {
	Call

	Method, Address string // the address with its query
	Agent           string // the User-Agent
	Header          http.Header
	Body            []byte // of a body of S3 that is larger than 16 MB, the first 16 MB
}

// mostHeard bounds what is kept of a streamed body.
const mostHeard = 16 << 20

// tell tells of a request: of one to S3, whose body is streamed, once the body was read or given up.
func (e *Emulator) tell(x *exchange) {
	if e.options.Heard == nil {
		return
	}
	heard := Request{Call: x.Call, Method: x.request.Method, Address: x.request.Host + x.request.URL.String(), Agent: x.request.UserAgent(), Header: x.request.Header.Clone(), Body: x.body}
	if x.Service != "s3" || x.request.Body == nil || x.request.ContentLength == 0 {
		e.options.Heard(heard)
		return
	}
	x.request.Body = &overheard{ReadCloser: x.request.Body, left: x.request.ContentLength, done: func(body []byte) {
		heard.Body = body
		e.options.Heard(heard)
	}}
}

// overheard is a body that notes what is read of it.
type overheard struct {
	io.ReadCloser

	read bytes.Buffer
	left int64        // below zero where the length was not told
	done func([]byte) // once
}

func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if room := mostHeard - o.read.Len(); room > 0 {
		o.read.Write(p[:min(n, room)])
	}
	if o.left -= int64(n); err != nil || o.left == 0 {
		o.finish()
	}
	return n, err
}

func (o *overheard) Close() error {
	o.finish()
	return o.ReadCloser.Close()
}

func (o *overheard) finish() {
	if o.done != nil {
		o.done(o.read.Bytes())
		o.done = nil
	}
}
