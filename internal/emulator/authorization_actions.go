package emulator

import "strings"

// need is an action on the resources of a kind; no kind is an action without resource-level permissions, on "*".
type need struct {
	action string
	kind   *resourceKind
}

// everything is the kind of an action that AWS gives no resource type.
var everything *resourceKind

// actions are the needs of the calls whose action is not called as they are, or is limited to a resource. What a call of another name needs
// is the action of its own name on "*". S3 and API Gateway are in functions of their own. Each row was compared with AWS's machine-readable
// reference of September 2026 (https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html); what of it the
// documents of the provider use is kept beside them, and compared by a test.
var actions = map[string][]need{
	"lambda:GetAlias":                           {{"lambda:GetAlias", &arnLambdaFunction}},
	"lambda:CreateAlias":                        {{"lambda:CreateAlias", &arnLambdaFunction}},
	"lambda:UpdateAlias":                        {{"lambda:UpdateAlias", &arnLambdaFunction}},
	"lambda:ListAliases":                        {{"lambda:ListAliases", &arnLambdaFunction}},
	"lambda:ListVersionsByFunction":             {{"lambda:ListVersionsByFunction", &arnLambdaFunction}},
	"lambda:PublishVersion":                     {{"lambda:PublishVersion", &arnLambdaFunction}},
	"lambda:GetFunction":                        {{"lambda:GetFunction", &arnLambdaFunction}},
	"lambda:GetFunctionConfiguration":           {{"lambda:GetFunctionConfiguration", &arnLambdaFunction}},
	"lambda:GetPolicy":                          {{"lambda:GetPolicy", &arnLambdaFunction}},
	"lambda:DeleteFunction":                     {{"lambda:DeleteFunction", &arnLambdaFunction}},
	"lambda:Invoke":                             {{"lambda:InvokeFunction", &arnLambdaFunction}}, // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
	"lambda:GetProvisionedConcurrencyConfig":    {{"lambda:GetProvisionedConcurrencyConfig", &arnLambdaFunction}},
	"lambda:PutProvisionedConcurrencyConfig":    {{"lambda:PutProvisionedConcurrencyConfig", &arnLambdaFunction}},
	"lambda:DeleteProvisionedConcurrencyConfig": {{"lambda:DeleteProvisionedConcurrencyConfig", &arnLambdaFunction}},
	"lambda:ListTags":                           {{"lambda:ListTags", &arnLambdaTagged}},
	"lambda:GetEventSourceMapping":              {{"lambda:GetEventSourceMapping", &arnLambdaMapping}},

	"cloudfront:GetDistribution":    {{"cloudfront:GetDistribution", &arnCloudfrontDistribution}},
	"cloudfront:UpdateDistribution": {{"cloudfront:UpdateDistribution", &arnCloudfrontDistribution}},
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistributionWithStagingConfig.html
	"cloudfront:UpdateDistributionWithStagingConfig": {{"cloudfront:GetDistribution", &arnCloudfrontDistribution}, {"cloudfront:UpdateDistribution", &arnCloudfrontDistribution}},
	"cloudfront:ListTagsForResource":                 {{"cloudfront:ListTagsForResource", &arnCloudfrontTagged}},
	"cloudfront:GetContinuousDeploymentPolicy":       {{"cloudfront:GetContinuousDeploymentPolicy", &arnCloudfrontDeployment}},
	"cloudfront:UpdateContinuousDeploymentPolicy":    {{"cloudfront:UpdateContinuousDeploymentPolicy", &arnCloudfrontDeployment}},
	"cloudfront:GetCachePolicy":                      {{"cloudfront:GetCachePolicy", &arnCloudfrontCache}},
	"cloudfront:GetOriginRequestPolicy":              {{"cloudfront:GetOriginRequestPolicy", &arnCloudfrontRequests}},
	"cloudfront:GetResponseHeadersPolicy":            {{"cloudfront:GetResponseHeadersPolicy", &arnCloudfrontResponses}},
	"cloudfront:GetOriginAccessControl":              {{"cloudfront:GetOriginAccessControl", &arnCloudfrontControl}},
	"cloudfront:GetCloudFrontOriginAccessIdentity":   {{"cloudfront:GetCloudFrontOriginAccessIdentity", &arnCloudfrontIdentity}},
	"cloudfront:DescribeFunction":                    {{"cloudfront:DescribeFunction", &arnCloudfrontFunction}},

	"cloudfront-keyvaluestore:DescribeKeyValueStore": {{"cloudfront-keyvaluestore:DescribeKeyValueStore", &arnKeyValueStore}},
	"cloudfront-keyvaluestore:GetKey":                {{"cloudfront-keyvaluestore:GetKey", &arnKeyValueStore}},
	"cloudfront-keyvaluestore:PutKey":                {{"cloudfront-keyvaluestore:PutKey", &arnKeyValueStore}},

	"route53:GetHostedZone":            {{"route53:GetHostedZone", &arnRoute53Zone}},
	"route53:ListResourceRecordSets":   {{"route53:ListResourceRecordSets", &arnRoute53Zone}},
	"route53:ChangeResourceRecordSets": {{"route53:ChangeResourceRecordSets", &arnRoute53Zone}},
	"route53:GetChange":                {{"route53:GetChange", &arnRoute53Change}},
	"route53:ListTagsForResource":      {{"route53:ListTagsForResource", &arnRoute53Zone}},
	"route53:GetHealthCheck":           {{"route53:GetHealthCheck", &arnRoute53Check}},

	"elasticloadbalancing:ModifyListener": {{"elasticloadbalancing:ModifyListener", &arnListener}},
	"elasticloadbalancing:ModifyRule":     {{"elasticloadbalancing:ModifyRule", &arnListenerRule}},

	"ecs:DescribeServices":       {{"ecs:DescribeServices", &arnEcsService}},
	"ecs:ListServiceDeployments": {{"ecs:ListServiceDeployments", &arnEcsService}},
	"ecs:UpdateService":          {{"ecs:UpdateService", &arnEcsService}},
	"ecs:DescribeClusters":       {{"ecs:DescribeClusters", &arnEcsCluster}},
	"ecs:RegisterTaskDefinition": {{"ecs:RegisterTaskDefinition", &arnEcsTasks}},

	"rds:DescribeDBInstances":              {{"rds:DescribeDBInstances", &arnRdsInstance}},
	"rds:DescribeDBClusters":               {{"rds:DescribeDBClusters", &arnRdsCluster}},
	"rds:DescribeDBParameters":             {{"rds:DescribeDBParameters", &arnRdsParameters}},
	"rds:DescribeDBClusterParameters":      {{"rds:DescribeDBClusterParameters", &arnRdsClusterParameters}},
	"rds:DescribeDBParameterGroups":        {{"rds:DescribeDBParameterGroups", &arnRdsParameters}},
	"rds:DescribeDBClusterParameterGroups": {{"rds:DescribeDBClusterParameterGroups", &arnRdsClusterParameters}},
	"rds:DescribeDBSubnetGroups":           {{"rds:DescribeDBSubnetGroups", &arnRdsSubnets}},
	"rds:ListTagsForResource":              {{"rds:ListTagsForResource", &arnRdsTagged}},

	"cloudwatch:DescribeAlarms":      {{"cloudwatch:DescribeAlarms", &arnCloudwatchAlarm}},
	"cloudwatch:ListTagsForResource": {{"cloudwatch:ListTagsForResource", &arnCloudwatchAlarm}},
	"logs:DescribeLogGroups":         {{"logs:DescribeLogGroups", &arnLogGroups}},
	"logs:ListTagsForResource":       {{"logs:ListTagsForResource", &arnLogGroup}},

	"dynamodb:DescribeTable":             {{"dynamodb:DescribeTable", &arnDynamodbTable}},
	"dynamodb:DescribeTimeToLive":        {{"dynamodb:DescribeTimeToLive", &arnDynamodbTable}},
	"dynamodb:DescribeContinuousBackups": {{"dynamodb:DescribeContinuousBackups", &arnDynamodbTable}},
	"dynamodb:ListTagsOfResource":        {{"dynamodb:ListTagsOfResource", &arnDynamodbTable}},

	"config:SelectAggregateResourceConfig":                {{"config:SelectAggregateResourceConfig", &arnConfigAggregator}},
	"config:GetAggregateResourceConfig":                   {{"config:GetAggregateResourceConfig", &arnConfigAggregator}},
	"config:DescribeConfigurationAggregatorSourcesStatus": {{"config:DescribeConfigurationAggregatorSourcesStatus", &arnConfigAggregator}},

	"codebuild:ListBuildsForProject": {{"codebuild:ListBuildsForProject", &arnCodebuildProject}},
	"codebuild:StartBuild":           {{"codebuild:StartBuild", &arnCodebuildProject}},
	"codebuild:BatchGetBuilds":       {{"codebuild:BatchGetBuilds", &arnCodebuildProject}},

	"events:PutEvents":              {{"events:PutEvents", &arnEventBus}},
	"sns:Publish":                   {{"sns:Publish", &arnSnsTopic}},
	"sns:GetTopicAttributes":        {{"sns:GetTopicAttributes", &arnSnsTopic}},
	"sns:ListTagsForResource":       {{"sns:ListTagsForResource", &arnSnsTopic}},
	"sns:GetSubscriptionAttributes": {{"sns:GetSubscriptionAttributes", &arnSnsSubscription}},
	"sqs:GetQueueAttributes":        {{"sqs:GetQueueAttributes", &arnSqsQueue}},
	"sqs:ListQueueTags":             {{"sqs:ListQueueTags", &arnSqsQueue}},

	"ssm:GetParameter":        {{"ssm:GetParameter", &arnSsmParameter}},
	"ssm:PutParameter":        {{"ssm:PutParameter", &arnSsmParameter}},
	"ssm:ListTagsForResource": {{"ssm:ListTagsForResource", &arnSsmParameter}},

	"kms:DescribeKey":          {{"kms:DescribeKey", &arnKmsKey}},
	"kms:GetKeyPolicy":         {{"kms:GetKeyPolicy", &arnKmsKey}},
	"kms:GetKeyRotationStatus": {{"kms:GetKeyRotationStatus", &arnKmsKey}},
	"kms:ListResourceTags":     {{"kms:ListResourceTags", &arnKmsKey}},

	"iam:GetRole":                  {{"iam:GetRole", &arnIamRole}},
	"iam:GetRolePolicy":            {{"iam:GetRolePolicy", &arnIamRole}},
	"iam:ListAttachedRolePolicies": {{"iam:ListAttachedRolePolicies", &arnIamRole}},
	"iam:ListRolePolicies":         {{"iam:ListRolePolicies", &arnIamRole}},
	"iam:GetPolicy":                {{"iam:GetPolicy", &arnIamPolicy}},
	"iam:GetPolicyVersion":         {{"iam:GetPolicyVersion", &arnIamPolicy}},
	"iam:ListEntitiesForPolicy":    {{"iam:ListEntitiesForPolicy", &arnIamPolicy}},
	"iam:SimulatePrincipalPolicy":  {{"iam:SimulatePrincipalPolicy", &arnIamSource}},

	"scheduler:CreateSchedule": {{"scheduler:CreateSchedule", &arnSchedule}},
	"scheduler:UpdateSchedule": {{"scheduler:UpdateSchedule", &arnSchedule}},
	"scheduler:DeleteSchedule": {{"scheduler:DeleteSchedule", &arnSchedule}},
	"scheduler:GetSchedule":    {{"scheduler:GetSchedule", &arnSchedule}},

	"secretsmanager:DescribeSecret": {{"secretsmanager:DescribeSecret", &arnSecret}},

	"ec2:DescribeInstanceAttribute": {{"ec2:DescribeInstanceAttribute", &arnEc2Instance}},
	"ec2:DescribeVpcAttribute":      {{"ec2:DescribeVpcAttribute", &arnEc2VPC}},

	"sts:AssumeRole": {{"sts:AssumeRole", &arnIamAssumed}},
	// "No permissions are required": https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
	"sts:GetCallerIdentity": {},
}

