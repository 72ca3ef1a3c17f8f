package live

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// LambdaAPI are the calls of Lambda that reading needs.
type LambdaAPI interface {
	ListFunctions(context.Context, *lambda.ListFunctionsInput, ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error)
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	ListTags(context.Context, *lambda.ListTagsInput, ...func(*lambda.Options)) (*lambda.ListTagsOutput, error)
}

// lambdaPage is the largest page: "ListFunctions returns a maximum of 50 items in each response",
// https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html.
const lambdaPage = 50

type lambdaClient = func(ctx context.Context, region string) (LambdaAPI, error)

func newLambda(clients *awsapi.Clients) Reader {
	return lambdaService(func(ctx context.Context, region string) (LambdaAPI, error) { return clients.Lambda(ctx, region) })
}

// lambdaService reads functions.
func lambdaService(client lambdaClient) service {
	return service{
		listing[liveFunction, LambdaAPI]{
			client: client, pages: functionPages, probe: probeFunction, outcome: functionOutcome, table: functionTable, key: functionName,
			id: func(f liveFunction) string { return aws.ToString(f.FunctionName) },
			thing: func(f liveFunction) Thing {
				return Thing{
					ID: aws.ToString(f.FunctionName), Name: aws.ToString(f.FunctionName), Aliases: []string{aws.ToString(f.FunctionArn)},
					Attributes: map[string]any{"function_name": aws.ToString(f.FunctionName), "memory_size": scalar(f.MemorySize), "timeout": scalar(f.Timeout), "architectures": architecture(f)},
				}
			},
		}.kind(Spec{
			Type: "aws_lambda_function", Doc: "https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html",
			Context: []string{"function_name"},
		}),
	}
}

// liveFunction is a function with its tags, which have a call of their own; nil where that call failed.
type liveFunction struct {
	types.FunctionConfiguration
	tags map[string]string
}

// functionTable holds what a listing of functions tells, and tags. Reserved concurrency and the image are not read; the
// code (its hash, version, last_modified) belongs to the deployment pipeline and not to the infrastructure.
var functionTable = []field[liveFunction]{
	{Attribute{Path: "description", API: "Description"}, func(f liveFunction, _ Resource) any { return f.Description }},
	{Attribute{Path: "handler", API: "Handler"}, func(f liveFunction, _ Resource) any { return f.Handler }},
	{Attribute{Path: "runtime", API: "Runtime"}, func(f liveFunction, _ Resource) any { return string(f.Runtime) }},
	{Attribute{Path: "memory_size", API: "MemorySize"}, func(f liveFunction, _ Resource) any { return f.MemorySize }},
	{Attribute{Path: "timeout", API: "Timeout"}, func(f liveFunction, _ Resource) any { return f.Timeout }},
	{Attribute{Path: "role", API: "Role"}, func(f liveFunction, _ Resource) any { return f.Role }},
	{Attribute{Path: "kms_key_arn", API: "KMSKeyArn"}, func(f liveFunction, _ Resource) any { return f.KMSKeyArn }},
	{Attribute{Path: "architectures", API: "Architectures", Kind: Set}, functionArchitectures},
	{Attribute{Path: "layers", API: "Layers", Kind: List}, functionLayers},
	{Attribute{Path: "environment.0.variables", API: "Environment.Variables", Kind: Map, Hidden: true}, functionEnvironment},
	{Attribute{Path: "tracing_config.0.mode", API: "TracingConfig.Mode", Default: "PassThrough"}, functionTracing},
	{Attribute{Path: "ephemeral_storage.0.size", API: "EphemeralStorage.Size", Default: 512}, functionStorage},
	{Attribute{Path: "dead_letter_config.0.target_arn", API: "DeadLetterConfig.TargetArn"}, functionDeadLetter},
	{Attribute{Path: "vpc_config.0.subnet_ids", API: "VpcConfig.SubnetIds", Kind: Set}, functionVPC(func(v *types.VpcConfigResponse) any { return v.SubnetIds })},
	{Attribute{Path: "vpc_config.0.security_group_ids", API: "VpcConfig.SecurityGroupIds", Kind: Set}, functionVPC(func(v *types.VpcConfigResponse) any { return v.SecurityGroupIds })},
	{Attribute{Path: "logging_config.0.log_format", API: "LoggingConfig.LogFormat"}, functionLogging(func(l *types.LoggingConfig) any { return string(l.LogFormat) })},
	{Attribute{Path: "logging_config.0.log_group", API: "LoggingConfig.LogGroup"}, functionLogging(func(l *types.LoggingConfig) any { return l.LogGroup })},
	{tagsAttribute("ListTags.Tags"), func(f liveFunction, _ Resource) any {
		if f.tags == nil {
			return unread
		}
		return f.tags
	}},
}

func functionArchitectures(f liveFunction, _ Resource) any {
	if len(f.Architectures) == 0 {
		return unread
	}
	names := make([]string, 0, len(f.Architectures))
	for _, architecture := range f.Architectures {
		names = append(names, string(architecture))
	}
	return names
}

func functionLayers(f liveFunction, _ Resource) any {
	arns := make([]string, 0, len(f.Layers))
	for _, layer := range f.Layers {
		arns = append(arns, aws.ToString(layer.Arn))
	}
	return arns
}

