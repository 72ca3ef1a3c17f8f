package drift

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// notProven are the attributes that TestEachFieldOfTheAPI cannot show, with why.
var notProven = map[string]string{
	"aws_iam_role_policy_attachment.policy_arn": "another policy is another attachment: this one is gone then",

	"aws_vpc_security_group_egress_rule.ip_protocol":                  oneTable,
	"aws_vpc_security_group_egress_rule.from_port":                    oneTable,
	"aws_vpc_security_group_egress_rule.to_port":                      oneTable,
	"aws_vpc_security_group_egress_rule.cidr_ipv4":                    oneTable,
	"aws_vpc_security_group_egress_rule.cidr_ipv6":                    oneTable,
	"aws_vpc_security_group_egress_rule.prefix_list_id":               oneTable,
	"aws_vpc_security_group_egress_rule.referenced_security_group_id": oneTable,
	"aws_vpc_security_group_egress_rule.description":                  oneTable,
}

const oneTable = "it has its table and its reader in common with aws_vpc_security_group_ingress_rule"

// given is what must hold before a line of a table can show a difference: what the state holds of the resource besides, and what the
// answers hold that the emulator does not tell.
type given struct {
	state  string // JSON, by top-level attribute
	answer func(out any)
}

// givens are by attribute.
var givens = map[string]given{
	"aws_apigatewayv2_api.ip_address_type":                                {state: `{"ip_address_type":"ipv4"}`},
	"aws_lambda_function.logging_config.0.log_format":                     {state: `{"logging_config":[{"log_format":"Text","log_group":"/g"}]}`, answer: functionLogs},
	"aws_lambda_function.logging_config.0.log_group":                      {state: `{"logging_config":[{"log_format":"Text","log_group":"/g"}]}`, answer: functionLogs},
	"aws_cloudfront_distribution.viewer_certificate.0.ssl_support_method": {state: `{"viewer_certificate":[{"cloudfront_default_certificate":true,"ssl_support_method":"vip"}]}`},
	"aws_cloudfront_distribution.logging_config.0.bucket":                 {answer: loggingOn},
	"aws_ecs_service.deployment_maximum_percent":                          {answer: deploymentTold},
	"aws_ecs_service.deployment_minimum_healthy_percent":                  {answer: deploymentTold},
	"aws_ecs_service.deployment_circuit_breaker.0.enable":                 {answer: deploymentTold},
	"aws_ecs_service.deployment_circuit_breaker.0.rollback":               {answer: deploymentTold},
	"aws_ecs_service.platform_version":                                    {state: `{"platform_version":"1.4.0"}`},
	"aws_rds_cluster.storage_type":                                        {state: `{"storage_type":"aurora"}`},
	"aws_route53_zone.vpc":                                                {state: `{"vpc":[{"vpc_id":"vpc-1"}]}`},
	"aws_instance.disable_api_termination":                                {state: `{"disable_api_termination":true}`},
	"aws_subnet.ipv6_cidr_block":                                          {state: `{"ipv6_cidr_block":"2001:db8::/64","ipv6_cidr_block_association_id":"a-1"}`, answer: subnetHasIPv6},
	"aws_lb_listener.ssl_policy":                                          {answer: listenerEncrypts},
	"aws_kms_key.rotation_period_in_days":                                 {state: `{"rotation_period_in_days":365}`},
	"aws_vpc_endpoint.ip_address_type":                                    {state: `{"ip_address_type":"ipv4"}`},
	"aws_vpc_endpoint.dns_options.0.dns_record_ip_type":                   {state: `{"dns_options":[{"dns_record_ip_type":"ipv4"}]}`},
	"aws_api_gateway_stage.cache_cluster_size":                            {state: `{"cache_cluster_size":"0.5"}`},
	"aws_nat_gateway.secondary_allocation_ids":                            {answer: addressIsSecondary},
	"aws_nat_gateway.secondary_private_ip_addresses":                      {answer: addressIsSecondary},
	"aws_dynamodb_table.server_side_encryption.0.kms_key_arn":             {state: `{"server_side_encryption":[{"enabled":true,"kms_key_arn":"k"}]}`},
	"aws_lb_target_group.preserve_client_ip":                              {state: `{"preserve_client_ip":"true"}`},
	"aws_db_instance.option_group_name":                                   {answer: instanceHasGroups},
	"aws_db_instance.parameter_group_name":                                {answer: instanceHasGroups},
}

func givenFor(kind, path string) given { return givens[kind+"."+path] }

