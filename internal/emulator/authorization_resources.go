package emulator

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// resourceKind is a type of resource of the Service Authorization Reference: how its ARN is written, and where a call names it.
type resourceKind struct {
	template string
	// read returns, of each resource that the call names, the values of the template's own placeholders (besides Partition, Region and
	// Account), joined by "|", or its ARN. Nothing named is everything: "*".
	read func(x *exchange) []string
}

// permission is the need for an action on one resource of the kind.
func (k resourceKind) permission(x *exchange, action, values string) Permission {
	template := k.template
	if strings.HasPrefix(values, "arn:") {
		if template == "*" {
			template = templateOf(values)
		}
		return Permission{Action: action, Resource: values, Template: template}
	}
	arn := template
	for value := range strings.SplitSeq(values, "|") {
		if value == "" {
			value = "*"
		}
		from, placeholder := ownPlaceholder(arn)
		if placeholder == "" {
			break
		}
		arn = arn[:from] + value + arn[from+len(placeholder):]
		if value == "*" {
			template = strings.Replace(template, placeholder, "*", 1)
		}
	}
	region := x.Region
	if region == "" {
		region = Region
	}
	arn = strings.NewReplacer("${Partition}", "aws", "${Region}", region, "${Account}", AccountID).Replace(arn)
	return Permission{Action: action, Resource: arn, Template: template}
}

// templateOf is the template of the type that an ARN is of, for the actions that take resources of several types: with its own text up to
// the last part, which is a name.
func templateOf(arn string) string {
	for _, kind := range []*resourceKind{&arnRdsInstance, &arnRdsCluster, &arnRdsParameters, &arnRdsClusterParameters, &arnRdsSubnets, &arnIamRole, &arnIamUser, &arnIamGroup} {
		from, _ := ownPlaceholder(kind.template)
		fixed := strings.Split(kind.template[:from], ":")
		parts := strings.Split(arn, ":")
		if len(parts) >= len(fixed) && parts[2] == fixed[2] && strings.HasPrefix(strings.Join(parts[5:], ":"), strings.Join(fixed[5:], ":")) {
			return kind.template
		}
	}
	return arn
}

// ownPlaceholder finds the first placeholder that is not the same for every resource.
func ownPlaceholder(arn string) (from int, placeholder string) {
	for from := 0; ; {
		start := strings.Index(arn[from:], "${")
		if start < 0 {
			return 0, ""
		}
		start += from
		end := start + strings.Index(arn[start:], "}") + 1
		if placeholder := arn[start:end]; !slices.Contains([]string{"${Partition}", "${Region}", "${Account}"}, placeholder) {
			return start, placeholder
		}
		from = end
	}
}

// parameters are the values of the first of the names that a call gives, in the path's named part, query, form or JSON body.
func (x *exchange) parameters(names ...string) []string {
	for _, name := range names {
		if name == "{!}" && x.Resource != "" {
			return []string{x.Resource}
		}
		if x.protocol == protocolJSON || x.protocol == protocolRESTJSON {
			var fields map[string]json.RawMessage
			var values oneOrMany
			if json.Unmarshal(x.body, &fields) == nil && json.Unmarshal(fields[name], &values) == nil && len(values) > 0 {
				return values
			}
			continue
		}
		form := x.form()
		if form.Get(name) != "" {
			return form[name]
		}
		if values := members(form, name); len(values) > 0 {
			return values
		}
	}
	return nil
}

// named reads a kind whose resources a call names by one of these parameters.
func named(names ...string) func(*exchange) []string {
	return func(x *exchange) []string { return x.parameters(names...) }
}

// pathPart returns a part of the path, from 0, unescaped.
func (x *exchange) pathPart(index int) string {
	parts := strings.Split(strings.Trim(x.request.URL.EscapedPath(), "/"), "/")
	if index >= len(parts) {
		return ""
	}
	plain, err := url.PathUnescape(parts[index])
	if err != nil {
		return parts[index]
	}
	return plain
}

