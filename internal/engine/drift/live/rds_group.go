package live

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const rdsDoc = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"

// newRDSParts reads clusters, and what databases are set up with: subnet groups and parameter groups.
func newRDSParts(clients *awsapi.Clients) Reader {
	return service{
		listing[types.DBCluster, *awsapi.RDS]{
			client: clients.RDS, table: clusterTable, id: func(c types.DBCluster) string { return aws.ToString(c.DBClusterIdentifier) },
			pages: func(ctx context.Context, client *awsapi.RDS, caller *Caller, _ []Resource) ([]types.DBCluster, error) {
				return clusters(ctx, client, caller, nil)
			},
			probe: func(ctx context.Context, client *awsapi.RDS, caller *Caller, resource Resource) (*types.DBCluster, error) {
				found, err := clusters(ctx, client, caller, aws.String(resource.ID))
				return only(found), err
			},
			thing: func(c types.DBCluster) Thing {
				return Thing{ID: aws.ToString(c.DBClusterIdentifier), Name: aws.ToString(c.DBClusterIdentifier), Aliases: []string{aws.ToString(c.DBClusterArn)}}
			},
		}.kind(Spec{Type: "aws_rds_cluster", Doc: rdsDoc + "API_DBCluster.html"}),
		listing[liveSubnetGroup, *awsapi.RDS]{
			client: clients.RDS, table: subnetGroupTable, id: func(g liveSubnetGroup) string { return aws.ToString(g.DBSubnetGroupName) },
			outcome: func(ctx context.Context, client *awsapi.RDS, caller *Caller, group liveSubnetGroup, resource Resource) Outcome {
				tags, err := rdsTags(ctx, client, caller, group.DBSubnetGroupArn)
				group.tags = tags
				return withProblem(found(subnetGroupTable, group, resource), err)
			},
			pages: func(ctx context.Context, client *awsapi.RDS, caller *Caller, _ []Resource) ([]liveSubnetGroup, error) {
				return subnetGroups(ctx, client, caller, nil)
			},
			probe: func(ctx context.Context, client *awsapi.RDS, caller *Caller, resource Resource) (*liveSubnetGroup, error) {
				found, err := subnetGroups(ctx, client, caller, aws.String(resource.ID))
				return only(found), err
			},
			thing: func(g liveSubnetGroup) Thing {
				thing := Thing{ID: aws.ToString(g.DBSubnetGroupName), Name: aws.ToString(g.DBSubnetGroupName), Aliases: []string{aws.ToString(g.DBSubnetGroupArn)}}
				if thing.ID == "default" {
					thing.Excluded = excludedDefaultSubnets
				}
				return thing
			},
		}.kind(Spec{Type: "aws_db_subnet_group", Doc: rdsDoc + "API_DBSubnetGroup.html"}),
		single[liveParameters, *awsapi.RDS]{client: clients.RDS, get: parameterGroupOf, names: parameterGroups, table: parametersTable}.
			kind(Spec{Type: "aws_db_parameter_group", Doc: rdsDoc + "API_Parameter.html"}),
		single[liveParameters, *awsapi.RDS]{client: clients.RDS, get: clusterParameterGroupOf, names: clusterParameterGroups, table: parametersTable}.
			kind(Spec{Type: "aws_rds_cluster_parameter_group", Doc: rdsDoc + "API_Parameter.html"}),
	}
}

func withProblem(outcome Outcome, err error) Outcome {
	if err != nil {
		outcome.Reason, outcome.Err = tagsUnread, err
	}
	return outcome
}

func rdsTags(ctx context.Context, client *awsapi.RDS, caller *Caller, arn *string) (map[string]string, error) {
	answer, err := call(ctx, caller, client.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: arn})
	if err != nil {
		return nil, err
	}
	return rdsTagMap(answer.TagList), nil
}

