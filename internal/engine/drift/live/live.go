package live

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Address is a resource instance's address in the state, such as module.net.aws_vpc.main["a"].
type Address string

// Attributes are the fetched values of one resource, by Attribute.Path.
type Attributes map[string]any

// Resource is one resource instance of a state, and what a reader needs to find it.
type Resource struct {
	Address Address
	Type    string
	ID      string
	// Region it lives in: from the state where that says so, else the caller's.
	Region string
	// AccountID it lives in; empty when the state does not say.
	AccountID string
	// State are the attributes that the state holds: only those that the type's Spec names.
	State Values
	// Merged is what other resources of the state add to this one.
	Merged []Addition
}

// Value returns an attribute of the state, or nil.
func (r Resource) Value(name string) any {
	value, _ := r.State.Get(name)
	return value
}

// Text returns an attribute of the state as text: "" when it is absent or no scalar.
func (r Resource) Text(name string) string { return scalar(r.Value(name)) }

// At returns what lies at an Attribute.Path, and whether the state holds the attribute at all.
func (r Resource) At(path string) (value any, held bool) {
	root, below, nested := strings.Cut(path, ".")
	value, held = r.State.Get(root)
	if !nested {
		return value, held
	}
	for step := range strings.SplitSeq(below, ".") {
		value = descend(value, step)
	}
	return value, held
}

// Status is what is known of one resource.
type Status int

const (
	// Unverified: nobody could look (denied, throttled, unreachable). It is the zero value, so that what was forgotten
	// never looks clean.
	Unverified Status = iota
	// Found: it exists.
	Found
	// Deleted: a complete listing did not hold it, and asking for exactly it was answered with "not found".
	Deleted
)

// Outcome is what was learnt about one resource.
type Outcome struct {
	Status     Status
	Attributes Attributes
	// Reason says in words why it is unverified, or what is remarkable about a deletion. When a resource was found but
	// some attribute could not be read, Reason and Err say which and why, and that attribute is absent.
	Reason string
	// Err is the AWS error behind Reason, if there is one.
	Err error
	// Lacking are the attributes, by Attribute.Name, of which the source never tells; they are absent.
	Lacking []string
	// Recorded is when the values were true, where that is not now.
	Recorded time.Time
}

// Partial tells that the resource was found and that something of it was not read.
func (o Outcome) Partial() bool { return o.Status == Found && o.Reason != "" }

// Batch is what one Read looks at: resources of one type in one Region.
type Batch struct {
	Type      string
	Region    string
	Resources []Resource
	// Caller counts and bounds the calls; never nil.
	Caller *Caller
	// Done, where it is set, may be given outcomes as they come, from several goroutines at once; what was given to it need not be
	// in the answer. It keeps nothing of an outcome, so that thousands of them are never in memory at once.
	Done func(Address, Outcome)
}

// Reader reads the types of one AWS service.
type Reader interface {
	// Types are the specs of the types that it reads.
	Types() []Spec
	// Read looks at a batch of one of its types. It uses filters or full pages at their maximum size, never a list of
	// ids, because one deleted id would fail the whole call. Resources that are missing from the answer are unverified,
	// because of the error. A resource is Deleted only after a complete listing and a targeted "not found".
	Read(ctx context.Context, batch Batch) (map[Address]Outcome, error)
}

// Spec is the contract of one type.
type Spec struct {
	Type string
	// Doc is the page of the AWS API that the table mirrors.
	Doc string
	// Attributes are what is compared.
	Attributes []Attribute
	// Context names further attributes that must be kept from the state for finding or merging.
	Context []string
	// Global is set for a type that lives in no Region (IAM, CloudFront, Route 53). Its Batch carries the provider's Region, of
	// which only the partition matters, and regions never leaves it out.
	Global bool
	// Part is set for a type that is no thing of its own in AWS but a piece of another resource in the same state; it is
	// compared with its owner. One that has Attributes too is read by itself where the state does not hold its owner.
	Part *Part
	// Listed tells that the reader is a Lister for the type.
	Listed bool
}

// Resource is the page of hashicorp/aws that says what the type's attributes mean: the source of the registry's.
func (s Spec) Resource() string {
	return "https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/r/" + strings.TrimPrefix(s.Type, "aws_") + ".html.markdown"
}

// Part is how a resource adds to its owner.
type Part struct {
	// OwnerType is the owner's type.
	OwnerType string
	// Owner returns the owner's id in the state, and what the part adds to it.
	Owner func(part Resource) (id string, adds Addition)
}

// Keep are the names of all top-level attributes that reading and comparing need from the state, each once.
func (s Spec) Keep() []string {
	names := append([]string{"id", "arn", "region", "owner_id"}, s.Context...)
	for _, attribute := range s.Attributes {
		names = append(names, attribute.root())
		if attribute.root() == "tags" {
			names = append(names, "tags_all")
		}
	}
	if s.Listed { // what is gone is looked for by its name among what nothing manages
		names = append(names, "name")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Lister is a Reader that also tells everything that is in AWS of a type, managed or not.
type Lister interface {
	// List returns all things of one of the types whose Spec says Listed, in one Region. It is complete, or fails.
	List(ctx context.Context, inventory Inventory) ([]Thing, error)
}

// Inventory is what one List looks for.
type Inventory struct {
	Type, Region string
	// Caller counts and bounds the calls; never nil.
	Caller *Caller
}

// Thing is something that exists in AWS.
type Thing struct {
	// ID is what "terraform import" takes for it.
	ID string
	// Aliases are the other texts that may stand as id or arn in a state that manages it.
	Aliases []string
	// Name is what people call it; may be empty.
	Name string
	// Excluded says why nobody has to manage it (AWS made it by itself); empty for all else.
	Excluded string
	// Attributes are what is known of it under Terraform's names, for its price: only text, numbers and booleans.
	Attributes map[string]any
}
