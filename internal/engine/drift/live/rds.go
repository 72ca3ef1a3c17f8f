package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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

type rdsReader struct {
	client func(ctx context.Context, region string) (RDSAPI, error)
}

func newRDS(clients *awsapi.Clients) Reader {
	return &rdsReader{client: func(ctx context.Context, region string) (RDSAPI, error) { return clients.RDS(ctx, region) }}
}

// Types are database instances.
func (r *rdsReader) Types() []Spec {
	return []Spec{{
		Type: "aws_db_instance", Doc: "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html",
		Attributes: attributesOf(instanceTable), Context: []string{"tags_all", "resource_id", "identifier", "max_allocated_storage"},
	}}
}

// instances are what a listing told, by resource id and by name.
type instances struct{ byID, byName map[string]types.DBInstance }

// resourceID is the id that RDS gives an instance for good. Since version 5 of hashicorp/aws it is the id in the state;
// before, the id was the instance's name, which can change.
func resourceID(resource Resource) string {
	if strings.HasPrefix(resource.ID, "db-") && resource.ID != resource.Text("identifier") {
		return resource.ID
	}
	return resource.Text("resource_id")
}

func (i instances) find(resource Resource) (types.DBInstance, bool) {
	if id := resourceID(resource); id != "" {
		instance, ok := i.byID[id]
		return instance, ok
	}
	instance, ok := i.byName[instanceName(resource)]
	return instance, ok
}

func instanceName(resource Resource) string {
	if name := resource.Text("identifier"); name != "" {
		return name
	}
	return resource.ID
}

// Read lists instances by their resource ids. A filter of ids that do not exist is simply empty, unlike one of names.
func (r *rdsReader) Read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := r.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	listed := instances{byID: map[string]types.DBInstance{}, byName: map[string]types.DBInstance{}}
	input := &rds.DescribeDBInstancesInput{Filters: rdsFilter(batch.Resources), MaxRecords: aws.Int32(rdsPage)}
	for {
		page, err := call(ctx, batch.Caller, client.DescribeDBInstances, input)
		if err != nil {
			return nil, err
		}
		for _, instance := range page.DBInstances {
			listed.byID[aws.ToString(instance.DbiResourceId)] = instance
			listed.byName[aws.ToString(instance.DBInstanceIdentifier)] = instance
		}
		if aws.ToString(page.Marker) == "" {
			break
		}
		input.Marker = page.Marker
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		if instance, ok := listed.find(resource); ok {
			return found(instanceTable, instance, resource)
		}
		return missingInstance(ctx, client, batch.Caller, resource)
	}), nil
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
		outcome := found(instanceTable, instance, resource)
		if other := aws.ToString(instance.DbiResourceId); want != "" && other != want {
			outcome = Outcome{Status: Deleted, Reason: "another instance, " + other + ", now has its name"}
			if account := accountOf(aws.ToString(instance.DBInstanceArn)); resource.AccountID != "" && account != "" && account != resource.AccountID {
				outcome = Outcome{Reason: otherAccount(resource.AccountID, account)}
			}
		}
		return &outcome, nil
	})
}
