package drift

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

type model struct {
	State            types.Object  `tfsdk:"state"`
	Source           types.String  `tfsdk:"source"`
	Aggregator       types.Object  `tfsdk:"aggregator"`
	Terraform        types.String  `tfsdk:"terraform"`
	Timeout          types.String  `tfsdk:"timeout"`
	Accounts         types.List    `tfsdk:"accounts"`
	Types            types.List    `tfsdk:"types"`
	ExcludeTypes     types.List    `tfsdk:"exclude_types"`
	Regions          types.List    `tfsdk:"regions"`
	Region           types.String  `tfsdk:"region"`
	Ignore           types.List    `tfsdk:"ignore"`
	Rules            types.List    `tfsdk:"rules"`
	FailOn           types.String  `tfsdk:"fail_on"`
	FailOnUnverified types.Bool    `tfsdk:"fail_on_unverified"`
	Parallelism      types.Int64   `tfsdk:"parallelism"`
	Cost             types.Object  `tfsdk:"cost"`
	Attribution      types.Bool    `tfsdk:"attribution"`
	Unmanaged        types.List    `tfsdk:"unmanaged"`
	Publish          types.Bool    `tfsdk:"publish"`
	Report           types.Object  `tfsdk:"report"`
	Items            []itemModel   `tfsdk:"items"`
	Total            types.Int64   `tfsdk:"total"`
	Critical         types.Int64   `tfsdk:"critical"`
	Major            types.Int64   `tfsdk:"major"`
	Minor            types.Int64   `tfsdk:"minor"`
	Ignored          types.Int64   `tfsdk:"ignored"`
	Checked          types.Int64   `tfsdk:"checked"`
	Unverified       types.Int64   `tfsdk:"unverified"`
	Unread           []unreadModel `tfsdk:"unverified_resources"`
	Skipped          skippedModels `tfsdk:"skipped"`
	CoveragePercent  types.Float64 `tfsdk:"coverage_percent"`
	MonthlyCostDelta types.Float64 `tfsdk:"monthly_cost_delta"`
	CostComplete     types.Bool    `tfsdk:"cost_complete"`
	Blocked          types.Bool    `tfsdk:"blocked"`
	StateSerial      types.Int64   `tfsdk:"state_serial"`
	ReportJSON       types.String  `tfsdk:"report_json"`
	DurationMS       types.Int64   `tfsdk:"duration_ms"`
	APICalls         types.Int64   `tfsdk:"api_calls"`
}

type stateModel struct {
	Path       types.String `tfsdk:"path"`
	S3         types.Object `tfsdk:"s3"`
	WorkingDir types.String `tfsdk:"working_dir"`
	JSON       types.String `tfsdk:"json"`
}

type s3Model struct {
	Bucket    types.String `tfsdk:"bucket"`
	Key       types.String `tfsdk:"key"`
	Region    types.String `tfsdk:"region"`
	VersionID types.String `tfsdk:"version_id"`
}

type aggregatorModel struct {
	Name   types.String `tfsdk:"name"`
	Region types.String `tfsdk:"region"`
}

type accountModel struct {
	AccountID  types.String `tfsdk:"account_id"`
	RoleARN    types.String `tfsdk:"role_arn"`
	ExternalID types.String `tfsdk:"external_id"`
}

type costModel struct {
	Enabled types.Bool `tfsdk:"enabled"`
	Offline types.Bool `tfsdk:"offline"`
}

type reportModel struct {
	JSON      types.String `tfsdk:"json"`
	SARIF     types.String `tfsdk:"sarif"`
	JUnit     types.String `tfsdk:"junit"`
	Markdown  types.String `tfsdk:"markdown"`
	HTML      types.String `tfsdk:"html"`
	ConfigDir types.String `tfsdk:"config_dir"`
}

type ignoreModel struct {
	Address   types.String `tfsdk:"address"`
	Type      types.String `tfsdk:"type"`
	Attribute types.String `tfsdk:"attribute"`
	Reason    types.String `tfsdk:"reason"`
	Expires   types.String `tfsdk:"expires"`
}

type ruleModel struct {
	Type      types.String `tfsdk:"type"`
	Attribute types.String `tfsdk:"attribute"`
	Category  types.String `tfsdk:"category"`
}

type itemModel struct {
	Address          string        `tfsdk:"address"`
	Type             string        `tfsdk:"type"`
	ID               string        `tfsdk:"id"`
	Region           string        `tfsdk:"region"`
	AccountID        types.String  `tfsdk:"account_id"`
	Kind             string        `tfsdk:"kind"`
	Category         string        `tfsdk:"category"`
	Reason           string        `tfsdk:"reason"`
	Changes          []changeModel `tfsdk:"changes"`
	MonthlyCostDelta types.Float64 `tfsdk:"monthly_cost_delta"`
	CostBasis        string        `tfsdk:"cost_basis"`
	PriceDate        types.String  `tfsdk:"price_date"`
	RecordedAt       types.String  `tfsdk:"recorded_at"`
	ChangedBy        types.String  `tfsdk:"changed_by"`
	ChangedAt        types.String  `tfsdk:"changed_at"`
	ChangedEvent     types.String  `tfsdk:"changed_event"`
	ChangedFrom      types.String  `tfsdk:"changed_from"`
	Attribution      types.String  `tfsdk:"attribution"`
	Remediation      []string      `tfsdk:"remediation"`
	Reconciliation   []string      `tfsdk:"reconciliation"`
	Configuration    types.String  `tfsdk:"configuration"`
}

