package drift

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

const (
	defaultParallelism = 16
	// readDeadline ends a read that AWS keeps waiting; the largest states take a minute.
	readDeadline = 15 * time.Minute
	// attributionBudget is what asking CloudTrail may add to a plan.
	attributionBudget = time.Minute
)

// Read compares, writes the report, and decides whether the plan may go on.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data model
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() || d.provider == nil {
		return
	}
	if os.Getenv(engine.ChildVariable) != "" { // we are in a plan that detection itself runs
		data.fromResult(&engine.Result{}, "{}", false)
		data.State = withoutJSON(ctx, data.State, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
		return
	}
	look := d.provider.AWS.BeginLook() // before anything is read: all of it is from now on
	defer look.End()
	ctx, cancel := d.provider.Clock.WithTimeout(ctx, timeoutOf(data))
	defer cancel()
	result := d.detect(ctx, look.Context, &data, &resp.Diagnostics)
	if result == nil {
		return
	}
	text, err := result.JSON(false)
	if err != nil {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{Summary: "Drift report could not be made", Err: err})
		return
	}
	writeReports(ctx, &data, result, &resp.Diagnostics)
	if data.Publish.ValueBool() {
		publish(ctx, d.provider, result, &resp.Diagnostics)
	}
	gate := gateOf(data)
	blocked := gate.blocks(result)
	gate.diagnose(result, os.Getenv(overrideVariable), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	data.fromResult(result, string(text), blocked)
	data.State = withoutJSON(ctx, data.State, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

func timeoutOf(data model) time.Duration {
	if timeout, err := time.ParseDuration(data.Timeout.ValueString()); err == nil && timeout > 0 {
		return timeout
	}
	return readDeadline
}

// detect compares, with AWS or with what a refresh finds; what is asked under shared is shared with the looks of other data sources that are under
// way. It returns nil, with an error among diags, when nothing was compared.
func (d *dataSource) detect(ctx context.Context, shared func(context.Context) context.Context, data *model, diags *diag.Diagnostics) *engine.Result {
	options := d.options(ctx, data, diags)
	if diags.HasError() {
		return nil
	}
	var result *engine.Result
	var err error
	if data.Source.ValueString() == "refresh" {
		result, err = d.refresh(ctx, data, options, diags)
	} else if options.State = d.readState(ctx, data, engine.Specs(options.Readers), diags); !diags.HasError() {
		result, err = engine.Detect(shared(ctx), options)
	}
	if err != nil {
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "Drift could not be looked for", Happened: "nothing was compared", Err: err, Next: adviceFor(err),
			Live: "unknown; nothing was changed.",
		})
	}
	if diags.HasError() {
		return nil
	}
	return result
}

// refresh lets Terraform find the drift.
func (d *dataSource) refresh(ctx context.Context, data *model, options engine.Options, diags *diag.Diagnostics) (*engine.Result, error) {
	var source stateModel
	diags.Append(data.State.As(ctx, &source, asOptions)...)
	if diags.HasError() {
		return nil, nil
	}
	child := childOf(data, source)
	started := d.provider.Clock.Now()
	plan, err := child.Refresh(ctx)
	if err != nil {
		childError(diags, child, err)
		return nil, nil
	}
	result, err := engine.DetectPlan(ctx, plan, engine.Specs(options.Readers), options)
	if err == nil {
		result.Started, result.Duration = started, d.provider.Clock.Now().Sub(started)
	}
	return result, err
}

// adviceFor says what to do about what tfdiag does not know; of AWS's own refusals it knows.
func adviceFor(err error) string {
	var unreachable *engine.UnreachableError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "AWS kept us waiting for too long. Look at fewer types or regions, or try again later."
	case !errors.As(err, &unreachable):
		return ""
	case unreachable.NoRegion():
		return "set region here or in the provider block, or AWS_REGION."
	case unreachable.NoCredentials():
		return "set or renew the AWS credentials (profile, role or environment), then plan again."
	}
	return "check the network path, the proxy and the endpoints to AWS, then plan again."
}

