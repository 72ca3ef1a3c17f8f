package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// RDSAPI are the calls of RDS that reading needs.
type RDSAPI interface {
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
}

// rdsPage is the largest page, https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html. The
// length of its filters is not documented: beyond rdsFilterValues everything is listed.
const (
	rdsPage         = 100
	rdsFilterValues = 200
)

type rdsClient = func(ctx context.Context, region string) (RDSAPI, error)

func newRDS(clients *awsapi.Clients) Reader {
	return rdsService(func(ctx context.Context, region string) (RDSAPI, error) { return clients.RDS(ctx, region) })
}

// rdsService reads database instances.
func rdsService(client rdsClient) service {
	reader := rdsReader{client}
	return service{
		{
			Spec: Spec{
				Type: "aws_db_instance", Doc: "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html",
				Attributes: attributesOf(instanceTable), Context: []string{"resource_id", "identifier", "max_allocated_storage", "engine"},
			},
			read: reader.read, list: reader.list,
		},
	}
}

// rdsReader reads instances, which have a name and an id: neither alone says which one it is.
type rdsReader struct{ client rdsClient }

// resourceID is the id that RDS gives an instance for good. Since version 5 of hashicorp/aws it is the id in the state;
// before, the id was the instance's name, which can change.
func resourceID(resource Resource) string {
	if strings.HasPrefix(resource.ID, "db-") && resource.ID != resource.Text("identifier") {
		return resource.ID
	}
	return resource.Text("resource_id")
}

// instances are what a listing told.
type instances struct {
	listed []types.DBInstance
	// claimed are the names in the batch: an instance that has one of them is nobody else's, renamed.
	claimed map[string]bool
}

// find returns the instance of a resource: the one with its resource id and its name, else the one with its resource id,
// which was renamed. Without a resource id in the state, the name decides.
func (i instances) find(resource Resource) (types.DBInstance, bool) {
	id, name := resourceID(resource), instanceName(resource)
	var renamed *types.DBInstance
	for at, instance := range i.listed {
		now := aws.ToString(instance.DBInstanceIdentifier)
		switch {
		case id != "" && aws.ToString(instance.DbiResourceId) != id:
		case strings.EqualFold(now, name):
			return instance, true
		case id != "" && !i.claimed[strings.ToLower(now)]:
			renamed = &i.listed[at]
		}
	}
	if renamed == nil {
		return types.DBInstance{}, false
	}
	return *renamed, true
}

func instanceName(resource Resource) string {
	if name := resource.Text("identifier"); name != "" {
		return name
	}
	return resource.ID
}

// read lists instances by their resource ids. A filter of ids that do not exist is simply empty, unlike one of names.
func (r rdsReader) read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := r.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	known := instances{claimed: map[string]bool{}}
	for _, resource := range batch.Resources {
		known.claimed[strings.ToLower(instanceName(resource))] = true
	}
	if known.listed, err = instancePages(ctx, client, batch.Caller, rdsFilter(batch.Resources)); err != nil {
		return nil, err
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		if instance, ok := known.find(resource); ok {
			return instanceOutcome(instance, resource)
		}
		return missingInstance(ctx, client, batch.Caller, resource)
	}), nil
}

func instancePages(ctx context.Context, client RDSAPI, caller *Caller, filters []types.Filter) ([]types.DBInstance, error) {
	input := &rds.DescribeDBInstancesInput{Filters: filters, MaxRecords: aws.Int32(rdsPage)}
	return pages(ctx, caller, client.DescribeDBInstances, input, func(page *rds.DescribeDBInstancesOutput) ([]types.DBInstance, bool) {
		input.Marker = page.Marker
		return page.DBInstances, aws.ToString(page.Marker) != ""
	})
}

func (r rdsReader) list(ctx context.Context, inventory Inventory) ([]Thing, error) {
	client, err := r.client(ctx, inventory.Region)
	if err != nil {
		return nil, err
	}
	listed, err := instancePages(ctx, client, inventory.Caller, nil)
	if err != nil {
		return nil, err
	}
	things := make([]Thing, 0, len(listed))
	for _, instance := range listed {
		name := aws.ToString(instance.DBInstanceIdentifier)
		things = append(things, Thing{
			ID: name, Name: name, Aliases: []string{aws.ToString(instance.DbiResourceId), aws.ToString(instance.DBInstanceArn)},
			Attributes: map[string]any{
				"engine": aws.ToString(instance.Engine), "instance_class": aws.ToString(instance.DBInstanceClass), "multi_az": scalar(instance.MultiAZ),
				"allocated_storage": scalar(instance.AllocatedStorage), "storage_type": aws.ToString(instance.StorageType), "iops": scalar(instance.Iops),
				"storage_throughput": scalar(instance.StorageThroughput), "license_model": aws.ToString(instance.LicenseModel),
			},
		})
	}
	return things, nil
}

func rdsFilter(resources []Resource) []types.Filter {
	if len(resources) > rdsFilterValues {
		return nil
	}
	ids := make([]string, 0, len(resources))
	for _, resource := range resources {
		id := resourceID(resource)
		if id == "" {
			return nil
		}
		ids = append(ids, id)
	}
	return []types.Filter{{Name: aws.String("dbi-resource-id"), Values: ids}}
}

// missingInstance asks for the name. An instance of that name with another resource id is another database: the one in
// the state is gone.
func missingInstance(ctx context.Context, client RDSAPI, caller *Caller, resource Resource) Outcome {
	return missing(ctx, caller, resource, func(ctx context.Context) (*Outcome, error) {
		page, err := call(ctx, caller, client.DescribeDBInstances, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(instanceName(resource))})
		if err != nil || len(page.DBInstances) != 1 {
			return nil, err
		}
		instance, want := page.DBInstances[0], resourceID(resource)
		outcome := instanceOutcome(instance, resource)
		if other := aws.ToString(instance.DbiResourceId); outcome.Status == Found && want != "" && other != want {
			outcome = Outcome{Status: Deleted, Reason: "another instance, " + other + ", now has its name"}
		}
		return &outcome, nil
	})
}

func instanceOutcome(instance types.DBInstance, resource Resource) Outcome {
	live, err := arn.Parse(aws.ToString(instance.DBInstanceArn))
	if err == nil && resource.AccountID != "" && live.AccountID != resource.AccountID {
		return Outcome{Reason: otherAccount(resource.AccountID, live.AccountID)}
	}
	return found(instanceTable, instance, resource)
}
