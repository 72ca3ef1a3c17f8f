package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// RDSAPI is what an RDS check calls.
type RDSAPI interface {
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
}

// RDS asks for the status of a DB instance or of a cluster, of which exactly one is set.
type RDS struct {
	Client            func(context.Context) (RDSAPI, error) // made at the first attempt
	Instance, Cluster string
}

// Name is "rds".
func (*RDS) Name() string { return "rds" }

const available = "available"

// lostDatabases are statuses that nothing leads out of but a person, beside incompatible-...:
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html and
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html
var lostDatabases = []string{"deleting", "failed", "inaccessible-encryption-credentials", "restore-error", "cloning-failed", "migration-failed"}

// Probe reads the status once.
func (r *RDS) Probe(ctx context.Context) Observation {
	what, action := "the DB instance "+r.Instance, "rds:DescribeDBInstances"
	if r.Cluster != "" {
		what, action = "the DB cluster "+r.Cluster, "rds:DescribeDBClusters"
	}
	started := time.Now()
	client, err := r.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, "read "+what, err, 0)
	}
	status, values, err := r.status(ctx, client)
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return absent(latency, "%s does not exist in this account and Region", what)
	case err != nil:
		return refused(ctx, "read "+what, action, err, latency)
	case status == "":
		return absent(latency, "%s does not exist in this account and Region", what)
	}
	values["status"] = status
	seen := Observation{Status: Pass, Latency: latency, Values: values}
	if status != available {
		seen = seen.fail("%s is %s, not %s", what, status, available)
		seen.Final = slices.Contains(lostDatabases, status) || strings.HasPrefix(status, "incompatible-")
	}
	return seen
}

// status returns "" when AWS lists no such database.
func (r *RDS) status(ctx context.Context, client RDSAPI) (status string, values map[string]string, err error) {
	attempts := func(o *rds.Options) { o.RetryMaxAttempts = awsAttempts }
	values = map[string]string{}
	if r.Cluster == "" {
		output, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(r.Instance)}, attempts)
		if err != nil || len(output.DBInstances) == 0 {
			return "", nil, err
		}
		values["engine"] = engineOf(output.DBInstances[0].Engine, output.DBInstances[0].EngineVersion)
		return aws.ToString(output.DBInstances[0].DBInstanceStatus), values, nil
	}
	output, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(r.Cluster)}, attempts)
	if err != nil || len(output.DBClusters) == 0 {
		return "", nil, err
	}
	values["engine"] = engineOf(output.DBClusters[0].Engine, output.DBClusters[0].EngineVersion)
	values["members"] = fmt.Sprint(len(output.DBClusters[0].DBClusterMembers))
	return aws.ToString(output.DBClusters[0].Status), values, nil
}

func engineOf(name, version *string) string {
	return strings.TrimSpace(aws.ToString(name) + " " + aws.ToString(version))
}
