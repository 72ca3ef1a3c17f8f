package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// lever is one target: its configuration, and what a bad release does to it.
type lever struct {
	config string
	breaks func(ctx context.Context) error
}

// try makes a call unless an earlier one failed.
func try[T any](err *error, call func() (T, error)) (out T) {
	if *err == nil {
		out, *err = call()
	}
	return out
}

// newLevers makes one target of each of six kinds.
func newLevers(ctx context.Context, e *emulator.Emulator) (map[string]lever, error) {
	levers := map[string]lever{}
	for name, create := range map[string]func(context.Context, *emulator.Emulator) (lever, error){
		"alias": newAlias, "bucket": newBucket, "parameter": newParameter, "record": newRecord, "rule": newRule, "stage": newStage,
	} {
		made, err := create(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		levers[name] = made
	}
	return levers, nil
}

func newAlias(ctx context.Context, e *emulator.Emulator) (lever, error) {
	client, name := lambda.NewFromConfig(e.AWSConfig()), aws.String("bench")
	code, err := packed("1")
	role := try(&err, func() (*iam.CreateRoleOutput, error) {
		return iam.NewFromConfig(e.AWSConfig()).CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String("{}")})
	})
	try(&err, func() (*lambda.CreateFunctionOutput, error) {
		return client.CreateFunction(ctx, &lambda.CreateFunctionInput{
			FunctionName: name, Role: role.Role.Arn, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("a.b"), Publish: true,
			Code: &lambdatypes.FunctionCode{ZipFile: code},
		})
	})
	try(&err, func() (*lambda.CreateAliasOutput, error) {
		return client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	})
	if err == nil {
		code, err = packed("2")
	}
	second := try(&err, func() (*lambda.UpdateFunctionCodeOutput, error) {
		return client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: code, Publish: true})
	})
	return lever{`lambda_alias = { function_name = "bench", name = "live" }`, func(ctx context.Context) error {
		_, err := client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: second.Version})
		return err
	}}, err
}

func packed(body string) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("a.py")
	if err == nil {
		_, err = file.Write([]byte("x = " + body))
	}
	if err == nil {
		err = archive.Close()
	}
	return out.Bytes(), err
}

func newBucket(ctx context.Context, e *emulator.Emulator) (lever, error) {
	const name = "bench-levers"
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	err := filled(ctx, e, client, name, 3)
	return lever{fmt.Sprintf("s3_bucket = { bucket = %q }", name), func(ctx context.Context) error { return e.FillBucket(ctx, name, "", "bad", 3) }}, err
}

func newParameter(ctx context.Context, e *emulator.Emulator) (lever, error) {
	client := ssm.NewFromConfig(e.AWSConfig())
	put := func(ctx context.Context, value string) error {
		_, err := client.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/bench/flag"), Value: &value, Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)})
		return err
	}
	return lever{`ssm_parameter = { name = "/bench/flag" }`, func(ctx context.Context) error { return put(ctx, "bad") }}, put(ctx, "good")
}

func newRecord(ctx context.Context, e *emulator.Emulator) (lever, error) {
	client := route53.NewFromConfig(e.AWSConfig())
	zone, err := weightedZone(ctx, client)
	return lever{fmt.Sprintf("route53_record = { zone_id = %q, name = \"www.bench.example\", type = \"A\" }", zone), func(ctx context.Context) error {
		return switchByHand(ctx, client, zone, "green")
	}}, err
}

func newRule(ctx context.Context, e *emulator.Emulator) (lever, error) {
	config := e.AWSConfig()
	client, network := elb.NewFromConfig(config), ec2.NewFromConfig(config)
	var err error
	vpc := try(&err, func() (*ec2.CreateVpcOutput, error) {
		return network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	})
	var subnets, groups []string
	for i, zone := range []string{"a", "b"} {
		subnet := try(&err, func() (*ec2.CreateSubnetOutput, error) {
			return network.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", i)), AvailabilityZone: aws.String(config.Region + zone)})
		})
		group := try(&err, func() (*elb.CreateTargetGroupOutput, error) {
			return client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
				Name: aws.String("bench-" + zone), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc.Vpc.VpcId, TargetType: elbtypes.TargetTypeEnumIp,
			})
		})
		if err != nil {
			return lever{}, err
		}
		subnets, groups = append(subnets, *subnet.Subnet.SubnetId), append(groups, *group.TargetGroups[0].TargetGroupArn)
	}
	forward := func(group int) []elbtypes.Action {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &groups[group]}}
	}
	balancer := try(&err, func() (*elb.CreateLoadBalancerOutput, error) {
		return client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("bench"), Subnets: subnets})
	})
	listener := try(&err, func() (*elb.CreateListenerOutput, error) {
		return client.CreateListener(ctx, &elb.CreateListenerInput{
			LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), DefaultActions: forward(0),
		})
	})
	rule := try(&err, func() (*elb.CreateRuleOutput, error) {
		return client.CreateRule(ctx, &elb.CreateRuleInput{
			ListenerArn: listener.Listeners[0].ListenerArn, Priority: aws.Int32(10), Actions: forward(0),
			Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/shop/*"}}},
		})
	})
	if err != nil {
		return lever{}, err
	}
	arn := rule.Rules[0].RuleArn
	return lever{fmt.Sprintf("listener_rule = { arn = %q }", *arn), func(ctx context.Context) error {
		_, err := client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: arn, Actions: forward(1)})
		return err
	}}, nil
}

func newStage(ctx context.Context, e *emulator.Emulator) (lever, error) {
	client := apigateway.NewFromConfig(e.AWSConfig())
	var err error
	api := try(&err, func() (*apigateway.CreateRestApiOutput, error) {
		return client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("bench")})
	})
	root := try(&err, func() (*apigateway.GetResourcesOutput, error) {
		return client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})
	})
	try(&err, func() (*apigateway.PutMethodOutput, error) {
		return client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: root.Items[0].Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	})
	try(&err, func() (*apigateway.PutIntegrationOutput, error) {
		return client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: root.Items[0].Id, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeMock})
	})
	try(&err, func() (*apigateway.CreateDeploymentOutput, error) {
		return client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("live"), Variables: map[string]string{"colour": "blue"}})
	})
	if err != nil {
		return lever{}, err
	}
	return lever{fmt.Sprintf("rest_api_stage = { rest_api_id = %q, stage_name = \"live\" }", *api.Id), func(ctx context.Context) error {
		_, err := client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: aws.String("live"), PatchOperations: []apitypes.PatchOperation{
			{Op: apitypes.OpReplace, Path: aws.String("/variables/colour"), Value: aws.String("green")},
		}})
		return err
	}}, nil
}

// block is the targets attribute of levers.
func block(levers map[string]lever) string {
	var lines []string
	for name, one := range levers {
		lines = append(lines, fmt.Sprintf("    %s = { %s }\n", name, one.config))
	}
	return strings.Join(lines, "")
}
