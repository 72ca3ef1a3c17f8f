// Package configured is what the provider block hands to every feature.
package configured

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Data is the configured provider. Nothing in it has contacted anything yet.
type Data struct {
	// Version is the provider's own.
	Version string
	// AWS makes clients on first use.
	AWS *awsapi.Clients
	// OpenStore returns the store of the provider block; an error names what is wrong with it. Opening it twice
	// gives the same store.
	OpenStore func(ctx context.Context) (store.Store, error)
	// Health are the defaults of every gate.
	Health Health
	// Sink delivers events; never nil.
	Sink notify.Sink
	// Clock is the machine's, except in tests.
	Clock clock.Clock
	// Applying is set once a resource of the provider began to be applied in this process. Terraform plans a resource again
	// in the middle of an apply, as soon as what it waited for is known: a plan that comes after this is such a one.
	Applying atomic.Bool
}

// Health are the defaults of every gate, from the provider block, else the environment, else surface.md's.
type Health struct {
	Timeout    time.Duration
	MaxRetries int
	RetryDelay time.Duration
}

// From takes the Data out of a Configure request. It returns nil while Terraform has not configured the provider yet,
// which is not an error: Terraform asks again.
func From(providerData any, diags *diag.Diagnostics) *Data {
	if providerData == nil {
		return nil
	}
	data, ok := providerData.(*Data)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("The provider handed over a %T. This is a bug in the provider; please report it.", providerData))
		return nil
	}
	return data
}
