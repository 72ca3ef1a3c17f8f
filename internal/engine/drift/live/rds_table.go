package live

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// The engine, master user and encryption of an instance cannot be changed. The Availability Zone, endpoint, status,
// replicas and latest_restorable_time change by themselves. A change that is pending
// (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PendingModifiedValues.html) counts as done where the
// state already holds it, and as not yet there where the state does not.
var instanceTable = []field[types.DBInstance]{
	{Attribute{Path: "identifier", API: "DBInstanceIdentifier", Fold: true}, func(i types.DBInstance, r Resource) any {
		return settled(r, "identifier", i.DBInstanceIdentifier, pending(i).DBInstanceIdentifier)
	}},
	{Attribute{Path: "instance_class", API: "DBInstanceClass"}, func(i types.DBInstance, r Resource) any {
		return settled(r, "instance_class", i.DBInstanceClass, pending(i).DBInstanceClass)
	}},
	{Attribute{Path: "engine_version", API: "EngineVersion"}, engineVersion},
	{Attribute{Path: "allocated_storage", API: "AllocatedStorage"}, allocatedStorage},
	{Attribute{Path: "max_allocated_storage", API: "MaxAllocatedStorage", Default: 0}, func(i types.DBInstance, _ Resource) any { return i.MaxAllocatedStorage }},
	{Attribute{Path: "storage_type", API: "StorageType"}, func(i types.DBInstance, r Resource) any {
		return settled(r, "storage_type", i.StorageType, pending(i).StorageType)
	}},
	{Attribute{Path: "iops", API: "Iops", Default: 0}, func(i types.DBInstance, r Resource) any { return settled(r, "iops", i.Iops, pending(i).Iops) }},
	{Attribute{Path: "storage_throughput", API: "StorageThroughput", Default: 0}, func(i types.DBInstance, r Resource) any {
		return settled(r, "storage_throughput", i.StorageThroughput, pending(i).StorageThroughput)
	}},
	{Attribute{Path: "multi_az", API: "MultiAZ", Default: false}, func(i types.DBInstance, r Resource) any { return settled(r, "multi_az", i.MultiAZ, pending(i).MultiAZ) }},
	{Attribute{Path: "publicly_accessible", API: "PubliclyAccessible", Default: false}, func(i types.DBInstance, _ Resource) any { return i.PubliclyAccessible }},
	{Attribute{Path: "deletion_protection", API: "DeletionProtection", Default: false}, func(i types.DBInstance, _ Resource) any { return i.DeletionProtection }},
	{Attribute{Path: "iam_database_authentication_enabled", API: "IAMDatabaseAuthenticationEnabled", Default: false}, func(i types.DBInstance, r Resource) any {
		return settled(r, "iam_database_authentication_enabled", i.IAMDatabaseAuthenticationEnabled, pending(i).IAMDatabaseAuthenticationEnabled)
	}},
	{Attribute{Path: "vpc_security_group_ids", API: "VpcSecurityGroups", Kind: Set}, instanceGroups},
	{Attribute{Path: "db_subnet_group_name", API: "DBSubnetGroup.DBSubnetGroupName"}, instanceSubnetGroup},
	{Attribute{Path: "port", API: "Endpoint.Port"}, instancePort},
	{Attribute{Path: "parameter_group_name", API: "DBParameterGroups.DBParameterGroupName"}, instanceParameterGroup},
	{Attribute{Path: "option_group_name", API: "OptionGroupMemberships.OptionGroupName"}, instanceOptionGroup},
	{Attribute{Path: "ca_cert_identifier", API: "CACertificateIdentifier"}, func(i types.DBInstance, r Resource) any {
		return settled(r, "ca_cert_identifier", i.CACertificateIdentifier, pending(i).CACertificateIdentifier)
	}},
	{Attribute{Path: "license_model", API: "LicenseModel"}, func(i types.DBInstance, r Resource) any {
		return settled(r, "license_model", i.LicenseModel, pending(i).LicenseModel)
	}},
	{Attribute{Path: "auto_minor_version_upgrade", API: "AutoMinorVersionUpgrade"}, func(i types.DBInstance, _ Resource) any { return optional(i.AutoMinorVersionUpgrade) }},
	{Attribute{Path: "performance_insights_enabled", API: "PerformanceInsightsEnabled", Default: false}, func(i types.DBInstance, _ Resource) any { return i.PerformanceInsightsEnabled }},
	{Attribute{Path: "monitoring_interval", API: "MonitoringInterval", Default: 0}, func(i types.DBInstance, _ Resource) any { return i.MonitoringInterval }},
	{Attribute{Path: "backup_retention_period", API: "BackupRetentionPeriod", Default: 0}, func(i types.DBInstance, r Resource) any {
		return settled(r, "backup_retention_period", i.BackupRetentionPeriod, pending(i).BackupRetentionPeriod)
	}},
	{Attribute{Path: "backup_window", API: "PreferredBackupWindow", Fold: true}, func(i types.DBInstance, _ Resource) any { return i.PreferredBackupWindow }},
	{Attribute{Path: "maintenance_window", API: "PreferredMaintenanceWindow", Fold: true}, func(i types.DBInstance, _ Resource) any { return i.PreferredMaintenanceWindow }},
	{Attribute{Path: "copy_tags_to_snapshot", API: "CopyTagsToSnapshot", Default: false}, func(i types.DBInstance, _ Resource) any { return i.CopyTagsToSnapshot }},
	{Attribute{Path: "enabled_cloudwatch_logs_exports", API: "EnabledCloudwatchLogsExports", Kind: Set}, instanceLogs},
	{tagsAttribute("TagList"), func(i types.DBInstance, _ Resource) any {
		return tagMap(i.TagList, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}},
}

func pending(i types.DBInstance) types.PendingModifiedValues {
	if i.PendingModifiedValues == nil {
		return types.PendingModifiedValues{}
	}
	return *i.PendingModifiedValues
}

// settled returns the pending value where it is the one in the state, else the live one.
func settled(r Resource, attribute string, now, pending any) any {
	if waiting := scalar(pending); waiting != "" && waiting == r.Text(attribute) {
		return waiting
	}
	return now
}

// engineVersion: a state may hold a prefix ("16") of the version that runs ("16.3").
func engineVersion(i types.DBInstance, r Resource) any {
	state := r.Text("engine_version")
	for _, version := range []string{aws.ToString(i.EngineVersion), aws.ToString(pending(i).EngineVersion)} {
		if version != "" && state != "" && strings.HasPrefix(version+".", state+".") {
			return state
		}
	}
	return i.EngineVersion
}

// allocatedStorage: with storage autoscaling, RDS grows the volume up to max_allocated_storage by itself,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html.
func allocatedStorage(i types.DBInstance, r Resource) any {
	state, ceiling, now := number(r.Value("allocated_storage")), number(r.Value("max_allocated_storage")), int(aws.ToInt32(i.AllocatedStorage))
	if ceiling > 0 && state <= now && now <= ceiling {
		return strconv.Itoa(state)
	}
	return settled(r, "allocated_storage", i.AllocatedStorage, pending(i).AllocatedStorage)
}

func instanceGroups(i types.DBInstance, _ Resource) any {
	ids := make([]string, 0, len(i.VpcSecurityGroups))
	for _, group := range i.VpcSecurityGroups {
		if aws.ToString(group.Status) != "removing" {
			ids = append(ids, aws.ToString(group.VpcSecurityGroupId))
		}
	}
	return ids
}

func instanceSubnetGroup(i types.DBInstance, r Resource) any {
	if i.DBSubnetGroup == nil {
		return nil
	}
	return settled(r, "db_subnet_group_name", i.DBSubnetGroup.DBSubnetGroupName, pending(i).DBSubnetGroupName)
}

func instancePort(i types.DBInstance, r Resource) any {
	if i.Endpoint == nil || i.Endpoint.Port == nil {
		return unread // being created or stopped
	}
	return settled(r, "port", i.Endpoint.Port, pending(i).Port)
}

func instanceParameterGroup(i types.DBInstance, _ Resource) any {
	if len(i.DBParameterGroups) == 0 {
		return unread
	}
	return i.DBParameterGroups[0].DBParameterGroupName
}

// instanceOptionGroup: while a change is under way there are two memberships, one of them pending.
func instanceOptionGroup(i types.DBInstance, r Resource) any {
	if len(i.OptionGroupMemberships) == 0 {
		return unread
	}
	for _, membership := range i.OptionGroupMemberships {
		if name := aws.ToString(membership.OptionGroupName); name == r.Text("option_group_name") {
			return name
		}
	}
	return i.OptionGroupMemberships[0].OptionGroupName
}

// instanceLogs: a change that is pending does not count either way.
func instanceLogs(i types.DBInstance, _ Resource) any {
	if pending(i).PendingCloudwatchLogsExports != nil {
		return unread
	}
	return i.EnabledCloudwatchLogsExports
}
