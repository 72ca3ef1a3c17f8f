package live

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const lambdaDoc = "https://docs.aws.amazon.com/lambda/latest/api/"

// newLambdaParts reads what belongs to functions: aliases, permissions and event sources.
func newLambdaParts(clients *awsapi.Clients) Reader {
	return service{
		single[*lambda.GetAliasOutput, *awsapi.Lambda]{client: clients.Lambda, get: aliasOf, table: aliasTable}.
			kind(Spec{Type: "aws_lambda_alias", Doc: lambdaDoc + "API_AliasConfiguration.html", Context: []string{"function_name", "name"}}),
		single[permission, *awsapi.Lambda]{client: clients.Lambda, get: permissionOf, table: permissionTable}.
			kind(Spec{Type: "aws_lambda_permission", Doc: lambdaDoc + "API_GetPolicy.html", Context: []string{"function_name", "qualifier", "statement_id"}}),
		listing[types.EventSourceMappingConfiguration, *awsapi.Lambda]{
			client: clients.Lambda, pages: eventSources, probe: probeEventSource, table: eventSourceTable,
			id: func(m types.EventSourceMappingConfiguration) string { return aws.ToString(m.UUID) },
			thing: func(m types.EventSourceMappingConfiguration) Thing {
				return Thing{ID: aws.ToString(m.UUID), Name: aws.ToString(m.EventSourceArn), Aliases: []string{aws.ToString(m.EventSourceMappingArn)}}
			},
		}.kind(Spec{Type: "aws_lambda_event_source_mapping", Doc: lambdaDoc + "API_EventSourceMappingConfiguration.html"}),
	}
}

// Where the alias points is what customers get.
var aliasTable = []field[*lambda.GetAliasOutput]{
	{Attribute{Path: "function_version", API: "FunctionVersion"}, func(a *lambda.GetAliasOutput, _ Resource) any { return a.FunctionVersion }},
	{Attribute{Path: "routing_config.0.additional_version_weights", API: "RoutingConfig.AdditionalVersionWeights", Kind: Map}, func(a *lambda.GetAliasOutput, _ Resource) any {
		weights := map[string]string{}
		if a.RoutingConfig != nil {
			for version, weight := range a.RoutingConfig.AdditionalVersionWeights {
				weights[version] = scalar(weight)
			}
		}
		return weights
	}},
	{Attribute{Path: "description", API: "Description"}, func(a *lambda.GetAliasOutput, _ Resource) any { return a.Description }},
}

func aliasOf(ctx context.Context, client *awsapi.Lambda, caller *Caller, resource Resource) (alias *lambda.GetAliasOutput, partial, err error) {
	alias, err = call(ctx, caller, client.GetAlias, &lambda.GetAliasInput{FunctionName: aws.String(resource.Text("function_name")), Name: aws.String(resource.Text("name"))})
	return alias, nil, err
}

// permission is one statement of a function's policy,
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html.
type permission struct {
	Sid       string
	Action    string
	Principal any
	Condition map[string]map[string]string
}

var permissionTable = []field[permission]{
	{Attribute{Path: "action", API: "Policy.Statement.Action"}, func(p permission, _ Resource) any { return p.Action }},
	{Attribute{Path: "principal", API: "Policy.Statement.Principal", Canon: accountOfRoot}, func(p permission, _ Resource) any {
		switch who := p.Principal.(type) {
		case map[string]any:
			if service := scalar(who["Service"]); service != "" {
				return service
			}
			return who["AWS"]
		default:
			return who
		}
	}},
	{Attribute{Path: "source_arn", API: "Policy.Statement.Condition.AWS:SourceArn"}, permissionCondition("AWS:SourceArn")},
	{Attribute{Path: "source_account", API: "Policy.Statement.Condition.AWS:SourceAccount"}, permissionCondition("AWS:SourceAccount")},
	{Attribute{Path: "principal_org_id", API: "Policy.Statement.Condition.aws:PrincipalOrgID"}, permissionCondition("aws:PrincipalOrgID")},
	{Attribute{Path: "event_source_token", API: "Policy.Statement.Condition.lambda:EventSourceToken", Hidden: true}, permissionCondition("lambda:EventSourceToken")},
	{Attribute{Path: "function_url_auth_type", API: "Policy.Statement.Condition.lambda:FunctionUrlAuthType"}, permissionCondition("lambda:FunctionUrlAuthType")},
}

// accountOfRoot writes the ARN of an account's root as the account.
func accountOfRoot(text string) string {
	if account, ok := strings.CutSuffix(text, ":root"); ok {
		return account[strings.LastIndexByte(account, ':')+1:]
	}
	return text
}

func permissionCondition(key string) func(permission, Resource) any {
	return func(p permission, _ Resource) any {
		for _, keys := range p.Condition {
			for name, value := range keys {
				if strings.EqualFold(name, key) {
					return value
				}
			}
		}
		return nil
	}
}

