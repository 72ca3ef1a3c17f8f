package drift

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// PlanError says that a text is not what terraform show -json prints of a plan. Nothing of the text is in it.
type PlanError struct{ What string }

// Error says what is wrong.
func (e *PlanError) Error() string { return e.What }

// planDocument is what is used of a plan's JSON, https://developer.hashicorp.com/terraform/internals/json-format.
type planDocument struct {
	FormatVersion string          `json:"format_version"`
	PlannedValues json.RawMessage `json:"planned_values"`
	Drift         []planDrift     `json:"resource_drift"`
	PriorState    struct {
		Values struct {
			RootModule planModule `json:"root_module"`
		} `json:"values"`
	} `json:"prior_state"`
}

type planDrift struct {
	Address  string       `json:"address"`
	Previous live.Address `json:"previous_address"`
	Mode     string       `json:"mode"`
	Type     string       `json:"type"`
	Deposed  string       `json:"deposed"`
	Provider string       `json:"provider_name"`
	Change   struct {
		Actions         []string       `json:"actions"`
		Before          map[string]any `json:"before"`
		After           map[string]any `json:"after"`
		BeforeSensitive any            `json:"before_sensitive"`
		AfterSensitive  any            `json:"after_sensitive"`
	} `json:"change"`
}

type planModule struct {
	Resources []struct {
		Address   string         `json:"address"`
		Mode      string         `json:"mode"`
		Type      string         `json:"type"`
		Deposed   string         `json:"deposed_key"`
		Provider  string         `json:"provider_name"`
		Values    map[string]any `json:"values"`
		Sensitive any            `json:"sensitive_values"`
	} `json:"resources"`
	ChildModules []planModule `json:"child_modules"`
}