func rdsTagMap(tags []types.Tag) map[string]string {
	return tagMap(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}

// Engine, encryption and master user of a cluster cannot be changed. Its members are resources of their own.
var clusterTable = []field[types.DBCluster]{
	{Attribute{Path: "engine_version", API: "EngineVersion"}, func(c types.DBCluster, r Resource) any {
		state := r.Text("engine_version")
		if state != "" && strings.HasPrefix(aws.ToString(c.EngineVersion)+".", state+".") { // a state may hold a prefix
			return state
		}
		return c.EngineVersion
	}},
	{Attribute{Path: "deletion_protection", API: "DeletionProtection", Default: false}, func(c types.DBCluster, _ Resource) any { return c.DeletionProtection }},
	{Attribute{Path: "backup_retention_period", API: "BackupRetentionPeriod"}, func(c types.DBCluster, _ Resource) any { return c.BackupRetentionPeriod }},
	{Attribute{Path: "preferred_backup_window", API: "PreferredBackupWindow", Fold: true}, func(c types.DBCluster, _ Resource) any { return c.PreferredBackupWindow }},
	{Attribute{Path: "preferred_maintenance_window", API: "PreferredMaintenanceWindow", Fold: true}, func(c types.DBCluster, _ Resource) any { return c.PreferredMaintenanceWindow }},
	{Attribute{Path: "port", API: "Port"}, func(c types.DBCluster, _ Resource) any { return optional(c.Port) }},
	{Attribute{Path: "db_cluster_parameter_group_name", API: "DBClusterParameterGroup"}, func(c types.DBCluster, _ Resource) any { return c.DBClusterParameterGroup }},
	{Attribute{Path: "db_subnet_group_name", API: "DBSubnetGroup"}, func(c types.DBCluster, _ Resource) any { return c.DBSubnetGroup }},
	{Attribute{Path: "vpc_security_group_ids", API: "VpcSecurityGroups", Kind: Set}, func(c types.DBCluster, _ Resource) any {
		return eachText(c.VpcSecurityGroups, func(g types.VpcSecurityGroupMembership) *string { return g.VpcSecurityGroupId })
	}},
	{Attribute{Path: "iam_database_authentication_enabled", API: "IAMDatabaseAuthenticationEnabled", Default: false}, func(c types.DBCluster, _ Resource) any { return c.IAMDatabaseAuthenticationEnabled }},
	{Attribute{Path: "copy_tags_to_snapshot", API: "CopyTagsToSnapshot", Default: false}, func(c types.DBCluster, _ Resource) any { return c.CopyTagsToSnapshot }},
	{Attribute{Path: "enabled_cloudwatch_logs_exports", API: "EnabledCloudwatchLogsExports", Kind: Set}, func(c types.DBCluster, _ Resource) any { return c.EnabledCloudwatchLogsExports }},
	{Attribute{Path: "backtrack_window", API: "BacktrackWindow", Default: 0}, func(c types.DBCluster, _ Resource) any { return c.BacktrackWindow }},
	{Attribute{Path: "enable_http_endpoint", API: "HttpEndpointEnabled", Default: false}, func(c types.DBCluster, _ Resource) any { return c.HttpEndpointEnabled }},
	{Attribute{Path: "storage_type", API: "StorageType", IfSet: true}, func(c types.DBCluster, _ Resource) any { return c.StorageType }},
	{Attribute{Path: "serverlessv2_scaling_configuration.0.min_capacity", API: "ServerlessV2ScalingConfiguration.MinCapacity"}, func(c types.DBCluster, _ Resource) any {
		return through(c.ServerlessV2ScalingConfiguration, func(s *types.ServerlessV2ScalingConfigurationInfo) any { return s.MinCapacity })
	}},
	{Attribute{Path: "serverlessv2_scaling_configuration.0.max_capacity", API: "ServerlessV2ScalingConfiguration.MaxCapacity"}, func(c types.DBCluster, _ Resource) any {
		return through(c.ServerlessV2ScalingConfiguration, func(s *types.ServerlessV2ScalingConfigurationInfo) any { return s.MaxCapacity })
	}},
	{tagsAttribute("TagList"), func(c types.DBCluster, _ Resource) any { return rdsTagMap(c.TagList) }},
}

func clusters(ctx context.Context, client *awsapi.RDS, caller *Caller, name *string) ([]types.DBCluster, error) {
	input := &rds.DescribeDBClustersInput{DBClusterIdentifier: name, MaxRecords: aws.Int32(rdsPage)}
	return pages(ctx, caller, client.DescribeDBClusters, input, func(page *rds.DescribeDBClustersOutput) ([]types.DBCluster, bool) {
		input.Marker = page.Marker
		return page.DBClusters, aws.ToString(page.Marker) != ""
	})
}

// liveSubnetGroup is a subnet group with its tags, which have a call of their own; nil where that call failed.
type liveSubnetGroup struct {
	types.DBSubnetGroup
	tags map[string]string
}

var subnetGroupTable = []field[liveSubnetGroup]{
	{Attribute{Path: "subnet_ids", API: "Subnets.SubnetIdentifier", Kind: Set}, func(g liveSubnetGroup, _ Resource) any {
		return eachText(g.Subnets, func(s types.Subnet) *string { return s.SubnetIdentifier })
	}},
	{Attribute{Path: "description", API: "DBSubnetGroupDescription"}, func(g liveSubnetGroup, _ Resource) any { return g.DBSubnetGroupDescription }},
	{tagsAttribute("ListTagsForResource.TagList"), func(g liveSubnetGroup, _ Resource) any {
		if g.tags == nil {
			return unread
		}
		return g.tags
	}},
}

func subnetGroups(ctx context.Context, client *awsapi.RDS, caller *Caller, name *string) ([]liveSubnetGroup, error) {
	input := &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: name, MaxRecords: aws.Int32(rdsPage)}
	return pages(ctx, caller, client.DescribeDBSubnetGroups, input, func(page *rds.DescribeDBSubnetGroupsOutput) ([]liveSubnetGroup, bool) {
		input.Marker = page.Marker
		return wrapped(page.DBSubnetGroups, func(g types.DBSubnetGroup) liveSubnetGroup { return liveSubnetGroup{DBSubnetGroup: g} }), aws.ToString(page.Marker) != ""
	})
}

