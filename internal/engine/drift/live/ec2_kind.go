package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ec2Ask is what one Describe call of EC2 asks for: a page of what filters let through, or the things of ids, for which EC2
// takes no page size.
type ec2Ask struct {
	filters []types.Filter
	ids     []string
	token   *string
	size    *int32
}

// ec2Described is a listing over a Describe call of EC2; they are all alike.
type ec2Described[T any] struct {
	// filter is the name of the filter over ids; empty where there is none, and everything is listed.
	filter string
	// page makes one call; next is the token of the next page. Things that EC2 still lists after their end are not in items.
	page    func(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) (items []T, next *string, err error)
	id      func(T) *string
	outcome func(ctx context.Context, client *awsapi.EC2, caller *Caller, item T, resource Resource) Outcome
	table   []field[T]
	thing   func(T) Thing
}

func (d ec2Described[T]) kind(clients *awsapi.Clients, spec Spec) kind {
	return listing[T, *awsapi.EC2]{
		client: clients.EC2, id: func(item T) string { return aws.ToString(d.id(item)) }, outcome: d.outcome, table: d.table, thing: d.thing,
		pages: func(ctx context.Context, client *awsapi.EC2, caller *Caller, resources []Resource) ([]T, error) {
			if d.filter == "" {
				resources = nil
			}
			return ec2All(ctx, client, caller, d.page, ec2Filter(d.filter, resources))
		},
		probe: func(ctx context.Context, client *awsapi.EC2, caller *Caller, resource Resource) (*T, error) {
			items, _, err := d.page(ctx, client, caller, ec2Ask{ids: []string{resource.ID}})
			if err != nil {
				return nil, err
			}
			if len(items) == 0 { // it is listed as deleted or terminated
				return nil, awsapi.ErrNotFound
			}
			return only(items), nil
		},
	}.kind(spec)
}

// ec2All turns every page of a Describe call.
func ec2All[T any](
	ctx context.Context, client *awsapi.EC2, caller *Caller,
	page func(context.Context, *awsapi.EC2, *Caller, ec2Ask) ([]T, *string, error), filters []types.Filter,
) ([]T, error) {
	ask := ec2Ask{filters: filters, size: aws.Int32(ec2Page)}
	var all []T
	for {
		items, next, err := page(ctx, client, caller, ask)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if aws.ToString(next) == "" {
			return all, nil
		}
		ask.token = next
	}
}

// ec2Thing describes something that EC2 tags with a name.
func ec2Thing(id *string, tags []types.Tag) Thing {
	return Thing{ID: aws.ToString(id), Name: ec2Tags(tags)["Name"]}
}
