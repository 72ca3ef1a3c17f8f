package drift

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Kind is how a resource differs.
type Kind string

// The kinds.
const (
	Changed Kind = "changed"
	Deleted Kind = "deleted"
	// Unmanaged: it is in AWS and in no state that was looked at.
	Unmanaged Kind = "unmanaged"
)

// Item is one resource that differs.
type Item struct {
	Address   live.Address `json:"address"`
	Type      string       `json:"type"`
	ID        string       `json:"id"`
	Region    string       `json:"region"`
	AccountID string       `json:"account_id,omitempty"`
	Kind      Kind         `json:"kind"`
	// Category is that of the worst change.
	Category Category `json:"category"`
	// Reason is that of the worst change, in words.
	Reason  string   `json:"reason"`
	Changes []Change `json:"changes"`
	// MonthlyCostDelta is price(live) - price(state) in US dollars a month; nil where that is not known, never 0 for want of a
	// price. CostBasis says what it rests on, PriceDate of when the oldest price in it is.
	MonthlyCostDelta *float64 `json:"monthly_cost_delta"`
	CostBasis        string   `json:"cost_basis"`
	PriceDate        string   `json:"price_date,omitempty"`
	// RecordedAt is when the live values were recorded; nil where they were read just now.
	RecordedAt *time.Time `json:"recorded_at,omitempty"`
	// ChangedBy says who made the change, as far as CloudTrail tells; nil where nobody looked.
	ChangedBy *Attribution `json:"changed_by,omitempty"`
	// Remediation puts the world back; Reconciliation makes the state agree with it. Lines for a shell.
	Remediation    []string `json:"remediation"`
	Reconciliation []string `json:"reconciliation"`
	// Configuration is HCL to paste so that the configuration says what is live, or manages it no more.
	Configuration string `json:"configuration,omitempty"`

	name     string   // of an unmanaged one, in AWS
	resource Resource // as the state has it; of an unmanaged one, only what the price needs
}

// UnverifiedResource is one that nobody could look at, or not at all of it.
type UnverifiedResource struct {
	Address live.Address `json:"address"`
	Type    string       `json:"type"`
	ID      string       `json:"id"`
	Region  string       `json:"region"`
	Reason  string       `json:"reason"`

	// Err is the AWS error behind it, if there is one.
	Err error `json:"-"`
}

// Skipped says how many resources of a type were not looked at, and why.
type Skipped struct {
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// Result is what one look at the world found.
type Result struct {
	// Items, worst first, then by address.
	Items []Item
	// Unverified are never clean. One of which only a part was read may be among Items as well.
	Unverified []UnverifiedResource
	// Skipped, by type.
	Skipped map[string]Skipped
	// Managed is how many managed instances the state holds, Checked how many of them were read and compared, pieces
	// that are compared with their owner included.
	Managed, Checked int
	// Unmanaged is how many things were found in AWS that the state does not manage; Excluded are those that nobody has to, by why.
	Unmanaged int
	Excluded  map[string]int
	// Ignored is how many changes and deletions the ignores cover.
	Ignored int
	// MonthlyCostDelta sums up those of the items, as far as they are known; nil when nothing is. CostComplete says that all are.
	MonthlyCostDelta *float64
	CostComplete     bool
	// Expired are the ignores that no longer count.
	Expired []Ignore

	Serial   int64
	Lineage  string
	Calls    int64
	Started  time.Time
	Duration time.Duration
}

// Count returns how many items there are of a category.
func (r *Result) Count(category Category) int {
	count := 0
	for _, item := range r.Items {
		if item.Category == category {
			count++
		}
	}
	return count
}

// CoveragePercent is Checked in Managed and Unmanaged, rounded down to a tenth so that 100 means all. Where nothing is, all is covered.
func (r *Result) CoveragePercent() float64 {
	all := r.Managed + r.Unmanaged
	if all == 0 {
		return 100
	}
	return math.Floor(float64(r.Checked)*1000/float64(all)) / 10
}

// AtLeast returns the items that are as bad as category, or worse.
func (r *Result) AtLeast(category Category) []Item {
	var items []Item
	for _, item := range r.Items {
		if item.Category.AtLeast(category) {
			items = append(items, item)
		}
	}
	return items
}

func (r *Result) sort() {
	slices.SortFunc(r.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Category.rank(), b.Category.rank()), cmp.Compare(a.Address, b.Address))
	})
	slices.SortFunc(r.Unverified, func(a, b UnverifiedResource) int { return cmp.Compare(a.Address, b.Address) })
}
