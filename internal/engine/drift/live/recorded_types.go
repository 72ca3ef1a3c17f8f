package live

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// recordedKinds are the types that are compared with what AWS Config recorded. Which properties it records of each is in
// https://github.com/awslabs/aws-config-resource-schema/tree/master/config/properties/resource-types; what tells names are of the table's
// paths those that these properties tell. A path that is new in a table is lacking until it is named here.
var recordedKinds = slices.Concat([]recordedKind{
	{
		Spec: Spec{Type: "aws_security_group"}, resource: "AWS::EC2::SecurityGroup", field: "resourceId", id: idOf,
		take: takeTable(groupTable, []string{"ingress", "egress", "tags"}, recordedGroup),
	},
	{
		Spec: Spec{Type: "aws_vpc"}, resource: "AWS::EC2::VPC", field: "resourceId", id: idOf,
		take: takeTable(vpcTable, []string{"instance_tenancy", "ipv6_cidr_block", "tags"}, func(item recordedItem) (vpc liveVPC, err error) {
			err = decodeRecorded(item.Configuration, &vpc.Vpc, "instanceTenancy", "ipv6CidrBlockAssociationSet")
			vpc.Tags = recordedEC2Tags(item)
			return vpc, err
		}),
	},
	{
		Spec: Spec{Type: "aws_subnet"}, resource: "AWS::EC2::Subnet", field: "resourceId", id: idOf,
		take: takeTable(subnetTable, []string{"map_public_ip_on_launch", "assign_ipv6_address_on_creation", "ipv6_cidr_block", "tags"}, func(item recordedItem) (subnet ec2types.Subnet, err error) {
			err = decodeRecorded(item.Configuration, &subnet, "mapPublicIpOnLaunch", "assignIpv6AddressOnCreation", "ipv6CidrBlockAssociationSet")
			subnet.Tags = recordedEC2Tags(item)
			return subnet, err
		}),
	},
	{
		Spec: Spec{Type: "aws_internet_gateway"}, resource: "AWS::EC2::InternetGateway", field: "resourceId", id: idOf,
		take: takeTable(internetGatewayTable, []string{"vpc_id", "tags"}, func(item recordedItem) (gateway ec2types.InternetGateway, err error) {
			err = decodeRecorded(item.Configuration, &gateway, "attachments")
			gateway.Tags = recordedEC2Tags(item)
			return gateway, err
		}),
	},
	{
		Spec: Spec{Type: "aws_ebs_volume"}, resource: "AWS::EC2::Volume", field: "resourceId", id: idOf,
		take: takeTable(volumeTable, []string{"size", "type", "iops", "tags"}, func(item recordedItem) (volume ec2types.Volume, err error) {
			err = decodeRecorded(item.Configuration, &volume, "size", "volumeType", "iops")
			volume.Tags = recordedEC2Tags(item)
			return volume, err
		}),
	},
	{
		Spec: Spec{Type: "aws_iam_role", Context: []string{"unique_id"}}, resource: "AWS::IAM::Role", field: "resourceName",
		id:   func(resource Resource) string { return resource.Text("unique_id") },
		take: takeTable(roleTable, []string{"permissions_boundary", "tags"}, recordedRole),
	},
	{
		Spec: Spec{Type: "aws_iam_role_policy_attachment"}, resource: "AWS::IAM::Role", field: "resourceName",
		key:  func(resource Resource) string { return resource.Text("role") },
		take: takeAttachment,
	},
	{
		Spec: Spec{Type: "aws_db_instance", Context: []string{"resource_id"}}, resource: "AWS::RDS::DBInstance", field: "resourceId", key: databaseID, id: databaseID,
		take: takeTable(instanceTable, []string{
			"identifier", "instance_class", "engine_version", "allocated_storage", "storage_type", "iops", "multi_az", "publicly_accessible", "iam_database_authentication_enabled",
			"vpc_security_group_ids", "db_subnet_group_name", "port", "parameter_group_name", "option_group_name", "ca_cert_identifier", "license_model", "auto_minor_version_upgrade",
			"performance_insights_enabled", "monitoring_interval", "backup_retention_period", "backup_window", "maintenance_window", "copy_tags_to_snapshot", "enabled_cloudwatch_logs_exports", "tags",
		}, recordedInstance),
	},
}, recordedServices, recordedBuckets)