// FromPlan returns the drift that terraform show -json tells of a plan, in the form and with the classification of Detect;
// no AWS is asked. Types that no reader knows are compared attribute by attribute. The error is a *PlanError.
func FromPlan(ctx context.Context, text string, specs map[string]live.Spec) ([]Item, error) {
	result, err := DetectPlan(ctx, text, specs, Options{Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return result.Items, nil
}

// DetectPlan is FromPlan with everything that Detect tells. Of options it uses Types, ExcludeTypes, Regions, Ignores, Overrides,
// Cost, Attribution, Clock and Log. Everything that the plan refreshed counts as checked.
func DetectPlan(ctx context.Context, text string, specs map[string]live.Spec, options Options) (*Result, error) {
	started := options.Clock.Now()
	document, err := parsePlan(text)
	if err != nil {
		return nil, err
	}
	p := refreshed{
		read: planReader{specs: specs, after: map[live.Address]live.Resource{}}, before: map[string]Resource{},
		result: &Result{Started: started}, options: options, others: map[string]string{},
	}
	document.PriorState.Values.RootModule.each(p.prior)
	p.openTofu = document.PriorState.Values.RootModule.fromOpenTofu()
	for _, drifted := range document.Drift {
		p.openTofu = p.openTofu || fromOpenTofu(drifted.Provider)
		p.drifted(drifted)
	}
	return p.finish(ctx, started)
}

// refreshed is a plan while it is looked at.
type refreshed struct {
	read    planReader
	before  map[string]Resource // what readers know of, as it was before the refresh
	others  map[string]string   // the types of all else, by address
	result  *Result
	options Options

	openTofu bool // made by tofu
}

func (p *refreshed) prior(address, kind string, values map[string]any, sensitive any) {
	if _, known := p.read.specs[kind]; !known {
		p.others[address] = kind
		return
	}
	resource := planResource(address, kind, values, sensitive)
	p.read.after[resource.Address], p.before[address] = resource.Resource, resource
}

func (p *refreshed) drifted(drifted planDrift) {
	if drifted.Mode != "managed" || drifted.Deposed != "" || drifted.Change.Before == nil {
		return
	}
	resource := planResource(drifted.Address, drifted.Type, drifted.Change.Before, []any{drifted.Change.BeforeSensitive, drifted.Change.AfterSensitive})
	if string(drifted.Previous) != drifted.Address {
		resource.previous = drifted.Previous
	}
	if _, known := p.read.specs[drifted.Type]; known {
		p.before[drifted.Address] = resource
		if drifted.Change.After != nil {
			p.read.after[resource.Address] = planResource(drifted.Address, drifted.Type, drifted.Change.After, nil).Resource
		}
		return
	}
	delete(p.others, drifted.Address)
	p.result.Managed++
	if reason := p.options.refuses(resource, resource.Region == ""); reason != "" {
		p.skip(drifted.Type, reason)
		return
	}
	outcome, table := generic(drifted.Change.Before, drifted.Change.After)
	judge(p.result, resource, outcome, table, p.options.current(p.result), p.options.Overrides, 0)
}

func (p *refreshed) skip(kind, reason string) {
	if p.result.Skipped == nil {
		p.result.Skipped = map[string]Skipped{}
	}
	p.result.Skipped[kind] = Skipped{Count: p.result.Skipped[kind].Count + 1, Reason: reason}
}

// finish compares what readers know of, and counts the rest, which is in sync.
func (p *refreshed) finish(ctx context.Context, started time.Time) (*Result, error) {
	for _, kind := range p.others {
		p.result.Managed++
		if reason := p.options.refuses(Resource{Resource: live.Resource{Type: kind}}, true); reason != "" {
			p.skip(kind, reason)
			continue
		}
		p.result.Checked++
	}
	options := p.options
	options.State = &State{Unread: map[string]map[string]int{}, Managed: len(p.before)}
	for _, address := range slices.Sorted(maps.Keys(p.before)) {
		options.State.Resources = append(options.State.Resources, p.before[address])
	}
	options.Readers, options.Accounts, options.Parallelism, options.Unmanaged = []live.Reader{p.read}, nil, 1, nil
	options.Region = func(context.Context) (string, error) { return "", nil }
	options.Account = options.Region
	known, err := Detect(ctx, options)
	if err != nil {
		return nil, err
	}
	p.options.evaluate(ctx, p.result)
	known.Items = append(known.Items, p.result.Items...)
	if p.openTofu {
		known.forOpenTofu()
	}
	known.Checked += p.result.Checked
	known.Managed += p.result.Managed
	known.Ignored += p.result.Ignored
	maps.Copy(known.Skipped, p.result.Skipped)
	known.sum()
	known.sort()
	known.Started, known.Duration, known.Calls = started, p.options.Clock.Now().Sub(started), 0
	return known, nil
}

func parsePlan(text string) (*planDocument, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	document := &planDocument{}
	err := decoder.Decode(document)
	var syntax *json.SyntaxError
	switch {
	case strings.TrimSpace(text) == "":
		return nil, &PlanError{"the text is empty"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &PlanError{"the JSON ends in the middle"}
	case errors.As(err, &syntax):
		return nil, &PlanError{fmt.Sprintf("the text is not JSON (at byte %d)", syntax.Offset)}
	case err != nil, document.FormatVersion == "":
		return nil, &PlanError{"the JSON is not the output of terraform show -json"}
	case !strings.HasPrefix(document.FormatVersion, "1.") && !strings.HasPrefix(document.FormatVersion, "0."):
		return nil, &PlanError{"the plan has format version " + document.FormatVersion + ", and only 0 and 1 are read"}
	case len(document.PlannedValues) == 0:
		return nil, &PlanError{"this is the output of terraform show -json for a state, and only a plan tells drift"}
	}
	return document, nil
}

// each visits the managed resources of a module and of those below it.
func (m planModule) each(visit func(address, kind string, values map[string]any, sensitive any)) {
	for _, resource := range m.Resources {
		if resource.Mode == "managed" && resource.Deposed == "" {
			visit(resource.Address, resource.Type, resource.Values, resource.Sensitive)
		}
	}
	for _, child := range m.ChildModules {
		child.each(visit)
	}
}

// fromOpenTofu tells that a provider of it, or of a module below, is from OpenTofu's registry.
func (m planModule) fromOpenTofu() bool {
	for _, resource := range m.Resources {
		if fromOpenTofu(resource.Provider) {
			return true
		}
	}
	return slices.ContainsFunc(m.ChildModules, planModule.fromOpenTofu)
}

func planResource(address, kind string, values map[string]any, sensitive any) Resource {
	resource := Resource{Resource: live.Resource{Address: live.Address(address), Type: kind, State: live.ValuesOf(values)}}
	resource.ID = cmp.Or(resource.Text("id"), resource.Text("arn"))
	place(&resource.Resource)
	resource.Sensitive = sensitiveMarks("", sensitive)
	return resource
}

// sensitiveMarks reads the marks of a plan: the shape of the values, with true where one is sensitive.
func sensitiveMarks(path string, marks any) []string {
	var paths []string
	switch marks := marks.(type) {
	case bool:
		if marks {
			paths = append(paths, path)
		}
	case map[string]any:
		for name, below := range marks {
			paths = append(paths, sensitiveMarks(join(path, name), below)...)
		}
	case []any:
		for _, below := range marks {
			paths = append(paths, sensitiveMarks(path, below)...)
		}
	}
	return paths
}

// planReader answers with what the plan's refresh found.
type planReader struct {
	specs map[string]live.Spec
	after map[live.Address]live.Resource
}

// Types are all that the specs know.
func (p planReader) Types() []live.Spec { return slices.Collect(maps.Values(p.specs)) }

// Read takes the attributes of each resource out of the plan; one that the plan no longer holds is deleted.
func (p planReader) Read(_ context.Context, batch live.Batch) (map[live.Address]live.Outcome, error) {
	outcomes := map[live.Address]live.Outcome{}
	for _, resource := range batch.Resources {
		after, ok := p.after[resource.Address]
		if !ok {
			outcomes[resource.Address] = live.Outcome{Status: live.Deleted}
			continue
		}
		attributes := live.Attributes{}
		for _, attribute := range p.specs[batch.Type].Attributes {
			if value, known := attribute.Expected(after); known {
				attributes[attribute.Path] = value
			}
		}
		outcomes[resource.Address] = live.Outcome{Status: live.Found, Attributes: attributes}
	}
	return outcomes, nil
}

// volatile attributes change by themselves, or repeat another one.
var volatile = []string{"tags_all", "last_modified", "latest_restorable_time", "etag"}

// generic compares a resource of a type that no reader knows: maps key by key, all else as a whole.
func generic(before, after map[string]any) (live.Outcome, []live.Attribute) {
	if after == nil {
		return live.Outcome{Status: live.Deleted}, nil
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	outcome := live.Outcome{Status: live.Found, Attributes: live.Attributes{}}
	var table []live.Attribute
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(volatile, name) {
			continue
		}
		attribute := live.Attribute{Path: name, Expect: func(r live.Resource) (any, bool) { return flat(r.Value(name)), true }}
		attribute.Kind = kindOf(before[name], after[name])
		table = append(table, attribute)
		outcome.Attributes[name] = attribute.Normalise(flat(after[name]))
	}
	return outcome, table
}

// kindOf tells how values of an attribute compare of which nothing but the values is known.
func kindOf(before, after any) live.Kind {
	for _, value := range []any{before, after} {
		text, _ := value.(string)
		switch {
		case isMap(value):
			return live.Map
		case strings.HasPrefix(strings.TrimSpace(text), "{") && strings.Contains(text, `"Statement"`):
			return live.Policy
		}
	}
	return live.Scalar
}

func isMap(value any) bool {
	_, ok := value.(map[string]any)
	return ok
}

// flat writes lists, and what lies in maps, as JSON; what is empty is absent.
func flat(value any) any {
	switch value := value.(type) {
	case []any:
		if len(value) == 0 {
			return nil
		}
		return compact(value)
	case map[string]any:
		out := make(map[string]any, len(value))
		for key, below := range value {
			out[key] = flat(below)
			if isMap(out[key]) {
				out[key] = compact(below)
			}
		}
		return out
	}
	return value
}

func compact(value any) any {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return string(encoded)
}