// permissions are what a call needs.
func (x *exchange) permissions() []Permission {
	switch x.Service {
	case "s3":
		return x.s3Permissions()
	case "apigateway":
		arn, template := x.apiGatewayResource()
		return []Permission{{Action: "apigateway:" + x.request.Method, Resource: arn, Template: template}}
	}
	name := x.Service + ":" + x.Operation
	needs, listed := actions[name]
	if !listed {
		needs = []need{{name, everything}}
	}
	var all []Permission
	for _, wanted := range needs {
		if wanted.kind == everything {
			all = append(all, Permission{Action: wanted.action, Resource: "*", Template: "*"})
			continue
		}
		values := wanted.kind.read(x)
		if len(values) == 0 {
			values = []string{"*"}
		}
		for _, one := range values {
			name, qualifier, ok := strings.Cut(one, "|")
			if !ok || wanted.kind.template != arnLambdaFunction.template {
				all = append(all, wanted.kind.permission(x, wanted.action, one))
				continue
			}
			if qualifier == "" || !onlyQualified[wanted.action] {
				all = append(all, wanted.kind.permission(x, wanted.action, name))
			}
			if qualifier != "" && (onlyQualified[wanted.action] || qualifies[wanted.action]) {
				all = append(all, lambdaQualified(qualifier).permission(x, wanted.action, one))
			}
		}
	}
	return append(x.withContext(all), x.passedRoles()...)
}

