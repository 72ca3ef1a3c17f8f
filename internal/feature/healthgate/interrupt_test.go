package healthgate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// modelWith returns a model with one TCP check at an address where nobody listens.
func modelWith(t *testing.T, trigger string) resourceModel {
	t.Helper()
	schema := resourceSchema()
	state := tfsdk.State{Schema: schema, Raw: tftypes.NewValue(schema.Type().TerraformType(t.Context()), nil)}
	var model resourceModel
	must(t, state.Set(t.Context(), nullModel(t)))
	must(t, state.Get(t.Context(), &model))
	must(t, state.SetAttribute(t.Context(), path.Root("checks").AtMapKey("a").AtName("tcp").AtName("address"), "127.0.0.1:1"))
	must(t, state.SetAttribute(t.Context(), path.Root("max_retries"), 1000))
	must(t, state.SetAttribute(t.Context(), path.Root("triggers").AtMapKey("release"), trigger))
	must(t, state.SetAttribute(t.Context(), path.Root("healthy"), true))
	must(t, state.SetAttribute(t.Context(), path.Root("id"), "gate-1"))
	must(t, state.Get(t.Context(), &model))
	return model
}

func nullModel(t *testing.T) *resourceModel {
	t.Helper()
	var model resourceModel
	schema := resourceSchema()
	null := func(name string) attr.Value {
		typed := schema.Attributes[name].GetType()
		value, err := typed.ValueFromTerraform(t.Context(), tftypes.NewValue(typed.TerraformType(t.Context()), nil))
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	model.Checks, model.Backoff = null("checks").(types.Map), null("backoff").(types.Object)
	model.Report, model.Triggers = null("report").(types.Object), null("triggers").(types.Map)
	model.FailedChecks, model.Results = null("failed_checks").(types.Set), null("results").(types.Map)
	return &model
}

func must(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	if diags.HasError() {
		t.Fatal(diags)
	}
}

// TestInterrupted: Ctrl-C ends a run at once. A create saves nothing; an update keeps the prior inputs, unhealthy, so
// that the next apply runs the checks, in record mode as well.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	gate := &healthGate{data: &configured.Data{
		Sink: notify.Sinks{}, Clock: clock.System{}, Health: configured.Health{Timeout: time.Hour, MaxRetries: 5, RetryDelay: time.Hour},
	}}
	for _, mode := range []string{onFailureError, onFailureRecord} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			prior, planned := modelWith(t, "v1"), modelWith(t, "v2")
			planned.OnFailure = types.StringValue(mode)
			schema := resourceSchema()
			empty := tftypes.NewValue(schema.Type().TerraformType(t.Context()), nil)
			state, plan := tfsdk.State{Schema: schema, Raw: empty}, tfsdk.Plan{Schema: schema, Raw: empty}
			must(t, state.Set(t.Context(), &prior))
			must(t, plan.Set(t.Context(), &planned))
			config := tfsdk.Config{Schema: schema, Raw: plan.Raw}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("ctrl-c")) })

			created := resource.CreateResponse{State: tfsdk.State{Schema: schema, Raw: empty}}
			gate.Create(ctx, resource.CreateRequest{Plan: plan, Config: config}, &created)
			if !created.Diagnostics.HasError() || !created.State.Raw.IsNull() {
				t.Errorf("create: %v, %v", created.Diagnostics, created.State.Raw)
			}
			updated := resource.UpdateResponse{State: state}
			gate.Update(ctx, resource.UpdateRequest{Plan: plan, Config: config, State: state}, &updated)
			if len(updated.Diagnostics.Errors()) != 1 || updated.Diagnostics.Errors()[0].Summary() != "Health checks interrupted" {
				t.Errorf("update: %v", updated.Diagnostics)
			}
			var saved resourceModel
			must(t, updated.State.Get(t.Context(), &saved))
			if saved.Healthy.ValueBool() || saved.Verdict.ValueString() != "inconclusive" || saved.ID != prior.ID || !saved.Triggers.Equal(prior.Triggers) || !saved.OnFailure.IsNull() {
				t.Errorf("saved %+v", saved)
			}
		})
	}
}
