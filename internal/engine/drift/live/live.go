// Package live reads what is really in AWS, many resources a call, for comparison with a Terraform state. There is one
// file an AWS service: its calls, and a table of each type's attributes. Reading never changes anything.
//
// A type's table is the whole of what is compared. An attribute that a reader did not fetch is absent from its answer,
// and nothing absent is ever compared. Attributes that AWS computes by itself, that change on their own or that cannot be
// changed at all are not in the tables.
package live

import (
	"context"
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
	// State are the attributes that the state holds, as decoded from its JSON: only those that the type's Spec names.
	State map[string]any
	// Merged are rules that other resources of the state add to an attribute of this one, by Attribute.Path.
	Merged map[string][]Rule
}

// Text returns an attribute of the state as text, or "" when it is absent or no text.
func (r Resource) Text(name string) string {
	text, _ := r.State[name].(string)
	return text
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
	// Part is set for a type that is no thing of its own in AWS but a piece of another resource in the same state; it is
	// compared with its owner.
	Part *Part
}

// Part is how a resource adds to its owner.
type Part struct {
	// OwnerType is the owner's type.
	OwnerType string
	// Owner returns the owner's id, and the rules that the part adds to which Attribute.Path of it.
	Owner func(part Resource) (id, path string, rules []Rule)
}

// Keep are the names of all top-level attributes that reading and comparing need from the state.
func (s Spec) Keep() []string {
	names := append([]string{"id", "arn", "region", "owner_id"}, s.Context...)
	for _, attribute := range s.Attributes {
		names = append(names, attribute.root())
	}
	return names
}
