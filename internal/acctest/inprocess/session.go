// Package inprocess applies configurations by the provider's own protocol, without Terraform: a run takes milliseconds where Terraform
// needs a second, so that a test can afford hundreds. What Terraform itself does between provider and person (a graph, a plan that is
// shown, variables, functions) is not there: blocks are worked off in the order in which they are written.
package inprocess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"
	"github.com/zclconf/go-cty/cty"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
)

// Session is a workspace: it keeps the states of resources between applies. It is for one goroutine.
type Session struct {
	t      testing.TB
	schema *tfprotov6.GetProviderSchemaResponse
	states map[string]cty.Value // resources by type and name: "reliability_health_gate.web"
}

// New returns an empty workspace.
func New(t testing.TB) *Session {
	t.Helper()
	server := newServer(t)
	schema, err := server.GetProviderSchema(context.WithoutCancel(t.Context()), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return &Session{t: t, schema: schema, states: map[string]cty.Value{}}
}

func newServer(t testing.TB) tfprotov6.ProviderServer {
	t.Helper()
	server, err := acctest.Factories()["reliability"]()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// Outcome is what an apply said.
type Outcome struct {
	// Errors and Warnings are "summary: detail" of each diagnostic.
	Errors, Warnings []string
	// Values are what resources and data sources became: "reliability_health_gate.web", "data.reliability_drift.live".
	Values map[string]cty.Value
}

// Failed tells whether there was an error.
func (o *Outcome) Failed() bool { return len(o.Errors) > 0 }

// Said is everything that a person could read: errors, warnings, and every string in the values.
func (o *Outcome) Said() string {
	lines := append(append([]string{}, o.Errors...), o.Warnings...)
	for _, value := range o.Values {
		_ = cty.Walk(value, func(_ cty.Path, inner cty.Value) (bool, error) { // its function never fails
			if inner.IsKnown() && !inner.IsNull() && inner.Type() == cty.String {
				lines = append(lines, inner.AsString())
			}
			return true, nil
		})
	}
	return strings.Join(lines, "\n")
}

// Apply configures a new provider by the provider block, and then reads each data source and plans and applies each resource in their
// order, until one fails. What is not in the configuration stays as it is.
func (s *Session) Apply(configuration string) *Outcome {
	s.t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(configuration), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		s.t.Fatalf("%v in:\n%s", diags, configuration)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		s.t.Fatal("a configuration in HCL's own syntax has its body")
	}
	run := &run{Session: s, server: newServer(s.t), ctx: logged(), outcome: &Outcome{Values: map[string]cty.Value{}}}
	for _, block := range body.Blocks {
		if block.Type == "provider" {
			run.configure(block)
		}
	}
	for _, block := range body.Blocks {
		if run.outcome.Failed() {
			break
		}
		switch block.Type {
		case "data":
			run.read(block)
		case "resource":
			run.apply(block)
		}
	}
	canary.House.Look(canary.Elsewhere, "what an apply said in "+s.t.Name(), []byte(strings.Join(slices.Concat(run.outcome.Errors, run.outcome.Warnings), "\n")))
	return run.outcome
}

// logged is a context by which the provider logs where TF_LOG and TF_LOG_PATH say, as it does under Terraform.
var logged = sync.OnceValue(func() context.Context {
	ctx := tfsdklog.ContextWithTestLogging(context.Background(), "inprocess")
	return tfsdklog.NewRootProviderLogger(tfsdklog.NewRootSDKLogger(ctx, tfsdklog.WithLevelFromEnv("TF_LOG")), tfsdklog.WithLevelFromEnv("TF_LOG"))
})

// run is one apply.
type run struct {
	*Session
	server  tfprotov6.ProviderServer
	ctx     context.Context //nolint:containedctx // a run is one call
	outcome *Outcome
}

func (r *run) note(diagnostics []*tfprotov6.Diagnostic) {
	for _, one := range diagnostics {
		text := one.Summary + ": " + one.Detail
		if one.Severity == tfprotov6.DiagnosticSeverityError {
			r.outcome.Errors = append(r.outcome.Errors, text)
		} else {
			r.outcome.Warnings = append(r.outcome.Warnings, text)
		}
	}
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *run) configure(block *hclsyntax.Block) {
	r.t.Helper()
	config := r.evaluate(block, r.schema.Provider)
	answer, err := r.server.ConfigureProvider(r.ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: r.pack(config)})
	r.must(err)
	r.note(answer.Diagnostics)
}

func (r *run) read(block *hclsyntax.Block) {
	r.t.Helper()
	kind := block.Labels[0]
	schema := r.schema.DataSourceSchemas[kind]
	config := r.evaluate(block, schema)
	valid, err := r.server.ValidateDataResourceConfig(r.ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: kind, Config: r.pack(config)})
	r.must(err)
	if r.note(valid.Diagnostics); r.outcome.Failed() {
		return
	}
	answer, err := r.server.ReadDataSource(r.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: r.pack(config)})
	r.must(err)
	r.note(answer.Diagnostics)
	r.outcome.Values["data."+kind+"."+block.Labels[1]] = r.unpack(answer.State, config.Type())
}

// apply takes a resource through validation, refresh, plan and apply.
func (r *run) apply(block *hclsyntax.Block) {
	r.t.Helper()
	kind, address := block.Labels[0], block.Labels[0]+"."+block.Labels[1]
	schema := r.schema.ResourceSchemas[kind]
	config := r.evaluate(block, schema)
	valid, err := r.server.ValidateResourceConfig(r.ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: kind, Config: r.pack(config)})
	r.must(err)
	if r.note(valid.Diagnostics); r.outcome.Failed() {
		return
	}
	prior, exists := r.states[address]
	if !exists {
		prior = cty.NullVal(config.Type())
	} else {
		fresh, err := r.server.ReadResource(r.ctx, &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: r.pack(prior)})
		r.must(err)
		if r.note(fresh.Diagnostics); r.outcome.Failed() {
			return
		}
		prior = r.unpack(fresh.NewState, config.Type())
	}
	planned, err := r.server.PlanResourceChange(r.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: r.pack(prior), ProposedNewState: r.pack(proposed(schema.Block.Attributes, prior, config)), Config: r.pack(config),
	})
	r.must(err)
	if r.note(planned.Diagnostics); r.outcome.Failed() {
		return
	}
	if len(planned.RequiresReplace) > 0 && exists {
		r.t.Fatalf("%s would be replaced, which a session does not do", address)
	}
	after := r.unpack(planned.PlannedState, config.Type())
	if !exists || !after.RawEquals(prior) {
		applied, err := r.server.ApplyResourceChange(r.ctx, &tfprotov6.ApplyResourceChangeRequest{
			TypeName: kind, PriorState: r.pack(prior), PlannedState: planned.PlannedState, Config: r.pack(config), PlannedPrivate: planned.PlannedPrivate,
		})
		r.must(err)
		r.note(applied.Diagnostics)
		after = r.unpack(applied.NewState, config.Type())
	}
	if !after.IsNull() {
		r.states[address], r.outcome.Values[address] = after, after
	}
}

// State returns what a resource's state holds, or fails the test.
func (s *Session) State(address string) cty.Value {
	s.t.Helper()
	state, ok := s.states[address]
	if !ok {
		s.t.Fatalf("there is no %s", address)
	}
	return state
}

// Attribute is a string of a value, empty where it is null.
func Attribute(value cty.Value, name string) string {
	if attribute := value.GetAttr(name); !attribute.IsNull() {
		return fmt.Sprint(attribute.AsString())
	}
	return ""
}
