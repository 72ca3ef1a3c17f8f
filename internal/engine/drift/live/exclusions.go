package live

// Why nobody has to manage something that AWS lists: it made it by itself, or another thing brought it along. Thing.Excluded is one of
// these, and nothing else is left out.
const (
	// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html.
	excludedDefaultVPC = "it came with the account: the default VPC, or a part of it"
	// https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html.
	excludedDefaultGroup = "every VPC comes with a security group called default"
	// https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#main-route-table.
	excludedMainTable = "it came with its VPC, as the main route table"
	// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html.
	excludedDefaultACL = "it came with its VPC, as the default network ACL"
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html: the tag aws:autoscaling:groupName.
	excludedAutoscaled = "an autoscaling group made it"
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html.
	excludedInstanceVolume = "it came with its instance and goes with it"
	// https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html and AssociateVPCWithHostedZone: RequesterManaged, LinkedService.
	excludedService = "an AWS service made it and manages it"
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html.
	excludedServiceRole = "a service-linked role, or a part of it, which AWS makes by itself"
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.Overview.html.
	excludedDefaultParameters = "RDS made it, with the engine's default parameters"
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html.
	excludedDefaultSubnets = "RDS made it for the default VPC"
	// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html: TargetTracking-...
	excludedAutoscalingAlarm = "autoscaling made it and manages it"
)

// Exclusions are all reasons for which something that is in AWS and in no state does not count as unmanaged.
func Exclusions() []string {
	return []string{
		excludedDefaultVPC, excludedDefaultGroup, excludedMainTable, excludedDefaultACL, excludedAutoscaled, excludedInstanceVolume, excludedService,
		excludedServiceRole, excludedDefaultParameters, excludedDefaultSubnets, excludedAutoscalingAlarm,
	}
}

// unlisted are the types of which unmanaged ones are not looked for, with why.
var unlisted = map[string]string{
	"aws_api_gateway_stage": partOfOwner, "aws_apigatewayv2_route": partOfOwner, "aws_apigatewayv2_stage": partOfOwner, "aws_ecs_service": partOfOwner,
	"aws_lambda_alias": partOfOwner, "aws_lambda_permission": partOfOwner, "aws_lb_listener": partOfOwner, "aws_route53_record": partOfOwner,
	"aws_route_table_association":                        partOfOwner,
	"aws_s3_bucket_lifecycle_configuration":              partOfOwner,
	"aws_s3_bucket_policy":                               partOfOwner,
	"aws_s3_bucket_public_access_block":                  partOfOwner,
	"aws_s3_bucket_versioning":                           partOfOwner,
	"aws_s3_bucket_website_configuration":                partOfOwner,
	"aws_s3_bucket_server_side_encryption_configuration": partOfOwner,
	"aws_ecs_cluster":                                    "its listing is of ARNs alone, 100 a call, and an empty cluster costs nothing",
	"aws_ecs_task_definition":                            "every revision that ever was is listed",
	"aws_iam_policy_attachment":                          "it cannot be imported, and says again what aws_iam_role_policy_attachment says",
	"aws_iam_role_policy_attachment":                     "a state does not hold the id by which it is imported, and aws_iam_policy_attachment may manage the same",
	"aws_kms_key":                                        "its listing holds AWS's own keys and those that wait for their deletion, and says of none what it is",
}

const partOfOwner = "it is a part of another resource: finding those would take a call for each of them"

// Unlisted is why unmanaged ones of a type are not looked for; empty where they are, or where the type is unknown. Pieces that are compared
// with their owner are found as the owner's change.
func Unlisted(kind string) string { return unlisted[kind] }