// options makes the engine's options out of the configuration, without the state.
func (d *dataSource) options(ctx context.Context, data *model, diags *diag.Diagnostics) engine.Options {
	options := engine.Options{
		Parallelism: defaultParallelism, Account: d.provider.AWS.AccountID,
		Clock: d.provider.Clock, Log: configured.Logger(ctx),
	}
	if !data.Parallelism.IsNull() {
		options.Parallelism = int(data.Parallelism.ValueInt64())
	}
	for _, list := range []struct {
		from types.List
		to   *[]string
	}{{data.Types, &options.Types}, {data.ExcludeTypes, &options.ExcludeTypes}, {data.Regions, &options.Regions}, {data.Unmanaged, &options.Unmanaged}} {
		diags.Append(list.from.ElementsAs(ctx, list.to, false)...)
	}
	options.Ignores = readIgnores(ctx, data.Ignore, d.provider.Clock.Now(), diags)
	var rules []ruleModel
	diags.Append(data.Rules.ElementsAs(ctx, &rules, false)...)
	for i, rule := range rules {
		validateRule(rule, path.Root("rules").AtListIndex(i), diags)
		options.Overrides = append(options.Overrides, engine.Override{
			Type: rule.Type.ValueString(), Attribute: rule.Attribute.ValueString(), Category: engine.Category(rule.Category.ValueString()),
		})
	}
	options.Cost = d.cost(ctx, data.Cost, diags)
	if data.Attribution.ValueBool() {
		options.Attribution = &engine.Attributor{
			Client: func(ctx context.Context, region string) (engine.CloudTrailAPI, error) {
				return d.provider.AWS.CloudTrail(ctx, region)
			},
			Clock: d.provider.Clock, Budget: attributionBudget,
		}
	}
	readers := d.readers(ctx, data, diags)
	options.Readers = readers(d.provider.AWS)
	options.Accounts = d.accounts(ctx, data.Accounts, readers, diags)
	options.Region = func(ctx context.Context) (string, error) {
		return d.provider.AWS.Region(ctx, data.Region.ValueString())
	}
	return options
}

// readers makes those of the source: AWS itself, or what AWS Config recorded.
func (d *dataSource) readers(ctx context.Context, data *model, diags *diag.Diagnostics) live.ReadersOf {
	if data.Source.ValueString() != "config" {
		return live.Readers
	}
	var aggregator aggregatorModel
	if !data.Aggregator.IsNull() {
		diags.Append(data.Aggregator.As(ctx, &aggregator, asOptions)...)
	}
	return live.RecordedBy(live.Aggregator{Name: aggregator.Name.ValueString(), Region: aggregator.Region.ValueString()})
}

// accounts are the ways to other accounts.
func (d *dataSource) accounts(ctx context.Context, list types.List, readers live.ReadersOf, diags *diag.Diagnostics) map[string]engine.Account {
	var models []accountModel
	diags.Append(list.ElementsAs(ctx, &models, false)...)
	accounts := make(map[string]engine.Account, len(models))
	for i, account := range models {
		validateAccount(account, path.Root("accounts").AtListIndex(i), diags)
		id := account.AccountID.ValueString()
		if _, twice := accounts[id]; twice {
			errorAt(diags, path.Root("accounts").AtListIndex(i), tfdiag.Message{
				Summary: "Account is named twice", Happened: "accounts has two roles for " + id + ".", Next: "keep the one that may read.",
			})
		}
		clients := d.provider.AWS.AssumeRole(account.RoleARN.ValueString(), account.ExternalID.ValueString(), "reliability-drift")
		accounts[id] = engine.Account{Readers: readers(clients), ID: clients.AccountID}
	}
	return accounts
}

func readIgnores(ctx context.Context, list types.List, now time.Time, diags *diag.Diagnostics) []engine.Ignore {
	var models []ignoreModel
	diags.Append(list.ElementsAs(ctx, &models, false)...)
	var ignores []engine.Ignore
	for i, entry := range models {
		ignore, err := entry.toSpec()
		validateIgnore(entry, path.Root("ignore").AtListIndex(i), diags)
		if err != nil {
			continue
		}
		if ignore.Expired(now) {
			warningAt(diags, path.Root("ignore").AtListIndex(i), tfdiag.Message{
				Summary:  "Ignore entry has expired",
				Happened: "it ended on " + entry.Expires.ValueString() + " and no longer counts. Its reason was: " + ignore.Reason,
				Next:     "put the drift right and take the entry out, or give it a later date.",
			})
		}
		ignores = append(ignores, ignore)
	}
	return ignores
}
