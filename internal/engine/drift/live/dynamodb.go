package live

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newDynamoDB reads tables.
func newDynamoDB(clients *awsapi.Clients) Reader {
	return service{
		single[liveTable, *awsapi.DynamoDB]{client: clients.DynamoDB, get: tableOf, names: tableNames, table: tableTable}.
			kind(Spec{Type: "aws_dynamodb_table", Doc: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html"}),
	}
}

// liveTable is a table with what has calls of its own; nil where a call failed.
type liveTable struct {
	types.TableDescription
	ttl      *types.TimeToLiveDescription
	recovery *types.PointInTimeRecoveryDescription
	tags     map[string]string
}

var (
	tableIndexes = Blocks{
		Key: []string{"name"}, Fields: []string{"hash_key", "range_key", "projection_type", "non_key_attributes", "read_capacity", "write_capacity"},
		Canon: zeroIsAbsent,
	}
	tableAttributes = Blocks{Key: []string{"name"}, Fields: []string{"type"}}
)

// zeroIsAbsent is the Canon of blocks whose numbers are 0 in a state where nobody set them.
func zeroIsAbsent(_, value string) string {
	if value == "0" {
		return ""
	}
	return value
}

// The keys of a table cannot be changed. An index that is being made or deleted counts as what it is about to be.
var tableTable = []field[liveTable]{
	{Attribute{Path: "billing_mode", API: "BillingModeSummary.BillingMode", Default: "PROVISIONED"}, func(t liveTable, _ Resource) any {
		return through(t.BillingModeSummary, func(b *types.BillingModeSummary) any { return string(b.BillingMode) })
	}},
	{Attribute{Path: "read_capacity", API: "ProvisionedThroughput.ReadCapacityUnits", Default: 0}, func(t liveTable, _ Resource) any {
		return through(t.ProvisionedThroughput, func(p *types.ProvisionedThroughputDescription) any { return p.ReadCapacityUnits })
	}},
	{Attribute{Path: "write_capacity", API: "ProvisionedThroughput.WriteCapacityUnits", Default: 0}, func(t liveTable, _ Resource) any {
		return through(t.ProvisionedThroughput, func(p *types.ProvisionedThroughputDescription) any { return p.WriteCapacityUnits })
	}},
	{Attribute{Path: "deletion_protection_enabled", API: "DeletionProtectionEnabled", Default: false}, func(t liveTable, _ Resource) any { return t.DeletionProtectionEnabled }},
	{Attribute{Path: "stream_enabled", API: "StreamSpecification.StreamEnabled", Default: false}, func(t liveTable, _ Resource) any {
		return through(t.StreamSpecification, func(s *types.StreamSpecification) any { return s.StreamEnabled })
	}},
	{Attribute{Path: "stream_view_type", API: "StreamSpecification.StreamViewType"}, func(t liveTable, r Resource) any {
		if r.Text("stream_enabled") != "true" && t.StreamSpecification == nil {
			return unread // what it last was, or would be, means nothing without a stream
		}
		return through(t.StreamSpecification, func(s *types.StreamSpecification) any { return string(s.StreamViewType) })
	}},
	{Attribute{Path: "table_class", API: "TableClassSummary.TableClass", Default: "STANDARD"}, func(t liveTable, _ Resource) any {
		return through(t.TableClassSummary, func(c *types.TableClassSummary) any { return string(c.TableClass) })
	}},
	{Attribute{Path: "server_side_encryption.0.enabled", API: "SSEDescription.Status", Default: false}, func(t liveTable, _ Resource) any {
		return through(t.SSEDescription, func(d *types.SSEDescription) any {
			return d.Status == types.SSEStatusEnabled || d.Status == types.SSEStatusEnabling || d.Status == types.SSEStatusUpdating
		})
	}},
	{Attribute{Path: "server_side_encryption.0.kms_key_arn", API: "SSEDescription.KMSMasterKeyArn", IfSet: true}, func(t liveTable, _ Resource) any {
		return through(t.SSEDescription, func(d *types.SSEDescription) any { return d.KMSMasterKeyArn })
	}},
	{Attribute{Path: "point_in_time_recovery.0.enabled", API: "PointInTimeRecoveryDescription.PointInTimeRecoveryStatus", Default: false}, func(t liveTable, _ Resource) any {
		if t.recovery == nil {
			return unread
		}
		return t.recovery.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled
	}},
	{Attribute{Path: "ttl.0.enabled", API: "TimeToLiveDescription.TimeToLiveStatus", Default: false}, func(t liveTable, _ Resource) any {
		if t.ttl == nil {
			return unread
		}
		return t.ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabled || t.ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabling
	}},
	{Attribute{Path: "ttl.0.attribute_name", API: "TimeToLiveDescription.AttributeName"}, func(t liveTable, _ Resource) any {
		if t.ttl == nil || t.ttl.AttributeName == nil { // without TTL the name means nothing
			return unread
		}
		return t.ttl.AttributeName
	}},
	{Attribute{Path: "attribute", API: "AttributeDefinitions", Kind: Map, Blocks: &tableAttributes}, func(t liveTable, _ Resource) any {
		blocks := make([]map[string]any, 0, len(t.AttributeDefinitions))
		for _, attribute := range t.AttributeDefinitions {
			blocks = append(blocks, map[string]any{"name": attribute.AttributeName, "type": string(attribute.AttributeType)})
		}
		return blocks
	}},
	{Attribute{Path: "global_secondary_index", API: "GlobalSecondaryIndexes", Kind: Map, Blocks: &tableIndexes}, globalIndexes},
	{tagsAttribute("ListTagsOfResource.Tags"), func(t liveTable, _ Resource) any {
		if t.tags == nil {
			return unread
		}
		return t.tags
	}},
}

func globalIndexes(t liveTable, _ Resource) any {
	blocks := make([]map[string]any, 0, len(t.GlobalSecondaryIndexes))
	for _, index := range t.GlobalSecondaryIndexes {
		if index.IndexStatus == types.IndexStatusDeleting {
			continue
		}
		block := map[string]any{"name": index.IndexName}
		for _, key := range index.KeySchema {
			if key.KeyType == types.KeyTypeHash {
				block["hash_key"] = key.AttributeName
			} else {
				block["range_key"] = key.AttributeName
			}
		}
		if projection := index.Projection; projection != nil {
			block["projection_type"], block["non_key_attributes"] = string(projection.ProjectionType), projection.NonKeyAttributes
		}
		if throughput := index.ProvisionedThroughput; throughput != nil {
			block["read_capacity"], block["write_capacity"] = throughput.ReadCapacityUnits, throughput.WriteCapacityUnits
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// tableOf reads a table, its expiry, its backups and its tags: four calls, since no listing tells more than names.
func tableOf(ctx context.Context, client *awsapi.DynamoDB, caller *Caller, resource Resource) (table liveTable, partial, err error) {
	name := aws.String(resource.ID)
	described, err := call(ctx, caller, client.DescribeTable, &dynamodb.DescribeTableInput{TableName: name})
	switch {
	case err != nil:
		return table, nil, err
	case described.Table == nil:
		return table, nil, errNoAnswer
	}
	table.TableDescription = *described.Table
	ttl, err := call(ctx, caller, client.DescribeTimeToLive, &dynamodb.DescribeTimeToLiveInput{TableName: name})
	if err == nil {
		table.ttl = ttl.TimeToLiveDescription
	}
	backups, backupsErr := call(ctx, caller, client.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: name})
	if backupsErr == nil && backups.ContinuousBackupsDescription != nil {
		table.recovery = backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	}
	input := &dynamodb.ListTagsOfResourceInput{ResourceArn: table.TableArn}
	tags, tagsErr := pages(ctx, caller, client.ListTagsOfResource, input, func(page *dynamodb.ListTagsOfResourceOutput) ([]types.Tag, bool) {
		input.NextToken = page.NextToken
		return page.Tags, aws.ToString(page.NextToken) != ""
	})
	if tagsErr == nil {
		table.tags = tagMap(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	return table, errors.Join(err, backupsErr, tagsErr), nil
}

func tableNames(ctx context.Context, client *awsapi.DynamoDB, caller *Caller) ([]Thing, error) {
	input := &dynamodb.ListTablesInput{Limit: aws.Int32(100)}
	return pages(ctx, caller, client.ListTables, input, func(page *dynamodb.ListTablesOutput) ([]Thing, bool) {
		input.ExclusiveStartTableName = page.LastEvaluatedTableName
		return thingsNamed(page.TableNames), page.LastEvaluatedTableName != nil
	})
}

// thingsNamed are things of which only the name, which is the id, is known.
func thingsNamed(names []string) []Thing {
	things := make([]Thing, 0, len(names))
	for _, name := range names {
		things = append(things, Thing{ID: name, Name: name})
	}
	return things
}