func idOf(resource Resource) string { return resource.ID }

func recordedEC2Tags(item recordedItem) []ec2types.Tag {
	tags := make([]ec2types.Tag, 0, len(item.Tags))
	for _, tag := range item.Tags {
		tags = append(tags, ec2types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	return tags
}

// recordedGroup: what the API calls ipRanges is ipv4Ranges in AWS Config, whose ipRanges are bare texts.
func recordedGroup(item recordedItem) (group ec2types.SecurityGroup, err error) {
	take := func(name string) (permissions []ec2types.IpPermission, err error) {
		var list []map[string]json.RawMessage
		if text := item.Configuration[name]; text != nil {
			if err := json.Unmarshal(text, &list); err != nil {
				return nil, err
			}
		}
		for _, entry := range list {
			var permission ec2types.IpPermission
			if err := decodeRecorded(entry, &permission, "fromPort", "toPort", "ipProtocol", "ipv6Ranges", "prefixListIds", "userIdGroupPairs"); err != nil {
				return nil, err
			}
			if ranges := entry["ipv4Ranges"]; ranges != nil {
				if err := json.Unmarshal(ranges, &permission.IpRanges); err != nil {
					return nil, err
				}
			}
			permissions = append(permissions, permission)
		}
		return permissions, nil
	}
	if group.IpPermissions, err = take("ipPermissions"); err == nil {
		group.IpPermissionsEgress, err = take("ipPermissionsEgress")
	}
	group.Tags = recordedEC2Tags(item)
	return group, err
}

func recordedRole(item recordedItem) (role liveRole, err error) {
	err = decodeRecorded(item.Configuration, &role.RoleDetail, "permissionsBoundary")
	for _, tag := range item.Tags {
		role.Tags = append(role.Tags, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	return role, err
}

// takeAttachment: what is attached to a role is a part of the role's item.
func takeAttachment(item recordedItem, resource Resource) (recordedValues, error) {
	var role types.RoleDetail
	if err := decodeRecorded(item.Configuration, &role, "attachedManagedPolicies"); err != nil {
		return recordedValues{}, err
	}
	wanted := resource.Text("policy_arn")
	for _, policy := range role.AttachedManagedPolicies {
		if aws.ToString(policy.PolicyArn) == wanted {
			return recordedValues{attributes: Attributes{"policy_arn": wanted}}, nil
		}
	}
	return recordedValues{gone: true}, nil
}

// databaseID is the id that a database keeps when it is renamed.
func databaseID(resource Resource) string {
	if id := resource.Text("resource_id"); id != "" {
		return id
	}
	return resource.ID
}

func recordedInstance(item recordedItem) (instance rdstypes.DBInstance, err error) {
	err = decodeRecorded(item.Configuration, &instance, "dBInstanceIdentifier", "dBInstanceClass", "engineVersion", "allocatedStorage", "storageType", "iops", "multiAZ",
		"publiclyAccessible", "iAMDatabaseAuthenticationEnabled", "vpcSecurityGroups", "dBSubnetGroup", "endpoint", "dBParameterGroups", "optionGroupMemberships",
		"cACertificateIdentifier", "licenseModel", "autoMinorVersionUpgrade", "performanceInsightsEnabled", "monitoringInterval", "backupRetentionPeriod",
		"preferredBackupWindow", "preferredMaintenanceWindow", "copyTagsToSnapshot", "enabledCloudwatchLogsExports", "pendingModifiedValues")
	for _, tag := range item.Tags {
		instance.TagList = append(instance.TagList, rdstypes.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	return instance, err
}
