package bluegreenswitch

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type gateModel struct{}

func gateAttributes() map[string]schema.Attribute { return nil }

func (m *gateModel) validateGate(context.Context, *diag.Diagnostics) {}

func (m *gateModel) checked() bool { return false }

func (m *gateModel) patience(context.Context, configured.Health) (time.Duration, bool) {
	return 0, true
}

func (m *gateModel) toCheck(context.Context, *configured.Data, *diag.Diagnostics) func(context.Context, traffic.Stage) gate.Result {
	return nil
}