func permissionOf(ctx context.Context, client *awsapi.Lambda, caller *Caller, resource Resource) (found permission, partial, err error) {
	input := &lambda.GetPolicyInput{FunctionName: aws.String(resource.Text("function_name"))}
	if qualifier := resource.Text("qualifier"); qualifier != "" {
		input.Qualifier = aws.String(qualifier)
	}
	answer, err := call(ctx, caller, client.GetPolicy, input)
	if err != nil {
		return found, nil, err
	}
	var policy struct{ Statement []permission }
	if err := json.Unmarshal([]byte(aws.ToString(answer.Policy)), &policy); err != nil {
		return found, nil, errNoAnswer
	}
	for _, statement := range policy.Statement {
		if statement.Sid == resource.Text("statement_id") {
			return statement, nil, nil
		}
	}
	return found, nil, awsapi.ErrNotFound
}

// The source and the start of an event source mapping cannot be changed.
var eventSourceTable = []field[types.EventSourceMappingConfiguration]{
	{Attribute{Path: "enabled", API: "State"}, func(m types.EventSourceMappingConfiguration, _ Resource) any {
		switch strings.ToLower(aws.ToString(m.State)) {
		case "enabled", "enabling":
			return true
		case "disabled", "disabling":
			return false
		}
		return unread // being made, updated or deleted
	}},
	{Attribute{Path: "function_arn", API: "FunctionArn"}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.FunctionArn }},
	{Attribute{Path: "batch_size", API: "BatchSize"}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return optional(m.BatchSize) }},
	{Attribute{Path: "maximum_batching_window_in_seconds", API: "MaximumBatchingWindowInSeconds", Default: 0}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.MaximumBatchingWindowInSeconds }},
	{Attribute{Path: "parallelization_factor", API: "ParallelizationFactor", Default: 0}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.ParallelizationFactor }},
	{Attribute{Path: "maximum_retry_attempts", API: "MaximumRetryAttempts", Default: 0}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.MaximumRetryAttempts }},
	{Attribute{Path: "maximum_record_age_in_seconds", API: "MaximumRecordAgeInSeconds", Default: 0}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.MaximumRecordAgeInSeconds }},
	{Attribute{Path: "bisect_batch_on_function_error", API: "BisectBatchOnFunctionError", Default: false}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.BisectBatchOnFunctionError }},
	{Attribute{Path: "tumbling_window_in_seconds", API: "TumblingWindowInSeconds", Default: 0}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.TumblingWindowInSeconds }},
	{Attribute{Path: "function_response_types", API: "FunctionResponseTypes", Kind: Set}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return enums(m.FunctionResponseTypes) }},
	{Attribute{Path: "kms_key_arn", API: "KMSKeyArn"}, func(m types.EventSourceMappingConfiguration, _ Resource) any { return m.KMSKeyArn }},
	{Attribute{Path: "destination_config.0.on_failure.0.destination_arn", API: "DestinationConfig.OnFailure.Destination"}, func(m types.EventSourceMappingConfiguration, _ Resource) any {
		if m.DestinationConfig == nil || m.DestinationConfig.OnFailure == nil {
			return nil
		}
		return m.DestinationConfig.OnFailure.Destination
	}},
	{Attribute{Path: "scaling_config.0.maximum_concurrency", API: "ScalingConfig.MaximumConcurrency"}, func(m types.EventSourceMappingConfiguration, _ Resource) any {
		return through(m.ScalingConfig, func(s *types.ScalingConfig) any { return s.MaximumConcurrency })
	}},
	{
		Attribute{Path: "filter_criteria.0.filter", API: "FilterCriteria.Filters.Pattern", Kind: Set, Expect: func(resource Resource) (any, bool) {
			filters, held := resource.At("filter_criteria.0.filter")
			list, _ := filters.([]any)
			patterns := make([]string, 0, len(list))
			for _, filter := range list {
				patterns = append(patterns, compactJSON(scalar(inside(filter, "pattern"))))
			}
			return patterns, held
		}},
		func(m types.EventSourceMappingConfiguration, _ Resource) any {
			if m.FilterCriteriaError != nil {
				return unread
			}
			patterns := []string{}
			if m.FilterCriteria != nil {
				for _, filter := range m.FilterCriteria.Filters {
					patterns = append(patterns, compactJSON(aws.ToString(filter.Pattern)))
				}
			}
			return patterns
		},
	},
}

func eventSources(ctx context.Context, client *awsapi.Lambda, caller *Caller, _ []Resource) ([]types.EventSourceMappingConfiguration, error) {
	input := &lambda.ListEventSourceMappingsInput{MaxItems: aws.Int32(100)}
	return pages(ctx, caller, client.ListEventSourceMappings, input, func(page *lambda.ListEventSourceMappingsOutput) ([]types.EventSourceMappingConfiguration, bool) {
		input.Marker = page.NextMarker
		return page.EventSourceMappings, aws.ToString(page.NextMarker) != ""
	})
}

// probeEventSource gives no clear answer where the mapping is there after all.
func probeEventSource(ctx context.Context, client *awsapi.Lambda, caller *Caller, resource Resource) (*types.EventSourceMappingConfiguration, error) {
	_, err := call(ctx, caller, client.GetEventSourceMapping, &lambda.GetEventSourceMappingInput{UUID: aws.String(resource.ID)})
	return nil, err
}
