package gate

import "context"

// Run is to be written by the health helper.
func Run(ctx context.Context, checks []Check, policy Policy, options Options) Result {
	panic("not written yet")
}
