package scenario

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

// computeHands are one update call a line, of the services that compute.
func (l *look) computeHands(state *drift.State) []hand {
	config := l.emulator.AWSConfig()
	network, groups := ec2.NewFromConfig(config), autoscaling.NewFromConfig(config)
	id := func(address string) *string { return l.id(state, address) }
	boolean := func(value bool) *ec2types.AttributeBooleanValue {
		return &ec2types.AttributeBooleanValue{Value: &value}
	}
	vpc := func(input ec2.ModifyVpcAttributeInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.VpcId = id("aws_vpc.main")
			return done(network.ModifyVpcAttribute(ctx, &input))
		}
	}
	instance := func(input ec2.ModifyInstanceAttributeInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.InstanceId = id("aws_instance.web")
			return done(network.ModifyInstanceAttribute(ctx, &input))
		}
	}
	group := func(input autoscaling.UpdateAutoScalingGroupInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.AutoScalingGroupName = aws.String("web")
			return done(groups.UpdateAutoScalingGroup(ctx, &input))
		}
	}
	endpoint := func(input ec2.ModifyVpcEndpointInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.VpcEndpointId = id("aws_vpc_endpoint.s3")
			return done(network.ModifyVpcEndpoint(ctx, &input))
		}
	}
	entry := func(egress bool, action ec2types.RuleAction, block, protocol string, ports *ec2types.PortRange) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(network.ReplaceNetworkAclEntry(ctx, &ec2.ReplaceNetworkAclEntryInput{
				NetworkAclId: id("aws_network_acl.inline"), RuleNumber: aws.Int32(100), Egress: &egress, RuleAction: action, CidrBlock: &block, Protocol: &protocol, PortRange: ports,
			}))
		}
	}
	https := []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(8443), ToPort: aws.Int32(8443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}
	everywhere := []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}
	open := func(address string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(network.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: id(address), IpPermissions: https}))
		}
	}
	shut := func(address string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(network.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: id(address), IpPermissions: https}))
		}
	}
	standalone := id("aws_security_group.standalone")
	return []hand{
		{"aws_vpc.main", "enable_dns_support", drift.Major, vpc(ec2.ModifyVpcAttributeInput{EnableDnsSupport: boolean(false)}), vpc(ec2.ModifyVpcAttributeInput{EnableDnsSupport: boolean(true)})},
		{"aws_vpc.main", "enable_dns_hostnames", drift.Major, vpc(ec2.ModifyVpcAttributeInput{EnableDnsHostnames: boolean(false)}), vpc(ec2.ModifyVpcAttributeInput{EnableDnsHostnames: boolean(true)})},
		{"aws_instance.web", "source_dest_check", drift.Critical, instance(ec2.ModifyInstanceAttributeInput{SourceDestCheck: boolean(false)}), instance(ec2.ModifyInstanceAttributeInput{SourceDestCheck: boolean(true)})},
		{"aws_instance.web", "vpc_security_group_ids", drift.Critical, instance(ec2.ModifyInstanceAttributeInput{Groups: []string{*standalone}}), instance(ec2.ModifyInstanceAttributeInput{Groups: []string{*id("aws_security_group.inline")}})},
		{"aws_ebs_volume.data", "size", drift.Major, func(ctx context.Context) error {
			return done(network.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: id("aws_ebs_volume.data"), Size: aws.Int32(20)}))
		}, nil},
		{"aws_launch_template.web", "latest_version", drift.Major, func(ctx context.Context) error {
			return done(network.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: id("aws_launch_template.web"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceTypeM5Large},
			}))
		}, nil},
		{"aws_autoscaling_group.web", "min_size", drift.Major, group(autoscaling.UpdateAutoScalingGroupInput{MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1)}), group(autoscaling.UpdateAutoScalingGroupInput{MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)})},
		{"aws_autoscaling_group.web", "health_check_grace_period", drift.Major, group(autoscaling.UpdateAutoScalingGroupInput{HealthCheckGracePeriod: aws.Int32(30)}), group(autoscaling.UpdateAutoScalingGroupInput{HealthCheckGracePeriod: aws.Int32(120)})},
		{"aws_autoscaling_group.web", "vpc_zone_identifier", drift.Critical, group(autoscaling.UpdateAutoScalingGroupInput{VPCZoneIdentifier: id("aws_subnet.a")}), group(autoscaling.UpdateAutoScalingGroupInput{VPCZoneIdentifier: aws.String(*id("aws_subnet.a") + "," + *id("aws_subnet.b"))})},
		{"aws_autoscaling_group.web", "suspended_processes", drift.Major, func(ctx context.Context) error {
			return done(groups.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"Launch"}}))
		}, func(ctx context.Context) error {
			return done(groups.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"Launch"}}))
		}},
		{"aws_vpc_endpoint.s3", "route_table_ids", drift.Critical, endpoint(ec2.ModifyVpcEndpointInput{AddRouteTableIds: []string{*id("aws_route_table.standalone")}}), endpoint(ec2.ModifyVpcEndpointInput{RemoveRouteTableIds: []string{*id("aws_route_table.standalone")}})},
		{"aws_network_acl.inline", "ingress.100", drift.Critical, entry(false, ec2types.RuleActionAllow, "0.0.0.0/0", "6", &ec2types.PortRange{From: aws.Int32(443), To: aws.Int32(443)}), entry(false, ec2types.RuleActionAllow, "10.0.0.0/8", "6", &ec2types.PortRange{From: aws.Int32(443), To: aws.Int32(443)})},
		{"aws_network_acl.inline", "egress.100", drift.Critical, entry(true, ec2types.RuleActionDeny, "0.0.0.0/0", "-1", nil), entry(true, ec2types.RuleActionAllow, "0.0.0.0/0", "-1", nil)},
		{"aws_security_group.inline", "ingress", drift.Critical, open("aws_security_group.inline"), shut("aws_security_group.inline")},
		{"aws_security_group.standalone", "ingress", drift.Critical, open("aws_security_group.standalone"), shut("aws_security_group.standalone")},
		{"aws_security_group.standalone", "egress", drift.Critical, func(ctx context.Context) error {
			return done(network.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: standalone, IpPermissions: everywhere}))
		}, func(ctx context.Context) error {
			return done(network.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: standalone, IpPermissions: everywhere}))
		}},
	}
}

