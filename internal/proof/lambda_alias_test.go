package proof

import (
	"archive/zip"
	"bytes"
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

var lambdaAliasLever = lever{name: "lambda_alias", reversible: true, steps: []int{10, 50}, build: func(t *testing.T, w *world) target {
	t.Helper()
	ctx, config := t.Context(), w.outside()
	f := &function{client: lambda.NewFromConfig(config), name: w.name}
	role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(config).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &f.name, AssumeRolePolicyDocument: aws.String(`{}`)}))
	must[*lambda.CreateFunctionOutput](t)(f.client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &f.name, Role: role.Role.Arn, Runtime: types.RuntimePython312, Handler: aws.String("a.b"), Code: &types.FunctionCode{ZipFile: archive(t, "1")}, Publish: true,
	}))
	must[*lambda.UpdateFunctionCodeOutput](t)(f.client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, ZipFile: archive(t, "2"), Publish: true}))
	must[*lambda.CreateAliasOutput](t)(f.client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))
	return f
}}

func archive(t *testing.T, release string) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	_, err := must[interface{ Write([]byte) (int, error) }](t)(writer.Create("a.py")).Write([]byte("release = " + release))
	if err != nil || writer.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// function has an alias "live"; blue is its version 1 and green its version 2.
type function struct {
	client *lambda.Client
	name   string
}

func (f *function) router(config aws.Config) traffic.Router {
	return traffic.NewLambdaAlias(lambda.NewFromConfig(config), traffic.LambdaAliasTarget{Region: emulator.Region, Function: f.name, Alias: "live", BlueVersion: "1", GreenVersion: "2"})
}

func (f *function) give(ctx context.Context, weights traffic.Weights) error {
	input := &lambda.UpdateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: aws.String("1"), RoutingConfig: &types.AliasRoutingConfiguration{}}
	switch {
	case weights.Green == 100:
		input.FunctionVersion = aws.String("2")
	case weights.Green > 0:
		input.RoutingConfig.AdditionalVersionWeights = map[string]float64{"2": float64(weights.Green) / 100}
	}
	_, err := f.client.UpdateAlias(ctx, input)
	return err
}

func (f *function) serves(ctx context.Context) (shares, error) {
	out, err := f.client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &f.name, Name: aws.String("live")})
	if err != nil {
		return shares{}, err
	}
	var found shares
	add := func(version string, share float64) {
		switch version {
		case "1":
			found.blue += share
		case "2":
			found.green += share
		default:
			found.other += share
		}
	}
	rest := 1.0
	if out.RoutingConfig != nil {
		for version, share := range out.RoutingConfig.AdditionalVersionWeights {
			add(version, share)
			rest -= share
		}
	}
	add(aws.ToString(out.FunctionVersion), rest)
	return found, nil
}