// liveParameters are the parameters of a group that a user has set, and its tags; nil where that call failed.
type liveParameters struct {
	parameters []types.Parameter
	tags       map[string]string
}

var parameterBlocks = Blocks{Key: []string{"name"}, Fields: []string{"value"}}

// A group's family and description cannot be changed. When a parameter is applied is not compared: RDS says for many what is
// possible, not what was asked for.
var parametersTable = []field[liveParameters]{
	{
		Attribute{Path: "parameter", API: "Parameters", Kind: Map, Blocks: &parameterBlocks, Expect: func(resource Resource) (any, bool) {
			return withPairs(resource, "parameter", func(block map[string]any) { block["name"] = strings.ToLower(scalar(block["name"])) })
		}},
		func(p liveParameters, _ Resource) any {
			blocks := make([]map[string]any, 0, len(p.parameters))
			for _, parameter := range p.parameters {
				if parameter.ParameterValue != nil {
					blocks = append(blocks, map[string]any{"name": strings.ToLower(aws.ToString(parameter.ParameterName)), "value": parameter.ParameterValue})
				}
			}
			return blocks
		},
	},
	{tagsAttribute("ListTagsForResource.TagList"), func(p liveParameters, _ Resource) any {
		if p.tags == nil {
			return unread
		}
		return p.tags
	}},
}

func parameterGroupOf(ctx context.Context, client *awsapi.RDS, caller *Caller, resource Resource) (group liveParameters, partial, err error) {
	input := &rds.DescribeDBParametersInput{DBParameterGroupName: aws.String(resource.ID), Source: aws.String("user"), MaxRecords: aws.Int32(rdsPage)}
	group.parameters, err = pages(ctx, caller, client.DescribeDBParameters, input, func(page *rds.DescribeDBParametersOutput) ([]types.Parameter, bool) {
		input.Marker = page.Marker
		return page.Parameters, aws.ToString(page.Marker) != ""
	})
	return groupTags(ctx, client, caller, resource, group, err)
}

func clusterParameterGroupOf(ctx context.Context, client *awsapi.RDS, caller *Caller, resource Resource) (group liveParameters, partial, err error) {
	input := &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: aws.String(resource.ID), Source: aws.String("user"), MaxRecords: aws.Int32(rdsPage)}
	group.parameters, err = pages(ctx, caller, client.DescribeDBClusterParameters, input, func(page *rds.DescribeDBClusterParametersOutput) ([]types.Parameter, bool) {
		input.Marker = page.Marker
		return page.Parameters, aws.ToString(page.Marker) != ""
	})
	return groupTags(ctx, client, caller, resource, group, err)
}

func groupTags(ctx context.Context, client *awsapi.RDS, caller *Caller, resource Resource, group liveParameters, err error) (liveParameters, error, error) {
	if err != nil {
		return group, nil, err
	}
	arn := resource.Text("arn")
	if arn == "" {
		return group, errors.New("the state holds no ARN, which tags are asked for by"), nil
	}
	tags, partial := rdsTags(ctx, client, caller, aws.String(arn))
	group.tags = tags
	return group, partial, nil
}

func parameterGroups(ctx context.Context, client *awsapi.RDS, caller *Caller) ([]Thing, error) {
	input := &rds.DescribeDBParameterGroupsInput{MaxRecords: aws.Int32(rdsPage)}
	return pages(ctx, caller, client.DescribeDBParameterGroups, input, func(page *rds.DescribeDBParameterGroupsOutput) ([]Thing, bool) {
		input.Marker = page.Marker
		return wrapped(page.DBParameterGroups, func(g types.DBParameterGroup) Thing {
			return parametersThing(g.DBParameterGroupName, g.DBParameterGroupArn)
		}), aws.ToString(page.Marker) != ""
	})
}

func clusterParameterGroups(ctx context.Context, client *awsapi.RDS, caller *Caller) ([]Thing, error) {
	input := &rds.DescribeDBClusterParameterGroupsInput{MaxRecords: aws.Int32(rdsPage)}
	return pages(ctx, caller, client.DescribeDBClusterParameterGroups, input, func(page *rds.DescribeDBClusterParameterGroupsOutput) ([]Thing, bool) {
		input.Marker = page.Marker
		return wrapped(page.DBClusterParameterGroups, func(g types.DBClusterParameterGroup) Thing {
			return parametersThing(g.DBClusterParameterGroupName, g.DBClusterParameterGroupArn)
		}), aws.ToString(page.Marker) != ""
	})
}

// parametersThing: a group whose name begins with "default." is RDS's own, and cannot be changed.
func parametersThing(name, arn *string) Thing {
	thing := Thing{ID: aws.ToString(name), Name: aws.ToString(name), Aliases: []string{aws.ToString(arn)}}
	if strings.HasPrefix(thing.ID, "default.") {
		thing.Excluded = excludedDefaultParameters
	}
	return thing
}
