package drift

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Options are one look at the world.
type Options struct {
	State   *State
	Readers []live.Reader
	// Region tells where resources are whose own Region the state does not tell; it is asked only when there is one.
	Region func(context.Context) (string, error)
	// Types to look at, and not to, as globs; Regions to look at. Empty Types and Regions are all.
	Types, ExcludeTypes, Regions []string
	Ignores                      []Ignore
	Overrides                    []Override
	// Parallelism is how many AWS calls run at once.
	Parallelism int
	// Account tells whose credentials are used.
	Account func(context.Context) (string, error)
	// Accounts are other ways to AWS, by account id: resources of these accounts are read through them.
	Accounts map[string]Account
	// Cost is nil when nobody asks for prices.
	Cost *Cost
	// Attribution is nil when nobody asks who it was.
	Attribution *Attributor
	// Unmanaged are the types of which everything in AWS is compared with the state.
	Unmanaged []string
	Clock     clock.Clock
	Log       *slog.Logger
}

// Account is a way to one AWS account.
type Account struct {
	Readers []live.Reader
	// ID tells whose credentials are used.
	ID func(context.Context) (string, error)
}

// Specs are the specs of all types that readers know.
func Specs(readers []live.Reader) map[string]live.Spec {
	specs := map[string]live.Spec{}
	for _, reader := range readers {
		for _, spec := range reader.Types() {
			specs[spec.Type] = spec
		}
	}
	return specs
}

// Detect compares a state with AWS. What could not be read is in Result.Unverified; the error is ctx's cause, or an
// *UnreachableError when nothing at all could be read because AWS was not reached or took no credentials.
func Detect(ctx context.Context, options Options) (*Result, error) {
	started := options.Clock.Now()
	specs := Specs(options.Readers)
	result := &Result{
		Serial: options.State.Serial, Lineage: options.State.Lineage, Managed: options.State.Managed, Started: started,
	}
	ignores := options.current(result)
	region, err := defaultRegion(ctx, options, specs)
	if err != nil {
		return nil, err
	}
	look := &looking{options: options, specs: specs, ignores: ignores, plan: arrange(options, specs, region), result: result}
	if err := look.read(ctx); err != nil {
		return nil, err
	}
	look.unmanaged(ctx, region)
	if options.State.OpenTofu {
		result.forOpenTofu()
	}
	options.evaluate(ctx, result)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	result.Skipped = look.plan.skipped()
	result.sort()
	result.Calls = look.calls()
	result.Duration = options.Clock.Now().Sub(started)
	return result, nil
}

// current are the ignores that still count; the others are in result.Expired.
func (o Options) current(result *Result) []Ignore {
	var current []Ignore
	result.Expired = nil
	for _, ignore := range o.Ignores {
		if ignore.Expired(result.Started) {
			result.Expired = append(result.Expired, ignore)
		} else {
			current = append(current, ignore)
		}
	}
	return current
}

// defaultRegion asks for it when a resource needs it. Where there is none, the reads that need it fail by themselves.
func defaultRegion(ctx context.Context, options Options, specs map[string]live.Spec) (string, error) {
	for _, resource := range options.State.Resources {
		if resource.Region != "" || specs[resource.Type].Part != nil {
			continue
		}
		region, err := options.Region(ctx)
		if err != nil && !errors.Is(err, awsapi.ErrNoRegion) {
			return "", &UnreachableError{Err: err}
		}
		return region, nil
	}
	return "", nil
}

// looking is one look at the world while it lasts.
type looking struct {
	options Options
	specs   map[string]live.Spec
	ignores []Ignore
	plan    *arrangement

	lock     sync.Mutex
	result   *Result
	callers  map[string]*live.Caller // by account; "" for the provider's own credentials
	failures []error
}

// caller is the one of an account; each account has limits of its own.
func (l *looking) caller(account string) *live.Caller {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.callers == nil {
		l.callers = map[string]*live.Caller{}
	}
	if l.callers[account] == nil {
		whose := l.options.Account
		if other, ok := l.options.Accounts[account]; ok {
			whose = other.ID
		}
		l.callers[account] = live.NewCaller(l.options.Parallelism, whose)
		l.callers[account].ListWhole(l.options.Unmanaged...)
	}
	return l.callers[account]
}

func (l *looking) calls() int64 {
	calls := int64(0)
	for _, caller := range l.callers {
		calls += caller.Calls()
	}
	return calls
}

// read reads every batch, side by side, and judges each resource as soon as it is read; the callers bound the calls. The error
// is ctx's cause or an *UnreachableError.
func (l *looking) read(ctx context.Context) error {
	var working errgroup.Group
	working.SetLimit(max(l.options.Parallelism, 1))
	for _, batch := range l.plan.batches {
		working.Go(func() error {
			l.readBatch(ctx, batch)
			return nil
		})
	}
	_ = working.Wait() // every failure is in failures
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := unreachable(l.failures, len(l.plan.batches))
	if err != nil && l.isOff(ctx) {
		return nil
	}
	return err
}

