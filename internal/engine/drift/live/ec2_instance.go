package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newInstances reads instances and volumes.
func newInstances(clients *awsapi.Clients) Reader {
	return service{
		ec2Described[liveInstance]{
			filter: "instance-id", page: instancePage, outcome: ec2InstanceOutcome, table: ec2InstanceTable,
			id: func(i liveInstance) *string { return i.InstanceId },
			thing: func(i liveInstance) Thing {
				thing := ec2Thing(i.InstanceId, i.Tags)
				thing.Attributes = map[string]any{"instance_type": string(i.InstanceType)}
				if _, ok := awsTag(i.Tags, "aws:autoscaling:groupName"); ok {
					thing.Excluded = excludedAutoscaled
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_instance", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html", Context: []string{"root_block_device", "availability_zone", "tenancy"}}),
		ec2Described[types.Volume]{
			filter: "volume-id", page: volumePage, table: volumeTable, id: func(v types.Volume) *string { return v.VolumeId },
			thing: func(v types.Volume) Thing {
				thing := ec2Thing(v.VolumeId, v.Tags)
				thing.Attributes = map[string]any{"type": string(v.VolumeType), "size": scalar(v.Size), "iops": scalar(v.Iops), "throughput": scalar(v.Throughput)}
				for _, attachment := range v.Attachments {
					if aws.ToBool(attachment.DeleteOnTermination) {
						thing.Excluded = excludedInstanceVolume
					}
				}
				return thing
			},
		}.kind(clients, Spec{Type: "aws_ebs_volume", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html"}),
	}
}

// awsTag is the value of a tag that AWS itself set.
func awsTag(tags []types.Tag, key string) (value string, ok bool) {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == key {
			return aws.ToString(tag.Value), true
		}
	}
	return "", false
}

// liveInstance is an instance with what has calls of its own; nil where it was not asked for, or failed.
type liveInstance struct {
	types.Instance
	root       *types.Volume
	protection *bool
}

// The image, network, key and user data of an instance cannot be changed while it lives. What it costs and how it is
// reached can.
var ec2InstanceTable = []field[liveInstance]{
	{Attribute{Path: "instance_type", API: "InstanceType"}, func(i liveInstance, _ Resource) any { return string(i.InstanceType) }},
	{Attribute{Path: "vpc_security_group_ids", API: "SecurityGroups.GroupId", Kind: Set}, func(i liveInstance, _ Resource) any {
		return eachText(i.SecurityGroups, func(g types.GroupIdentifier) *string { return g.GroupId })
	}},
	{Attribute{Path: "iam_instance_profile", API: "IamInstanceProfile.Arn"}, func(i liveInstance, _ Resource) any {
		if i.IamInstanceProfile == nil {
			return nil
		}
		profile := aws.ToString(i.IamInstanceProfile.Arn)
		return profile[strings.LastIndexByte(profile, '/')+1:]
	}},
	{Attribute{Path: "monitoring", API: "Monitoring.State", Default: false}, func(i liveInstance, _ Resource) any {
		return i.Monitoring != nil && (i.Monitoring.State == types.MonitoringStateEnabled || i.Monitoring.State == types.MonitoringStatePending)
	}},
	{Attribute{Path: "ebs_optimized", API: "EbsOptimized", Default: false}, func(i liveInstance, _ Resource) any { return i.EbsOptimized }},
	{Attribute{Path: "source_dest_check", API: "SourceDestCheck"}, func(i liveInstance, _ Resource) any { return optional(i.SourceDestCheck) }},
	{Attribute{Path: "disable_api_termination", API: "DescribeInstanceAttribute.DisableApiTermination", Default: false}, func(i liveInstance, _ Resource) any { return optional(i.protection) }},
	{Attribute{Path: "metadata_options.0.http_endpoint", API: "MetadataOptions.HttpEndpoint", IfSet: true}, instanceMetadata(func(m *types.InstanceMetadataOptionsResponse) any { return string(m.HttpEndpoint) })},
	{Attribute{Path: "metadata_options.0.http_tokens", API: "MetadataOptions.HttpTokens", IfSet: true}, instanceMetadata(func(m *types.InstanceMetadataOptionsResponse) any { return string(m.HttpTokens) })},
	{
		Attribute{Path: "metadata_options.0.http_put_response_hop_limit", API: "MetadataOptions.HttpPutResponseHopLimit", IfSet: true},
		instanceMetadata(func(m *types.InstanceMetadataOptionsResponse) any { return m.HttpPutResponseHopLimit }),
	},
	{
		Attribute{Path: "metadata_options.0.instance_metadata_tags", API: "MetadataOptions.InstanceMetadataTags", IfSet: true},
		instanceMetadata(func(m *types.InstanceMetadataOptionsResponse) any { return string(m.InstanceMetadataTags) }),
	},
	{Attribute{Path: "root_block_device.0.volume_size", API: "Volume.Size", IfSet: true}, rootVolume(func(v *types.Volume) any { return v.Size })},
	{Attribute{Path: "root_block_device.0.volume_type", API: "Volume.VolumeType", IfSet: true}, rootVolume(func(v *types.Volume) any { return string(v.VolumeType) })},
	{Attribute{Path: "root_block_device.0.iops", API: "Volume.Iops", Default: 0}, rootVolume(func(v *types.Volume) any { return v.Iops })},
	{Attribute{Path: "root_block_device.0.throughput", API: "Volume.Throughput", Default: 0}, rootVolume(func(v *types.Volume) any { return v.Throughput })},
	{tagsAttribute("Tags"), func(i liveInstance, _ Resource) any { return ec2Tags(i.Tags) }},
}

func instanceMetadata(get func(*types.InstanceMetadataOptionsResponse) any) func(liveInstance, Resource) any {
	return func(i liveInstance, _ Resource) any {
		if i.MetadataOptions == nil {
			return unread
		}
		return get(i.MetadataOptions)
	}
}

func rootVolume(get func(*types.Volume) any) func(liveInstance, Resource) any {
	return func(i liveInstance, _ Resource) any {
		if i.root == nil {
			return unread
		}
		return get(i.root)
	}
}

// instancePage leaves out instances that are gone and still listed, "usually about an hour",
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html.
func instancePage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]liveInstance, *string, error) {
	page, err := call(ctx, caller, client.DescribeInstances, &ec2.DescribeInstancesInput{Filters: ask.filters, InstanceIds: ask.ids, NextToken: ask.token, MaxResults: ask.size})
	if err != nil {
		return nil, nil, err
	}
	var instances []liveInstance
	for _, reservation := range page.Reservations {
		for _, instance := range reservation.Instances {
			if instance.State == nil || (instance.State.Name != types.InstanceStateNameTerminated && instance.State.Name != types.InstanceStateNameShuttingDown) {
				instances = append(instances, liveInstance{Instance: instance})
			}
		}
	}
	return instances, page.NextToken, nil
}