type changeModel struct {
	Path     string  `tfsdk:"path"`
	Expected *string `tfsdk:"expected"`
	Actual   *string `tfsdk:"actual"`
	Category string  `tfsdk:"category"`
	Reason   string  `tfsdk:"reason"`
}

type unreadModel struct {
	Address string `tfsdk:"address"`
	Type    string `tfsdk:"type"`
	ID      string `tfsdk:"id"`
	Region  string `tfsdk:"region"`
	Reason  string `tfsdk:"reason"`
}

type skippedModels map[string]skippedModel

type skippedModel struct {
	Count  int64  `tfsdk:"count"`
	Reason string `tfsdk:"reason"`
}

// fromResult fills in the outputs.
func (m *model) fromResult(result *engine.Result, reportJSON string, blocked bool) {
	m.Items = make([]itemModel, 0, len(result.Items))
	for _, item := range result.Items {
		m.Items = append(m.Items, itemFrom(item))
	}
	m.Unread = make([]unreadModel, 0, len(result.Unverified))
	for _, unverified := range result.Unverified {
		m.Unread = append(m.Unread, unreadModel{string(unverified.Address), unverified.Type, unverified.ID, unverified.Region, unverified.Reason})
	}
	m.Skipped = make(skippedModels, len(result.Skipped))
	for kind, skipped := range result.Skipped {
		m.Skipped[kind] = skippedModel{int64(skipped.Count), skipped.Reason}
	}
	m.Total = number(len(result.Items))
	m.Critical = number(result.Count(engine.Critical))
	m.Major = number(result.Count(engine.Major))
	m.Minor = number(result.Count(engine.Minor))
	m.Ignored = number(result.Ignored)
	m.Checked = number(result.Checked)
	m.Unverified = number(len(result.Unverified))
	m.CoveragePercent = types.Float64Value(result.CoveragePercent())
	m.MonthlyCostDelta = types.Float64PointerValue(result.MonthlyCostDelta)
	m.CostComplete = types.BoolValue(result.CostComplete)
	m.Blocked = types.BoolValue(blocked)
	m.StateSerial = types.Int64Value(result.Serial)
	m.ReportJSON = types.StringValue(reportJSON)
	m.DurationMS = types.Int64Value(result.Duration.Milliseconds())
	m.APICalls = types.Int64Value(result.Calls)
}

func itemFrom(item engine.Item) itemModel {
	changes := make([]changeModel, 0, len(item.Changes))
	for _, change := range item.Changes {
		changes = append(changes, changeModel{change.Path, change.Expected, change.Actual, string(change.Category), change.Reason})
	}
	out := itemModel{
		Address: string(item.Address), Type: item.Type, ID: item.ID, Region: item.Region, Kind: string(item.Kind), Category: string(item.Category),
		Reason: item.Reason, Changes: changes, MonthlyCostDelta: types.Float64PointerValue(item.MonthlyCostDelta), CostBasis: item.CostBasis, PriceDate: orNull(item.PriceDate),
		Remediation: item.Remediation, Reconciliation: item.Reconciliation,
	}
	out.AccountID, out.Configuration = orNull(item.AccountID), orNull(item.Configuration)
	if item.RecordedAt != nil {
		out.RecordedAt = types.StringValue(item.RecordedAt.UTC().Format(time.RFC3339))
	}
	if by := item.ChangedBy; by != nil {
		out.ChangedBy, out.ChangedEvent, out.ChangedFrom, out.Attribution = orNull(by.Who), orNull(by.Event), orNull(by.From), orNull(by.Note)
		if !by.At.IsZero() {
			out.ChangedAt = types.StringValue(by.At.UTC().Format(time.RFC3339))
		}
	}
	return out
}

func orNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

func number(n int) types.Int64 { return types.Int64Value(int64(n)) }

func (m ignoreModel) toSpec() (engine.Ignore, error) {
	ignore := engine.Ignore{
		Address: m.Address.ValueString(), Type: m.Type.ValueString(), Attribute: m.Attribute.ValueString(), Reason: m.Reason.ValueString(),
	}
	var err error
	if text := m.Expires.ValueString(); text != "" {
		ignore.Expires, err = parseExpiry(text)
	}
	return ignore, err
}

// parseExpiry reads an RFC 3339 time, or a date, which counts to its end in UTC.
func parseExpiry(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Parse(time.RFC3339, text)
}
