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
}

// lambdaPage is the largest page: "ListFunctions returns a maximum of 50 items in each response",
// https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html.
const lambdaPage = 50

type lambdaReader struct {
	client func(ctx context.Context, region string) (LambdaAPI, error)
}

func newLambda(clients *awsapi.Clients) Reader {
	return &lambdaReader{client: func(ctx context.Context, region string) (LambdaAPI, error) { return clients.Lambda(ctx, region) }}
}

// Types are functions.
func (r *lambdaReader) Types() []Spec {
	return []Spec{{
		Type: "aws_lambda_function", Doc: "https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html",
		Attributes: attributesOf(functionTable), Context: []string{"function_name"},
	}}
}

// functionTable holds what a listing of functions tells. It does not tell tags, reserved concurrency and the image; the
// code (its hash, version, last_modified) belongs to the deployment pipeline and not to the infrastructure.
var functionTable = []field[types.FunctionConfiguration]{
	{Attribute{Path: "description", API: "Description"}, func(f types.FunctionConfiguration, _ Resource) any { return f.Description }},
	{Attribute{Path: "handler", API: "Handler"}, func(f types.FunctionConfiguration, _ Resource) any { return f.Handler }},
	{Attribute{Path: "runtime", API: "Runtime"}, func(f types.FunctionConfiguration, _ Resource) any { return string(f.Runtime) }},
	{Attribute{Path: "memory_size", API: "MemorySize"}, func(f types.FunctionConfiguration, _ Resource) any { return f.MemorySize }},
	{Attribute{Path: "timeout", API: "Timeout"}, func(f types.FunctionConfiguration, _ Resource) any { return f.Timeout }},
	{Attribute{Path: "role", API: "Role"}, func(f types.FunctionConfiguration, _ Resource) any { return f.Role }},
	{Attribute{Path: "kms_key_arn", API: "KMSKeyArn"}, func(f types.FunctionConfiguration, _ Resource) any { return f.KMSKeyArn }},
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
}

func functionArchitectures(f types.FunctionConfiguration, _ Resource) any {
	if len(f.Architectures) == 0 {
		return unread
	}
	names := make([]string, 0, len(f.Architectures))
	for _, architecture := range f.Architectures {
		names = append(names, string(architecture))
	}
	return names
}

func functionLayers(f types.FunctionConfiguration, _ Resource) any {
	arns := make([]string, 0, len(f.Layers))
	for _, layer := range f.Layers {
		arns = append(arns, aws.ToString(layer.Arn))
	}
	return arns
}

func functionEnvironment(f types.FunctionConfiguration, _ Resource) any {
	switch {
	case f.Environment == nil:
		return nil
	case f.Environment.Error != nil:
		return unread
	}
	return f.Environment.Variables
}

func functionTracing(f types.FunctionConfiguration, _ Resource) any {
	if f.TracingConfig == nil {
		return nil
	}
	return string(f.TracingConfig.Mode)
}

func functionStorage(f types.FunctionConfiguration, _ Resource) any {
	if f.EphemeralStorage == nil {
		return nil
	}
	return f.EphemeralStorage.Size
}

func functionDeadLetter(f types.FunctionConfiguration, _ Resource) any {
	if f.DeadLetterConfig == nil {
		return nil
	}
	return f.DeadLetterConfig.TargetArn
}

func functionVPC(get func(*types.VpcConfigResponse) any) func(types.FunctionConfiguration, Resource) any {
	return func(f types.FunctionConfiguration, _ Resource) any {
		if f.VpcConfig == nil {
			return nil
		}
		return get(f.VpcConfig)
	}
}

// functionLogging compares only where the state holds the block: without one, Lambda chooses.
func functionLogging(get func(*types.LoggingConfig) any) func(types.FunctionConfiguration, Resource) any {
	return func(f types.FunctionConfiguration, resource Resource) any {
		block, _ := resource.State["logging_config"].([]any)
		if len(block) == 0 || f.LoggingConfig == nil {
			return unread
		}
		return get(f.LoggingConfig)
	}
}

// Read lists functions until all of the batch are seen.
func (r *lambdaReader) Read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	client, err := r.client(ctx, batch.Region)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, resource := range batch.Resources {
		wanted[functionName(resource)] = true
	}
	listed := map[string]types.FunctionConfiguration{}
	input := &lambda.ListFunctionsInput{MaxItems: aws.Int32(lambdaPage)}
	for len(listed) < len(wanted) {
		page, err := call(ctx, batch.Caller, client.ListFunctions, input)
		if err != nil {
			return nil, err
		}
		for _, function := range page.Functions {
			if name := aws.ToString(function.FunctionName); wanted[name] {
				listed[name] = function
			}
		}
		if aws.ToString(page.NextMarker) == "" {
			break
		}
		input.Marker = page.NextMarker
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome {
		name := functionName(resource)
		if function, ok := listed[name]; ok {
			return functionOutcome(function, resource)
		}
		return missing(ctx, batch.Caller, resource, func(ctx context.Context) (*Outcome, error) {
			answer, err := call(ctx, batch.Caller, client.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(name)})
			if err != nil {
				return nil, err
			}
			outcome := functionOutcome(configurationOf(answer), resource)
			return &outcome, nil
		})
	}), nil
}

func functionName(resource Resource) string {
	if name := resource.Text("function_name"); name != "" && !strings.HasPrefix(name, "arn:") {
		return name
	}
	return resource.ID
}

func functionOutcome(function types.FunctionConfiguration, resource Resource) Outcome {
	live, err := arn.Parse(aws.ToString(function.FunctionArn))
	if err == nil && resource.AccountID != "" && live.AccountID != resource.AccountID {
		return Outcome{Reason: otherAccount(resource.AccountID, live.AccountID)}
	}
	outcome := found(functionTable, function, resource)
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
