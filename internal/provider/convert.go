package provider

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type healthModel struct {
	Timeout    types.String `tfsdk:"timeout"`
	MaxRetries types.Int64  `tfsdk:"max_retries"`
	RetryDelay types.String `tfsdk:"retry_delay"`
}

// toHealth takes the provider block, else the environment, else the documented defaults.
func (m *model) toHealth(diags *diag.Diagnostics) configured.Health {
	health := configured.Health{
		Timeout:    time.Duration(environment("HEALTH_CHECK_TIMEOUT", 300, diags)) * time.Second,
		MaxRetries: environment("MAX_RETRIES", 5, diags),
		RetryDelay: time.Duration(environment("RETRY_DELAY", 10, diags)) * time.Second,
	}
	if m.Health == nil {
		return health
	}
	at := path.Root("health")
	if d := duration(m.Health.Timeout, at.AtName("timeout"), diags); d > 0 {
		health.Timeout = d
	}
	if d := duration(m.Health.RetryDelay, at.AtName("retry_delay"), diags); d > 0 {
		health.RetryDelay = d
	}
	if !m.Health.MaxRetries.IsNull() && !m.Health.MaxRetries.IsUnknown() {
		health.MaxRetries = int(m.Health.MaxRetries.ValueInt64())
	}
	return health
}

// environment reads a whole number that is not negative.
func environment(name string, otherwise int, diags *diag.Diagnostics) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 {
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "Invalid environment variable", Happened: fmt.Sprintf("%s is %q.", name, text),
			Next: fmt.Sprintf("set %s to a whole number (of seconds where it is a time), or unset it.", name),
		})
		return otherwise
	}
	return value
}

// duration parses a duration that must be positive; null and unknown are 0.
func duration(text types.String, at path.Path, diags *diag.Diagnostics) time.Duration {
	if text.IsNull() || text.IsUnknown() {
		return 0
	}
	d, err := time.ParseDuration(text.ValueString())
	if err != nil || d <= 0 {
		tfdiag.ErrorAt(diags, at, tfdiag.Message{
			Summary: "Invalid duration", Happened: fmt.Sprintf("%q is not a positive duration.", text.ValueString()),
			Next: `write a number with a unit, such as "30s", "5m" or "1h30m".`,
		})
		return 0
	}
	return d
}

// known returns nil for null and unknown.
func known(text types.String) *string {
	if text.IsNull() || text.IsUnknown() {
		return nil
	}
	value := text.ValueString()
	return &value
}

// once keeps the first success of build; a failure is tried again.
func once[T any](build func(context.Context) (T, error)) func(context.Context) (T, error) {
	var (
		mu    sync.Mutex
		built bool
		kept  T
	)
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if built {
			return kept, nil
		}
		value, err := build(ctx)
		if err != nil {
			return value, err
		}
		kept, built = value, true
		return kept, nil
	}
}