// functionHands are one update call a line, of functions and tables.
func (l *look) functionHands() []hand {
	functions, tables := lambda.NewFromConfig(l.emulator.AWSConfig()), dynamodb.NewFromConfig(l.emulator.AWSConfig())
	type in = lambda.UpdateFunctionConfigurationInput
	var hands []hand
	update := func(input in) func(context.Context) error {
		return func(ctx context.Context) error {
			input.FunctionName = aws.String("drift-fn")
			return done(functions.UpdateFunctionConfiguration(ctx, &input))
		}
	}
	for _, c := range []struct {
		path        string
		category    drift.Category
		there, back in
	}{
		{"description", drift.Minor, in{Description: aws.String("by hand")}, in{Description: aws.String("")}},
		{"handler", drift.Major, in{Handler: aws.String("other.handler")}, in{Handler: aws.String("index.handler")}},
		{"runtime", drift.Major, in{Runtime: lambdatypes.RuntimePython311}, in{Runtime: lambdatypes.RuntimePython312}},
		{"memory_size", drift.Major, in{MemorySize: aws.Int32(512)}, in{MemorySize: aws.Int32(256)}},
		{"timeout", drift.Major, in{Timeout: aws.Int32(60)}, in{Timeout: aws.Int32(10)}},
		{"role", drift.Critical, in{Role: aws.String("arn:aws:iam::123456789012:role/other")}, in{Role: aws.String("arn:aws:iam::123456789012:role/drift-app")}},
		{"environment.variables", drift.Major, in{Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "test"}}}, in{Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod"}}}},
		{"environment.variables", drift.Major, in{Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod", "NEW": "1"}}}, in{Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod"}}}},
	} {
		hands = append(hands, hand{"aws_lambda_function.fn", c.path, c.category, update(c.there), update(c.back)})
	}
	orders := aws.String("orders")
	table := func(input dynamodb.UpdateTableInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.TableName = orders
			return done(tables.UpdateTable(ctx, &input))
		}
	}
	capacity := func(write int64) func(context.Context) error {
		return table(dynamodb.UpdateTableInput{ProvisionedThroughput: &dynamotypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: &write}})
	}
	recovery := func(on bool) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(tables.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
				TableName: aws.String("streamed"), PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &on},
			}))
		}
	}
	return append(hands,
		hand{"aws_dynamodb_table.orders", "write_capacity", drift.Major, capacity(50), capacity(5)},
		hand{"aws_dynamodb_table.orders", "deletion_protection_enabled", drift.Minor, table(dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(true)}), table(dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(false)})},
		hand{"aws_dynamodb_table.streamed", "point_in_time_recovery.enabled", drift.Minor, recovery(true), recovery(false)},
	)
}