// isOff tells that AWS refused the credentials wherever it was asked and still knows whose they are: then the Regions are not enabled
// for the account, and what lies there is not verified.
func (l *looking) isOff(ctx context.Context) bool {
	for _, err := range l.failures {
		if _, answered := awsapi.Explain(err); !answered || !awsapi.IsCredentials(err) {
			return false
		}
	}
	_, err := l.options.Account(ctx)
	return err == nil
}

func (l *looking) readBatch(ctx context.Context, read readBatch) {
	waiting := make(map[live.Address]int, len(read.resources)) // their places in the plan
	batch := live.Batch{Type: read.kind, Region: read.region, Caller: l.caller(read.account), Resources: make([]live.Resource, 0, len(read.resources))}
	for _, at := range read.resources {
		resource := l.plan.resources[at]
		waiting[resource.Address] = at
		batch.Resources = append(batch.Resources, resource.Resource)
	}
	batch.Done = func(address live.Address, outcome live.Outcome) {
		l.lock.Lock()
		defer l.lock.Unlock()
		if at, ok := waiting[address]; ok {
			delete(waiting, address)
			l.judge(l.plan.resources[at], outcome)
		}
	}
	outcomes, err := read.reader.Read(ctx, batch)
	if err != nil {
		l.options.Log.WarnContext(ctx, "reading failed", "type", read.kind, "region", read.region, "error", err)
		l.lock.Lock()
		l.failures = append(l.failures, err)
		l.lock.Unlock()
	}
	for _, resource := range batch.Resources { // those that the reader did not hand over by itself
		outcome, ok := outcomes[resource.Address]
		if !ok {
			outcome = live.Outcome{Reason: "it could not be listed", Err: err}
		}
		batch.Done(resource.Address, outcome)
	}
}

func (l *looking) judge(resource Resource, outcome live.Outcome) {
	judge(l.result, resource, outcome, l.specs[resource.Type].Attributes, l.ignores, l.options.Overrides, l.plan.parts[resource.Address])
}

// judge puts one resource where it belongs.
func judge(result *Result, resource Resource, outcome live.Outcome, table []live.Attribute, ignores []Ignore, overrides []Override, parts int) {
	item := Item{
		Address: resource.Address, Type: resource.Type, ID: resource.shownID(), Region: resource.Region, AccountID: resource.AccountID, Changes: []Change{},
		CostBasis: basisUnknown, resource: resource,
	}
	if !outcome.Recorded.IsZero() {
		item.RecordedAt = &outcome.Recorded
	}
	switch outcome.Status {
	case live.Deleted:
		result.Checked += 1 + parts
		if ignored(ignores, resource.Address, resource.Type, "") {
			result.Ignored++
			return
		}
		item.Kind, item.Reason = Deleted, reasonDeleted
		if outcome.Reason != "" {
			item.Reason += " (" + outcome.Reason + ")"
		}
		item.Category = wholeCategory(resource.Type, Critical, overrides)
	case live.Found:
		item.Kind = Changed
		outcome = withoutLacking(resource, outcome, ignores)
		for _, change := range Compare(resource, table, outcome.Attributes) {
			if ignored(ignores, resource.Address, resource.Type, change.Path) {
				result.Ignored++
				continue
			}
			change.Category, change.Reason = classify(resource.Type, change, overrides)
			item.Changes = append(item.Changes, change)
		}
		if outcome.Partial() { // what was read may differ, and what was not may be worse
			result.unverified(resource, outcome)
		} else {
			result.Checked += 1 + parts
		}
		if len(item.Changes) == 0 {
			return
		}
		slices.SortStableFunc(item.Changes, worstFirst)
		item.Category, item.Reason = item.Changes[0].Category, item.Changes[0].Reason
	default:
		result.unverified(resource, outcome)
		return
	}
	item.Remediation, item.Reconciliation = remedies(item, resource)
	item.Configuration = configuration(item, resource, table)
	result.Items = append(result.Items, item)
}

// worstFirst orders changes by category; what is open to everybody comes before its equals.
func worstFirst(a, b Change) int {
	return cmp.Or(a.Category.rank()-b.Category.rank(), a.exposure()-b.exposure())
}

func (r *Result) unverified(resource Resource, outcome live.Outcome) {
	r.Unverified = append(r.Unverified, UnverifiedResource{
		Address: resource.Address, Type: resource.Type, ID: resource.shownID(), Region: resource.Region, Reason: why(outcome), Err: outcome.Err,
	})
}

// wholeCategory is that of a whole resource which is gone or unmanaged: builtIn, unless a user's rule for the whole type, without an
// attribute, says otherwise.
func wholeCategory(kind string, builtIn Category, overrides []Override) Category {
	for _, override := range overrides {
		if (override.Attribute == "" || override.Attribute == "*") && override.matches(kind, "") {
			return override.Category
		}
	}
	return builtIn
}

// Supports tells whether a glob over types matches any type that can be looked at by itself, and, when it names a type
// that is only compared with its owner, the owner's type.
func Supports(specs map[string]live.Spec, glob string) (ok bool, owner string) {
	for kind, spec := range specs {
		switch {
		case !match(glob, kind):
		case spec.Part == nil:
			return true, ""
		default:
			owner = spec.Part.OwnerType
		}
	}
	return false, owner
}
