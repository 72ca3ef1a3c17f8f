package traffic

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// patch is one patch operation of API Gateway.
// https://docs.aws.amazon.com/apigateway/latest/api/API_PatchOperation.html
type patch struct{ op, path, value, from string }

func replace(path, value string) patch { return patch{op: "replace", path: path, value: value} }

func sdkPatches(operations []patch) []types.PatchOperation {
	var made []types.PatchOperation
	for _, operation := range operations {
		next := types.PatchOperation{Op: types.Op(operation.op), Path: aws.String(operation.path)}
		if operation.op == "replace" {
			next.Value = aws.String(operation.value)
		}
		if operation.from != "" {
			next.From = aws.String(operation.from)
		}
		made = append(made, next)
	}
	return made
}

// canaryStageOf reads a stage. A canary without a deployment of its own serves that of the stage.
// https://docs.aws.amazon.com/apigateway/latest/api/API_CanarySettings.html
func canaryStageOf(deployment *string, settings *types.CanarySettings) canaryStage {
	stage := canaryStage{deployment: aws.ToString(deployment)}
	if settings == nil {
		return stage
	}
	stage.hasCanary, stage.canary, stage.percent, stage.overrides = true, aws.ToString(settings.DeploymentId), settings.PercentTraffic, settings.StageVariableOverrides
	if stage.canary == "" {
		stage.canary = stage.deployment
	}
	return stage
}
