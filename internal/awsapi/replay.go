package awsapi

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

type (
	recordKey struct{}
	replayKey struct{}
)

// recorded is an answer as it came, so that everybody who is given it makes things of his own out of it.
type recorded struct {
	largest int  // what is longer is not kept
	whole   bool // it was a success, and all of it is in body
	status  int
	header  http.Header
	body    []byte
}

// replayed tells that a call's answer is at hand: AWS is not asked.
func replayed(ctx context.Context) bool {
	_, ok := ctx.Value(replayKey{}).(*recorded)
	return ok
}

// replaying is the innermost step of a call, next to the network.
type replaying struct{}

// ID names the step.
func (replaying) ID() string { return "ReliabilityReplay" }

// HandleDeserialize records an answer, or gives a recorded one.
func (replaying) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	if kept, ok := ctx.Value(replayKey{}).(*recorded); ok {
		out.RawResponse = &smithyhttp.Response{Response: &http.Response{
			StatusCode: kept.status, Header: kept.header.Clone(), Body: io.NopCloser(bytes.NewReader(kept.body)), ContentLength: int64(len(kept.body)),
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}}
		return out, metadata, nil
	}
	out, metadata, err = next.HandleDeserialize(ctx, in)
	record, ok := ctx.Value(recordKey{}).(*recorded)
	response, isHTTP := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || !isHTTP || response.StatusCode != http.StatusOK || response.ContentLength > int64(record.largest) {
		return out, metadata, err
	}
	*record = recorded{largest: record.largest, status: response.StatusCode, header: response.Header.Clone()}
	record.header.Del("Date") // the SDK takes it for the time at AWS
	start, err := io.ReadAll(io.LimitReader(response.Body, int64(record.largest)+1))
	if err != nil || len(start) > record.largest {
		response.Body = body{io.MultiReader(bytes.NewReader(start), failing{err}, response.Body), response.Body}
		return out, metadata, nil
	}
	record.whole, record.body = true, start
	response.Body = body{bytes.NewReader(start), response.Body}
	return out, metadata, nil
}

// body reads from one place and closes another.
type body struct {
	io.Reader
	io.Closer
}

// failing gives a read's error where it came; nothing where there was none.
type failing struct{ err error }

// Read fails.
func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// shareLooks adds both steps to every call of a client with an identity.
func shareLooks(identity string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		if err := stack.Initialize.Add(sharing{identity}, middleware.After); err != nil {
			return err
		}
		return stack.Deserialize.Add(replaying{}, middleware.After)
	}
}