// ec2InstanceOutcome reads what no listing of instances tells, where the state holds it: the root volume, and whether it is
// protected, which matters only where it should be.
func ec2InstanceOutcome(ctx context.Context, client *awsapi.EC2, caller *Caller, instance liveInstance, resource Resource) Outcome {
	var problem error
	if held, _ := resource.At("root_block_device.0.volume_id"); scalar(held) != "" && rootVolumeID(instance) != "" {
		volumes, _, err := volumePage(ctx, client, caller, ec2Ask{filters: []types.Filter{{Name: aws.String("volume-id"), Values: []string{rootVolumeID(instance)}}}})
		if err == nil {
			instance.root = only(volumes)
		}
		problem = err
	}
	if resource.Text("disable_api_termination") == "true" {
		answer, err := call(ctx, caller, client.DescribeInstanceAttribute, &ec2.DescribeInstanceAttributeInput{
			InstanceId: instance.InstanceId, Attribute: types.InstanceAttributeNameDisableApiTermination,
		})
		switch {
		case err != nil:
			problem = err
		case answer.DisableApiTermination != nil:
			instance.protection = answer.DisableApiTermination.Value
		}
	}
	outcome := found(ec2InstanceTable, instance, resource)
	if problem != nil {
		outcome.Reason, outcome.Err = "its root volume or its protection from termination could not be read", problem
	}
	return outcome
}

func rootVolumeID(instance liveInstance) string {
	for _, device := range instance.BlockDeviceMappings {
		if device.Ebs != nil && aws.ToString(device.DeviceName) == aws.ToString(instance.RootDeviceName) {
			return aws.ToString(device.Ebs.VolumeId)
		}
	}
	return ""
}

// The zone and the encryption of a volume cannot be changed.
var volumeTable = []field[types.Volume]{
	{Attribute{Path: "size", API: "Size"}, func(v types.Volume, _ Resource) any { return v.Size }},
	{Attribute{Path: "type", API: "VolumeType"}, func(v types.Volume, _ Resource) any { return string(v.VolumeType) }},
	{Attribute{Path: "iops", API: "Iops", Default: 0}, func(v types.Volume, _ Resource) any { return v.Iops }},
	{Attribute{Path: "throughput", API: "Throughput", Default: 0}, func(v types.Volume, _ Resource) any { return v.Throughput }},
	{Attribute{Path: "multi_attach_enabled", API: "MultiAttachEnabled", Default: false}, func(v types.Volume, _ Resource) any { return v.MultiAttachEnabled }},
	{tagsAttribute("Tags"), func(v types.Volume, _ Resource) any { return ec2Tags(v.Tags) }},
}

func volumePage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.Volume, *string, error) {
	page, err := call(ctx, caller, client.DescribeVolumes, &ec2.DescribeVolumesInput{Filters: ask.filters, VolumeIds: ask.ids, NextToken: ask.token, MaxResults: ask.size})
	if err != nil {
		return nil, nil, err
	}
	return page.Volumes, page.NextToken, nil
}
