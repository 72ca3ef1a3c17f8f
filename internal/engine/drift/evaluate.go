package drift

import (
	"context"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// evaluate adds to the items what they cost and who it was. What cannot be found out is left open, and logged.
func (o Options) evaluate(ctx context.Context, result *Result) {
	if o.Cost != nil {
		for i := range result.Items {
			item := &result.Items[i]
			before, after := sides(*item)
			if err := o.Cost.price(ctx, item, before, after); err != nil {
				o.Log.WarnContext(ctx, "no price could be had", "type", item.Type, "region", item.Region, "error", err)
			}
		}
	}
	result.sum()
	if o.Attribution != nil {
		o.Attribution.attribute(ctx, result.Items, o.Clock.Now(), o.Log)
	}
	for i := range result.Items {
		result.Items[i].resource = Resource{} // what the state holds, secrets among it, goes no further
	}
}

// sum adds up what the items cost.
func (r *Result) sum() {
	r.MonthlyCostDelta, r.CostComplete = nil, true
	for _, item := range r.Items {
		if item.MonthlyCostDelta == nil || item.CostBasis == basisPerMillion {
			r.CostComplete = false
			continue
		}
		sum := *item.MonthlyCostDelta
		if r.MonthlyCostDelta != nil {
			sum += *r.MonthlyCostDelta
		}
		r.MonthlyCostDelta = &sum
	}
	if len(r.Items) == 0 {
		none := 0.0
		r.MonthlyCostDelta = &none
	}
}

// sides are what the state says of an item, and what is live; nil for the side on which it is not.
func sides(item Item) (before, after attributesOfSide) {
	before = func(name string) string {
		if item.resource.isSensitive(name) {
			return "" // prices are asked for over the network and kept on disk
		}
		if value, _ := item.resource.At(name); value != nil {
			if list, ok := value.([]any); ok {
				return strings.Join((live.Attribute{Kind: live.Set}).Normalise(list).([]string), ",") //nolint:forcetypeassert,errcheck // what a Set normalises to
			}
			return (live.Attribute{}).Normalise(value).(string) //nolint:forcetypeassert,errcheck // what a Scalar normalises to
		}
		return ""
	}
	after = func(name string) string {
		for _, change := range item.Changes {
			if change.Path != name {
				continue
			}
			if change.Actual == nil {
				return ""
			}
			return *change.Actual
		}
		return before(name)
	}
	switch item.Kind {
	case Deleted:
		return before, nil
	case Unmanaged:
		return nil, before
	default:
		return before, after
	}
}