func functionEnvironment(f liveFunction, _ Resource) any {
	switch {
	case f.Environment == nil:
		return nil
	case f.Environment.Error != nil:
		return unread
	}
	return f.Environment.Variables
}

func functionTracing(f liveFunction, _ Resource) any {
	if f.TracingConfig == nil {
		return nil
	}
	return string(f.TracingConfig.Mode)
}

func functionStorage(f liveFunction, _ Resource) any {
	if f.EphemeralStorage == nil {
		return nil
	}
	return f.EphemeralStorage.Size
}

func functionDeadLetter(f liveFunction, _ Resource) any {
	if f.DeadLetterConfig == nil {
		return nil
	}
	return f.DeadLetterConfig.TargetArn
}

func functionVPC(get func(*types.VpcConfigResponse) any) func(liveFunction, Resource) any {
	return func(f liveFunction, _ Resource) any {
		if f.VpcConfig == nil {
			return nil
		}
		return get(f.VpcConfig)
	}
}

// functionLogging compares only where the state holds the block: without one, Lambda chooses.
func functionLogging(get func(*types.LoggingConfig) any) func(liveFunction, Resource) any {
	return func(f liveFunction, resource Resource) any {
		block, _ := resource.Value("logging_config").([]any)
		if len(block) == 0 || f.LoggingConfig == nil {
			return unread
		}
		return get(f.LoggingConfig)
	}
}

// functionPages lists functions until all of resources are seen.
func functionPages(ctx context.Context, client LambdaAPI, caller *Caller, resources []Resource) ([]liveFunction, error) {
	wanted := map[string]bool{}
	for _, resource := range resources {
		wanted[functionName(resource)] = true
	}
	input := &lambda.ListFunctionsInput{MaxItems: aws.Int32(lambdaPage)}
	return pages(ctx, caller, client.ListFunctions, input, func(page *lambda.ListFunctionsOutput) ([]liveFunction, bool) {
		functions := make([]liveFunction, 0, len(page.Functions))
		for _, function := range page.Functions {
			functions = append(functions, liveFunction{FunctionConfiguration: function})
			delete(wanted, aws.ToString(function.FunctionName))
		}
		input.Marker = page.NextMarker
		allSeen := len(resources) > 0 && len(wanted) == 0
		return functions, aws.ToString(page.NextMarker) != "" && !allSeen
	})
}

func probeFunction(ctx context.Context, client LambdaAPI, caller *Caller, resource Resource) (*liveFunction, error) {
	answer, err := call(ctx, caller, client.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(functionName(resource))})
	if err != nil {
		return nil, err
	}
	return &liveFunction{FunctionConfiguration: configurationOf(answer)}, nil
}

func functionName(resource Resource) string {
	if name := resource.Text("function_name"); name != "" && !strings.HasPrefix(name, "arn:") {
		return name
	}
	return resource.ID
}

// functionOutcome reads the tags, which have a call of their own: https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html.
func functionOutcome(ctx context.Context, client LambdaAPI, caller *Caller, function liveFunction, resource Resource) Outcome {
	live, err := arn.Parse(aws.ToString(function.FunctionArn))
	if err == nil && resource.AccountID != "" && live.AccountID != resource.AccountID {
		return Outcome{Reason: otherAccount(resource.AccountID, live.AccountID)}
	}
	tags, err := call(ctx, caller, client.ListTags, &lambda.ListTagsInput{Resource: function.FunctionArn})
	if err == nil {
		function.tags = make(map[string]string, len(tags.Tags))
		for key, value := range tags.Tags {
			if !strings.HasPrefix(key, "aws:") {
				function.tags[key] = value
			}
		}
	}
	outcome := found(functionTable, function, resource)
	if err != nil {
		outcome.Reason, outcome.Err = "its tags could not be read", err
	}
	if _, ok := outcome.Attributes["environment.0.variables"]; !ok && function.Environment != nil {
		outcome.Reason = "its environment variables could not be decrypted (" + aws.ToString(function.Environment.Error.ErrorCode) + ")"
	}
	return outcome
}

// configurationOf takes what the table reads out of the answer for one function; the SDK gives it a type of its own.
func configurationOf(answer *lambda.GetFunctionConfigurationOutput) types.FunctionConfiguration {
	return types.FunctionConfiguration{
		FunctionArn: answer.FunctionArn, FunctionName: answer.FunctionName, Description: answer.Description, Handler: answer.Handler,
		Runtime: answer.Runtime, MemorySize: answer.MemorySize, Timeout: answer.Timeout, Role: answer.Role, KMSKeyArn: answer.KMSKeyArn,
		Architectures: slices.Clone(answer.Architectures), Layers: slices.Clone(answer.Layers), Environment: answer.Environment,
		TracingConfig: answer.TracingConfig, EphemeralStorage: answer.EphemeralStorage, DeadLetterConfig: answer.DeadLetterConfig,
		VpcConfig: answer.VpcConfig, LoggingConfig: answer.LoggingConfig,
	}
}

func architecture(f liveFunction) string {
	if len(f.Architectures) == 0 {
		return string(types.ArchitectureX8664)
	}
	return string(f.Architectures[0])
}