// in is the state with what is given, and the resource in it.
func (g given) in(state *State, resource Resource) (*State, Resource) {
	if g.state == "" {
		return state, resource
	}
	var more map[string]any
	if err := json.Unmarshal([]byte(g.state), &more); err != nil {
		panic(err)
	}
	whole := map[string]any{}
	for _, name := range Specs(live.Readers(nil))[resource.Type].Keep() {
		if value, held := resource.State.Get(name); held {
			whole[name] = value
		}
	}
	maps.Copy(whole, more)
	changed := *state
	changed.Resources = slices.Clone(state.Resources)
	for i, other := range changed.Resources {
		if other.Address == resource.Address {
			changed.Resources[i].State = live.ValuesOf(whole)
			resource = changed.Resources[i]
		}
	}
	return &changed, resource
}

// withoutOwners leaves the owners of two kinds of pieces out of a state, so that the pieces are read by themselves.
func withoutOwners(state *State, kind string) *State {
	owner := map[string]string{"aws_sns_topic_policy": "aws_sns_topic", "aws_sqs_queue_policy": "aws_sqs_queue"}[kind]
	changed := *state
	changed.Resources = slices.DeleteFunc(slices.Clone(state.Resources), func(r Resource) bool { return r.Type == owner })
	return &changed
}

// inventedAnswers are for calls that are made only of what the emulator's stack has none of.
var inventedAnswers = map[string]any{
	"DescribeInstanceAttribute": &ec2.DescribeInstanceAttributeOutput{DisableApiTermination: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}},
	"GetHostedZone":             &route53.GetHostedZoneOutput{VPCs: []route53types.VPC{{VPCId: aws.String("vpc-1")}}},
}

func functionLogs(out any) {
	if answer, ok := out.(*lambda.ListFunctionsOutput); ok {
		for i := range answer.Functions {
			answer.Functions[i].LoggingConfig = &lambdatypes.LoggingConfig{LogFormat: lambdatypes.LogFormatText, LogGroup: aws.String("/g")}
		}
	}
}

func loggingOn(out any) {
	if answer, ok := out.(*cloudfront.GetDistributionOutput); ok {
		answer.Distribution.DistributionConfig.Logging = &cloudfronttypes.LoggingConfig{Enabled: aws.Bool(true), Bucket: aws.String("")}
	}
}

func deploymentTold(out any) {
	if answer, ok := out.(*ecs.DescribeServicesOutput); ok {
		for i := range answer.Services {
			answer.Services[i].DeploymentConfiguration = &ecstypes.DeploymentConfiguration{
				MaximumPercent: aws.Int32(200), MinimumHealthyPercent: aws.Int32(100), DeploymentCircuitBreaker: &ecstypes.DeploymentCircuitBreaker{},
			}
		}
	}
}

func subnetHasIPv6(out any) {
	if answer, ok := out.(*ec2.DescribeSubnetsOutput); ok {
		for i := range answer.Subnets {
			answer.Subnets[i].Ipv6CidrBlockAssociationSet = []ec2types.SubnetIpv6CidrBlockAssociation{{
				AssociationId: aws.String("a-1"), Ipv6CidrBlock: aws.String("2001:db8::/64"),
				Ipv6CidrBlockState: &ec2types.SubnetCidrBlockState{State: ec2types.SubnetCidrBlockStateCodeAssociated},
			}}
		}
	}
}

func listenerEncrypts(out any) {
	if answer, ok := out.(*elbv2.DescribeListenersOutput); ok {
		for i := range answer.Listeners {
			answer.Listeners[i].Protocol = elbtypes.ProtocolEnumHttps
		}
	}
}

func addressIsSecondary(out any) {
	if answer, ok := out.(*ec2.DescribeNatGatewaysOutput); ok {
		for i := range answer.NatGateways {
			answer.NatGateways[i].NatGatewayAddresses = []ec2types.NatGatewayAddress{{IsPrimary: aws.Bool(false)}}
		}
	}
}

func instanceHasGroups(out any) {
	if answer, ok := out.(*rds.DescribeDBInstancesOutput); ok {
		for i := range answer.DBInstances {
			answer.DBInstances[i].DBParameterGroups = []rdstypes.DBParameterGroupStatus{{DBParameterGroupName: aws.String("a")}}
			answer.DBInstances[i].OptionGroupMemberships = []rdstypes.OptionGroupMembership{{OptionGroupName: aws.String("b")}}
		}
	}
}
