package lifeline

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a provider with everything that this one serves.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// Guard returns server with the calls that change something counted as work: applying a resource, and invoking an
// action. All others pass through; when Terraform is gone, nobody waits for them.
func (l *Line) Guard(server Server) Server { return guarded{Server: server, line: l} }

type guarded struct {
	Server

	line *Line
}

// ApplyResourceChange is work.
func (g guarded) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	ctx, done := g.line.begin(ctx)
	defer done()
	return g.Server.ApplyResourceChange(ctx, req)
}

// InvokeAction is work until the last event. When nobody takes the events any more, the action still runs to its end: it
// does the work while its events are taken.
func (g guarded) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	ctx, done := g.line.begin(ctx)
	stream, err := g.Server.InvokeAction(ctx, req)
	if err != nil || stream == nil {
		done()
		return stream, err
	}
	events := stream.Events
	stream.Events = func(push func(tfprotov6.InvokeActionEvent) bool) {
		defer done()
		taken := true
		for event := range events {
			taken = taken && push(event)
		}
	}
	return stream, nil
}