// onlyQualified are the actions that are checked against the version or alias that a call names: those of provisioned concurrency by the
// reference, and https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html for the invocation. Without a qualifier an
// invocation is of the function.
var onlyQualified = map[string]bool{
	"lambda:InvokeFunction": true, "lambda:GetProvisionedConcurrencyConfig": true, "lambda:PutProvisionedConcurrencyConfig": true, "lambda:DeleteProvisionedConcurrencyConfig": true,
}

// qualifies are the actions of which the reference names the function alone, and the guide above its versions and aliases as well: a call
// that names one needs both here, so that a policy made of it is enough whichever of them AWS looks at.
var qualifies = map[string]bool{"lambda:GetFunction": true, "lambda:GetFunctionConfiguration": true, "lambda:GetPolicy": true, "lambda:DeleteFunction": true}

// lambdaQualified is the type of what a qualifier names.
func lambdaQualified(qualifier string) resourceKind {
	if qualifier == "$LATEST" || strings.Trim(qualifier, "0123456789") == "" {
		return arnLambdaVersion
	}
	return arnLambdaAlias
}

// withContext adds the condition keys that the policies of the guides use.
func (x *exchange) withContext(all []Permission) []Permission {
	context := map[string][]string{}
	switch x.Service + ":" + x.Operation {
	case "cloudwatch:PutMetricData":
		context["cloudwatch:namespace"] = x.parameters("Namespace")
	case "route53:ChangeResourceRecordSets":
		// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
		names, types, changes := changedRecords(x.body)
		context["route53:ChangeResourceRecordSetsNormalizedRecordNames"] = names
		context["route53:ChangeResourceRecordSetsRecordTypes"] = types
		context["route53:ChangeResourceRecordSetsActions"] = changes
	default:
		return all
	}
	for i := range all {
		all[i].Context = context
	}
	return all
}

// passedRoles are the roles that a call hands to a service, each of which needs iam:PassRole:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (x *exchange) passedRoles() []Permission {
	var roles []string
	service := ""
	switch x.Service + ":" + x.Operation {
	case "scheduler:CreateSchedule", "scheduler:UpdateSchedule":
		service = "scheduler.amazonaws.com"
		if role := scheduledRole(x.body); role != "" {
			roles = append(roles, role)
		}
	case "ecs:RegisterTaskDefinition":
		service = "ecs-tasks.amazonaws.com"
		roles = append(x.parameters("taskRoleArn"), x.parameters("executionRoleArn")...)
	}
	var all []Permission
	for _, role := range roles {
		passed := arnIamRole.permission(x, "iam:PassRole", role)
		passed.Context = map[string][]string{"iam:PassedToService": {service}}
		all = append(all, passed)
	}
	return all
}
