package checkset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// stepModel is a step beside what it has of http.
type stepModel struct {
	Name    types.String `tfsdk:"name"`
	Capture types.Map    `tfsdk:"capture"`
	Always  types.Bool   `tfsdk:"always"`
	httpModel
}

var (
	stepURL = text{"Invalid URL", `write an absolute URL, such as "https://www.example.com/orders/{{id}}", or one that begins with what was captured, such as "{{next}}".`, probe.ParseStepURL}
	// captureName is what may stand between the braces.
	captureName = text{"Invalid name of a capture", `write letters, digits and underscores, such as "order_id", and no digit first.`, func(s string) error {
		if names := probe.Placeholders("{{" + s + "}}"); len(names) != 1 || names[0] != s {
			return fmt.Errorf("%q cannot stand between double braces", s)
		}
		return nil
	}}
)

// stepAttribute is one step: what http has, and what makes it a step.
func stepAttribute() schema.SingleNestedAttribute {
	attributes := maps.Clone(httpKind().attribute.Attributes)
	maps.Copy(attributes, map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 100)}, MarkdownDescription: "What the step is called in reasons and reports; each step has its own."},
		"url": schema.StringAttribute{
			Required: true, Validators: []validator.String{stepURL},
			MarkdownDescription: "Absolute http or https URL. A value in its path or query is escaped. One that it begins with may be a whole URL: where that leads to another host, sensitive headers, credentials, cookies and a client certificate do not go along.",
		},
		"capture": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Map{captureName, mapvalidator.ValueStringsAre(expression(probe.HTTPDialect))},
			MarkdownDescription: "Values for later steps: names, with expressions over this step's answer, such as `{ token = \"json.token\" }`. One that the answer lacks fails the step.",
		},
		"always": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Run the step also after a failed one, to clean up; not when something that it uses was never captured. A quarter of the attempt's time, up to 10 seconds, is kept for such steps. Default `false`.",
		},
	})
	return schema.SingleNestedAttribute{Attributes: attributes}
}

func workflowKind() kind {
	step := stepAttribute()
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Makes HTTP requests one after another, as a user's journey does; passes when every step holds. `{{name}}` in a later step's URL, headers, body, and in the texts of its `expect`, is what an earlier one captured. " +
			"Captured values are secrets: no output, report or log shows them. Cookies are kept from step to step. The check's `timeout` is for the whole journey.",
		Attributes: map[string]schema.Attribute{
			"steps": schema.ListNestedAttribute{
				Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)}, NestedObject: schema.NestedAttributeObject{Attributes: step.Attributes},
				MarkdownDescription: "The requests, in order; each has the attributes of `http` besides those of its own.",
			},
		},
	}
	return kind{
		name: "workflow", attribute: attribute,
		validate: func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics) {
			validateSteps(ctx, stepsOf(object), step, at.AtName("steps"), diags)
		},
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			workflow := &probe.Workflow{}
			for i, element := range stepsOf(object) {
				if object, ok := element.(types.Object); ok {
					at := at.AtName("steps").AtListIndex(i)
					read := decode[stepModel](ctx, object, step, diags)
					workflow.Steps = append(workflow.Steps, read.build(ctx, at, diags))
				}
			}
			return workflow
		},
	}
}

// stepsOf are the steps as they are: in a data source each lacks what is write-only. Steps that are not known are none.
func stepsOf(object types.Object) []attr.Value {
	if steps, ok := object.Attributes()["steps"].(types.List); ok {
		return steps.Elements()
	}
	return nil
}

func (m *stepModel) build(ctx context.Context, at path.Path, diags *diag.Diagnostics) probe.Step {
	step := probe.Step{Name: m.Name.ValueString(), URL: m.URL.ValueString(), HTTP: m.request(ctx, at, diags), Always: m.Always.ValueBool()}
	invalid(diags, at.AtName("url"), probe.ParseStepURL(step.URL))
	captures := configured.StringMap(ctx, m.Capture, diags)
	for _, name := range slices.Sorted(maps.Keys(captures)) {
		compiled, err := probe.CompileExpression(captures[name], probe.HTTPDialect)
		invalid(diags, at.AtName("capture").AtMapKey(name), err)
		step.Capture = append(step.Capture, probe.Capture{Name: name, Expression: compiled})
	}
	return step
}

// validateSteps reports names that two steps share, and captures that are used before they are there. Of what is not known
// yet, anything is taken to be captured.
func validateSteps(ctx context.Context, steps []attr.Value, step schema.SingleNestedAttribute, at path.Path, diags *diag.Diagnostics) {
	before, captured, unsure := map[string]int{}, map[string]bool{}, false
	for i, element := range steps {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			unsure = true
			continue
		}
		at := at.AtListIndex(i)
		model := decode[stepModel](ctx, object, step, diags)
		if diags.HasError() {
			return
		}
		model.validateTrust(at, diags)
		name := model.Name.ValueString()
		if other, ok := before[name]; ok && !model.Name.IsUnknown() {
			tfdiag.ErrorAt(diags, at.AtName("name"), tfdiag.Message{
				Summary: "Two steps of one name", Happened: fmt.Sprintf("steps %d and %d are both called %q.", other+1, i+1, name), Next: "give each step a name of its own, so that reasons can name it.",
			})
		}
		before[name] = i
		if !unsure {
			model.validatePlaceholders(ctx, captured, at, diags)
		}
		unsure = unsure || model.Capture.IsUnknown()
		for name := range model.Capture.Elements() {
			captured[name] = true
		}
	}
}

// validatePlaceholders reports what stands in braces and no earlier step captures.
func (m *stepModel) validatePlaceholders(ctx context.Context, captured map[string]bool, at path.Path, diags *diag.Diagnostics) {
	var expect expectModel
	if !m.Expect.IsNull() && !m.Expect.IsUnknown() {
		diags.Append(m.Expect.As(ctx, &expect, basetypes.ObjectAsOptions{})...)
	}
	check := func(text string, at path.Path) {
		for _, name := range probe.Placeholders(text) {
			if captured[name] {
				continue
			}
			known := "no step before it captures anything"
			if len(captured) > 0 {
				known = "the steps before it capture " + strings.Join(slices.Sorted(maps.Keys(captured)), ", ")
			}
			tfdiag.ErrorAt(diags, at, tfdiag.Message{
				Summary: "Unknown capture", Happened: fmt.Sprintf("step %q uses {{%s}}, and %s.", m.Name.ValueString(), name, known), Next: "capture it in an earlier step, or correct the name.",
			})
		}
	}
	check(m.URL.ValueString(), at.AtName("url"))
	check(m.Body.ValueString(), at.AtName("body"))
	check(expect.BodyContains.ValueString(), at.AtName("expect").AtName("body_contains"))
	for _, texts := range []struct {
		values types.Map
		at     path.Path
	}{
		{m.Headers, at.AtName("headers")},
		{m.SensitiveHeaders, at.AtName("sensitive_headers")},
		{m.HeadersWO, at.AtName("headers_wo")},
		{expect.Header, at.AtName("expect").AtName("header")},
		{expect.JSON, at.AtName("expect").AtName("json")},
	} {
		values := configured.StringMap(ctx, texts.values, diags)
		for _, name := range slices.Sorted(maps.Keys(values)) {
			check(values[name], texts.at.AtMapKey(name))
		}
	}
}
