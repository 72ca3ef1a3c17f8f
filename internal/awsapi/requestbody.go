package awsapi

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// plainBodies keeps a connection open while an answer is read from it.
//
// Once the request's body is sent, net/http's writer looks whether it goes on (transferWriter.writeBody in net/http/transfer.go). AWS may have
// answered by then, and as soon as it has, smithy-go closes the body. One that only has Read is then at its end, as it should be. But smithy-go
// offers the body's WriteTo, too, where it has one, as those in memory do, and after Close that returns io.EOF, which for
// an io.WriterTo is a failure. net/http then gives up the connection: an answer that is larger than what was read so far ends in "use of closed
// network connection". The SDK asks again, so it costs a call, or, for one that changed something, makes it twice.
type plainBodies struct{}

// ID names the step.
func (plainBodies) ID() string { return "ReliabilityPlainBody" }

// HandleDeserialize sends a body that can be read, and rewound where it could be, and nothing else.
func (plainBodies) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleDeserialize(ctx, in)
	}
	stream := request.GetStream()
	if _, writes := stream.(io.WriterTo); !writes {
		return next.HandleDeserialize(ctx, in)
	}
	plain := io.Reader(struct{ io.Reader }{stream})
	if seeker, seeks := stream.(io.ReadSeeker); seeks {
		plain = struct{ io.ReadSeeker }{seeker}
	}
	if in.Request, err = request.SetStream(plain); err != nil {
		return out, metadata, fmt.Errorf("preparing the request's body: %w", err)
	}
	return next.HandleDeserialize(ctx, in)
}

func sendPlainBodies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(plainBodies{}, middleware.After)
}