// The types of resources, each from its service's page of the reference.
var (
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
	arnLambdaFunction = resourceKind{"arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}", lambdaFunctionName}
	arnLambdaVersion  = resourceKind{"arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}:${Version}", lambdaFunctionName}
	arnLambdaAlias    = resourceKind{"arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}:${Alias}", lambdaFunctionName}
	arnLambdaMapping  = resourceKind{"arn:${Partition}:lambda:${Region}:${Account}:event-source-mapping:${UUID}", func(x *exchange) []string { return []string{x.pathPart(2)} }}
	arnLambdaTagged   = resourceKind{arnLambdaFunction.template, named("{!}")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
	arnS3Bucket = resourceKind{"arn:${Partition}:s3:::${BucketName}", nil}
	arnS3Object = resourceKind{"arn:${Partition}:s3:::${BucketName}/${ObjectName}", nil}
	arnS3Job    = resourceKind{"arn:${Partition}:s3:${Region}:${Account}:job/${JobId}", nil}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
	arnKmsKey = resourceKind{"arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}", named("KeyId")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html: builds have their project's resource
	arnCodebuildProject = resourceKind{"arn:${Partition}:codebuild:${Region}:${Account}:project/${ProjectName}", codebuildProjects}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
	arnCloudfrontDistribution = resourceKind{"arn:${Partition}:cloudfront::${Account}:distribution/${DistributionId}", named("{!}")}
	arnCloudfrontTagged       = resourceKind{arnCloudfrontDistribution.template, func(x *exchange) []string { return x.request.URL.Query()["Resource"] }}
	arnCloudfrontDeployment   = resourceKind{"arn:${Partition}:cloudfront::${Account}:continuous-deployment-policy/${Id}", named("{!}")}
	arnCloudfrontCache        = resourceKind{"arn:${Partition}:cloudfront::${Account}:cache-policy/${Id}", named("{!}")}
	arnCloudfrontRequests     = resourceKind{"arn:${Partition}:cloudfront::${Account}:origin-request-policy/${Id}", named("{!}")}
	arnCloudfrontResponses    = resourceKind{"arn:${Partition}:cloudfront::${Account}:response-headers-policy/${Id}", named("{!}")}
	arnCloudfrontControl      = resourceKind{"arn:${Partition}:cloudfront::${Account}:origin-access-control/${Id}", named("{!}")}
	arnCloudfrontIdentity     = resourceKind{"arn:${Partition}:cloudfront::${Account}:origin-access-identity/${Id}", func(x *exchange) []string { return []string{x.pathPart(3)} }}
	arnCloudfrontFunction     = resourceKind{"arn:${Partition}:cloudfront::${Account}:function/${Name}", named("{!}")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfrontkeyvaluestore.html
	arnKeyValueStore = resourceKind{"arn:${Partition}:cloudfront::${Account}:key-value-store/${ResourceId}", func(x *exchange) []string { return []string{x.pathPart(1)} }}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html
	arnRoute53Zone   = resourceKind{"arn:${Partition}:route53:::hostedzone/${Id}", named("{!}")}
	arnRoute53Check  = resourceKind{"arn:${Partition}:route53:::healthcheck/${Id}", named("{!}")}
	arnRoute53Change = resourceKind{"arn:${Partition}:route53:::change/${Id}", func(*exchange) []string { return []string{"*"} }}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
	arnListener     = resourceKind{"arn:${Partition}:elasticloadbalancing:${Region}:${Account}:listener/app/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}", named("ListenerArn")}
	arnListenerRule = resourceKind{"arn:${Partition}:elasticloadbalancing:${Region}:${Account}:listener-rule/app/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}/${ListenerRuleId}", named("RuleArn")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
	arnEcsService = resourceKind{"arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}", ecsServices}
	arnEcsTasks   = resourceKind{"arn:${Partition}:ecs:${Region}:${Account}:task-definition/${TaskDefinitionFamilyName}:*", named("family")}
	arnEcsCluster = resourceKind{"arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}", named("clusters", "cluster")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
	arnRdsInstance          = resourceKind{"arn:${Partition}:rds:${Region}:${Account}:db:${DbInstanceName}", named("DBInstanceIdentifier")}
	arnRdsCluster           = resourceKind{"arn:${Partition}:rds:${Region}:${Account}:cluster:${DbClusterInstanceName}", named("DBClusterIdentifier")}
	arnRdsParameters        = resourceKind{"arn:${Partition}:rds:${Region}:${Account}:pg:${ParameterGroupName}", named("DBParameterGroupName")}
	arnRdsClusterParameters = resourceKind{"arn:${Partition}:rds:${Region}:${Account}:cluster-pg:${ClusterParameterGroupName}", named("DBClusterParameterGroupName")}
	arnRdsSubnets           = resourceKind{"arn:${Partition}:rds:${Region}:${Account}:subgrp:${SubnetGroupName}", named("DBSubnetGroupName")}
	arnRdsTagged            = resourceKind{"*", named("ResourceName")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html: by an id, where a call gives the name
	arnConfigAggregator = resourceKind{"arn:${Partition}:config:${Region}:${Account}:config-aggregator/${AggregatorId}", named("ConfigurationAggregatorName")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
	arnCloudwatchAlarm = resourceKind{"arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:${AlarmName}", named("AlarmNames", "ResourceARN")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
	arnLogGroup  = resourceKind{"arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}", named("resourceArn")}
	arnLogGroups = resourceKind{arnLogGroup.template, func(*exchange) []string { return []string{"*"} }}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
	arnDynamodbTable = resourceKind{"arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}", named("TableName", "ResourceArn")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
	arnEventBus = resourceKind{"arn:${Partition}:events:${Region}:${Account}:event-bus/${EventBusName}", eventBuses}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
	arnSnsTopic        = resourceKind{"arn:${Partition}:sns:${Region}:${Account}:${TopicName}", named("TopicArn", "ResourceArn")}
	arnSnsSubscription = resourceKind{arnSnsTopic.template, func(x *exchange) []string {
		arn := x.form().Get("SubscriptionArn") // the topic's, a colon and an id
		return []string{arn[:max(0, strings.LastIndex(arn, ":"))]}
	}}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
	arnSqsQueue = resourceKind{"arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", func(x *exchange) []string {
		address := strings.Join(x.parameters("QueueUrl"), "")
		return []string{address[strings.LastIndex(address, "/")+1:]}
	}}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
	arnSsmParameter = resourceKind{"arn:${Partition}:ssm:${Region}:${Account}:parameter/${ParameterNameWithoutLeadingSlash}", ssmParameters}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
	arnIamRole   = resourceKind{"arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", named("RoleName")}
	arnIamPolicy = resourceKind{"arn:${Partition}:iam::${Account}:policy/${PolicyNameWithPath}", named("PolicyArn")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
	arnIamAssumed = resourceKind{arnIamRole.template, named("RoleArn")}
	arnIamUser    = resourceKind{"arn:${Partition}:iam::${Account}:user/${UserNameWithPath}", nil}
	arnIamGroup   = resourceKind{"arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}", nil}
	arnIamSource  = resourceKind{"*", named("PolicySourceArn")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
	arnSchedule = resourceKind{"arn:${Partition}:scheduler:${Region}:${Account}:schedule/${GroupName}/${ScheduleName}", func(x *exchange) []string {
		group := "default"
		if given := x.parameters("GroupName"); len(given) > 0 {
			group = given[0]
		} else if given := x.request.URL.Query().Get("groupName"); given != "" {
			group = given
		}
		return []string{group + "|" + x.Resource}
	}}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
	arnSecret = resourceKind{"arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}", named("SecretId")}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
	arnEc2Instance = resourceKind{"arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}", named("InstanceId")}
	arnEc2VPC      = resourceKind{"arn:${Partition}:ec2:${Region}:${Account}:vpc/${VpcId}", named("VpcId")}
)

// lambdaFunctionName reads "name", "name:qualifier" or an ARN in the path, and a qualifier in the query.
func lambdaFunctionName(x *exchange) []string {
	name := x.Resource
	if _, after, found := strings.Cut(name, ":function:"); found {
		name = after
	}
	name, qualifier, _ := strings.Cut(name, ":")
	if given := x.request.URL.Query().Get("Qualifier"); given != "" {
		qualifier = given
	}
	return []string{name + "|" + qualifier}
}

func ecsServices(x *exchange) []string {
	cluster := strings.Join(x.parameters("cluster"), "")
	if cluster == "" {
		cluster = "default"
	}
	cluster = cluster[strings.LastIndex(cluster, "/")+1:]
	var all []string
	for _, name := range x.parameters("services", "service") {
		if !strings.HasPrefix(name, "arn:") {
			name = cluster + "|" + name
		}
		all = append(all, name)
	}
	return all
}

func ssmParameters(x *exchange) []string {
	var all []string
	for _, name := range x.parameters("Name", "Names", "ResourceId") {
		if !strings.HasPrefix(name, "arn:") {
			name, _, _ = strings.Cut(strings.TrimPrefix(name, "/"), ":") // name:version
		}
		all = append(all, name)
	}
	return all
}

func eventBuses(x *exchange) []string {
	var sent struct {
		Entries []struct{ EventBusName string }
	}
	_ = json.Unmarshal(x.body, &sent) // what is no JSON names no bus
	var all []string
	for _, entry := range sent.Entries {
		if entry.EventBusName == "" {
			entry.EventBusName = "default"
		}
		all = append(all, entry.EventBusName)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// apiGatewayResource is the path of a call, without /v2: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
func (x *exchange) apiGatewayResource() (arn, template string) {
	path := strings.TrimPrefix(x.request.URL.Path, "/v2")
	escaped := strings.TrimPrefix(x.request.URL.EscapedPath(), "/v2") // a route's key has a slash
	placeholders := map[string]string{
		"restapis": "${RestApiId}", "apis": "${ApiId}", "stages": "${StageName}", "deployments": "${DeploymentId}", "exports": "${ExportType}",
		"routes": "${RouteId}", "routesettings": "${RouteKey}", "tags": "${UrlEncodedResourceARN}",
	}
	parts := strings.Split(escaped, "/")
	for i := 1; i < len(parts)-1; i++ {
		if placeholder, ok := placeholders[parts[i]]; ok {
			parts[i+1] = placeholder
			i++
		}
	}
	region := x.Region
	if region == "" {
		region = Region
	}
	return fmt.Sprintf("arn:aws:apigateway:%s::%s", region, path), "arn:${Partition}:apigateway:${Region}::" + strings.Join(parts, "/")
}
