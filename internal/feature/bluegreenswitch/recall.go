package bluegreenswitch

import (
	"context"
	"errors"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// recall tells the routers that need it what the journal knows of their colours, and which colour had everything last. A
// journal that cannot be read leaves them with the latter.
func (r *switchResource) recall(ctx context.Context, routes []traffic.Route, home traffic.Colour) error {
	for _, route := range routes {
		if _, ok := route.Router.(traffic.Rememberer); !ok {
			continue
		}
		kept, err := r.openJournal(ctx)
		if err != nil {
			kept = nil
		}
		if err = errors.Join(err, traffic.Recall(ctx, kept, route.Router, home)); err != nil {
			return err
		}
	}
	return nil
}
