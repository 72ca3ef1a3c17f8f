package proof

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// code is one target of a snapshot: release 1 is what was before, release 2 what is deployed.
type code interface {
	// service is what captures it and puts it back.
	service(config aws.Config) (service.Service, error)
	// deploy brings out a release, as hashicorp/aws does.
	deploy(ctx context.Context, release int) error
	// shows is the release that is live; 0 when it is neither.
	shows(ctx context.Context) (int, error)
	// lost names what was there at the beginning and is not any more.
	lost(ctx context.Context) []string
}

// build sets up a target at release 1.
func (d *deployed) build(t *testing.T, kind string) code {
	t.Helper()
	w := d.worldOf(lever{}, "code-"+kind)
	switch kind {
	case "lambda_alias":
		return functionCode{lambdaAliasLever.build(t, w).(*function), d}
	case "route53_record":
		z := route53Lever.build(t, w).(*zone)
		z.name = "code." + w.name + ".example."
		return d.ready(t, recordCode{z, d})
	case "listener_rule":
		b := listenerLever.build(t, w).(*balancer)
		made := must[*elb.CreateRuleOutput](t)(b.client.CreateRule(t.Context(), &elb.CreateRuleInput{
			ListenerArn: &b.arn, Priority: aws.Int32(1), Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/code"}}}, Actions: b.forward(traffic.On(traffic.Blue, 100)),
		}))
		b.arn = *made.Rules[0].RuleArn
		return ruleCode{b}
	case "rest_api_stage":
		return d.ready(t, stageCode{apiGatewayCanaryLever.build(t, w).(*apiStage)})
	case "cloudfront_distribution":
		return edgeCode{cloudFrontOriginLever.build(t, w).(*distribution), w}
	case "s3_bucket":
		for _, key := range []string{"site/a", "site/b +ü", "site/c", "other/kept"} {
			d.aws.put(w.name, key, "1 "+key)
		}
		return bucketCode{d.aws, w.name, d.aws.every(w.name), d}
	case "ssm_parameter":
		d.aws.setParameter("/"+w.name, "release 1")
		return parameterCode{d.aws, "/" + w.name}
	}
	t.Fatalf("there is no code of kind %s", kind)
	return nil
}

func (d *deployed) ready(t *testing.T, c code) code {
	t.Helper()
	if err := c.deploy(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return c
}

func colourOf(release int) traffic.Colour {
	return map[int]traffic.Colour{1: traffic.Blue, 2: traffic.Green}[release]
}

func releaseOf(served shares, err error) (int, error) {
	switch {
	case err != nil:
		return 0, err
	case served.only(traffic.Blue):
		return 1, nil
	case served.only(traffic.Green):
		return 2, nil
	}
	return 0, nil
}

type functionCode struct {
	*function
	d *deployed
}

func (c functionCode) service(config aws.Config) (service.Service, error) {
	return service.NewLambdaAlias(lambda.NewFromConfig(config), c.name, "live"), nil
}

func (c functionCode) deploy(ctx context.Context, release int) error {
	return c.give(ctx, traffic.On(colourOf(release), 100))
}
func (c functionCode) shows(ctx context.Context) (int, error) { return releaseOf(c.serves(ctx)) }

func (c functionCode) lost(context.Context) []string {
	if n := len(c.d.aws.functions[c.name].versions); n < 2 {
		return []string{fmt.Sprintf("a version of function %s: %d are left", c.name, n)}
	}
	return nil
}

type recordCode struct {
	*zone
	d *deployed
}

func (c recordCode) service(config aws.Config) (service.Service, error) {
	return service.NewRoute53Record(route53.NewFromConfig(config), clock.System{}, c.id, c.name, "A"), nil
}

func (c recordCode) deploy(ctx context.Context, release int) error {
	_, err := c.client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &c.id, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
		Action: types.ChangeActionUpsert, ResourceRecordSet: &types.ResourceRecordSet{
			Name: &c.name, Type: types.RRTypeA, TTL: aws.Int64(int64(10 * release)), ResourceRecords: []types.ResourceRecord{{Value: aws.String(fmt.Sprintf("192.0.2.%d", release))}},
		},
	}}}})
	return err
}

func (c recordCode) shows(ctx context.Context) (int, error) {
	out, err := c.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &c.id})
	if err != nil {
		return 0, err
	}
	for _, record := range out.ResourceRecordSets {
		for release := 1; release <= 2; release++ {
			if *record.Name == c.name && aws.ToInt64(record.TTL) == int64(10*release) && *record.ResourceRecords[0].Value == fmt.Sprintf("192.0.2.%d", release) {
				return release, nil
			}
		}
	}
	return 0, nil
}

func (c recordCode) lost(ctx context.Context) []string {
	out, err := c.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &c.id})
	if err != nil || len(out.ResourceRecordSets) != 5 { // with four that nobody may touch
		return []string{fmt.Sprintf("a record of zone %s: %v", c.id, err)}
	}
	return nil
}

type ruleCode struct{ *balancer }

func (c ruleCode) service(config aws.Config) (service.Service, error) {
	return service.NewListenerRule(elb.NewFromConfig(config), c.arn), nil
}

func (c ruleCode) deploy(ctx context.Context, release int) error {
	_, err := c.client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &c.arn, Actions: c.forward(traffic.On(colourOf(release), 100))})
	return err
}

func (c ruleCode) shows(ctx context.Context) (int, error) {
	out, err := c.client.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{c.arn}})
	if err != nil {
		return 0, err
	}
	var found shares
	for _, group := range out.Rules[0].Actions[0].ForwardConfig.TargetGroups {
		if *group.TargetGroupArn == c.blue {
			found.blue += float64(*group.Weight)
		} else {
			found.green += float64(*group.Weight)
		}
	}
	return releaseOf(found, nil)
}

func (c ruleCode) lost(context.Context) []string { return nil }

type stageCode struct{ *apiStage }

func (c stageCode) service(config aws.Config) (service.Service, error) {
	return service.NewRESTStage(apigateway.NewFromConfig(config), c.api, "prod"), nil
}

func (c stageCode) deploy(ctx context.Context, release int) error {
	_, err := c.client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &c.api, StageName: aws.String("prod"), PatchOperations: []apitypes.PatchOperation{
		{Op: apitypes.OpReplace, Path: aws.String("/deploymentId"), Value: aws.String(map[int]string{1: c.blue, 2: c.green}[release])},
		{Op: apitypes.OpReplace, Path: aws.String("/variables/release"), Value: aws.String(fmt.Sprint(release))},
	}})
	return err
}

func (c stageCode) shows(ctx context.Context) (int, error) {
	stage, err := c.client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &c.api, StageName: aws.String("prod")})
	if err != nil {
		return 0, err
	}
	for release, deployment := range map[int]string{1: c.blue, 2: c.green} {
		if *stage.DeploymentId == deployment && stage.Variables["release"] == fmt.Sprint(release) {
			return release, nil
		}
	}
	return 0, nil
}

func (c stageCode) lost(context.Context) []string { return nil }

type edgeCode struct {
	*distribution
	w *world
}

func (c edgeCode) service(config aws.Config) (service.Service, error) {
	return service.NewCloudFrontDistribution(cloudfront.NewFromConfig(config), nil, clock.System{}, c.id), nil
}

func (c edgeCode) deploy(ctx context.Context, release int) error {
	return c.give(ctx, traffic.On(colourOf(release), 100))
}

func (c edgeCode) shows(ctx context.Context) (int, error) { return releaseOf(c.serves(ctx)) }
func (c edgeCode) lost(context.Context) []string          { return nil }

type bucketCode struct {
	aws    *memoryAWS
	name   string
	before map[string]string
	d      *deployed
}

func (c bucketCode) service(config aws.Config) (service.Service, error) {
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	return service.NewS3Bucket(client, c.name, "site/", nil, service.S3Options{})
}

// deploy changes an object, deletes one and makes one.
func (c bucketCode) deploy(_ context.Context, release int) error {
	if release == 1 {
		for _, key := range []string{"site/a", "site/b +ü", "site/c"} {
			c.aws.put(c.name, key, "1 "+key)
		}
		return nil
	}
	c.aws.put(c.name, "site/a", "2 site/a")
	c.aws.erase(c.name, "site/b +ü")
	c.aws.put(c.name, "site/new", "2 site/new")
	return nil
}

func (c bucketCode) shows(context.Context) (int, error) {
	now := c.aws.objects(c.name)
	delete(now, "site/new") // a rollback leaves what is newer, unless it is asked to take it away
	switch {
	case maps.Equal(now, map[string]string{"site/a": "1 site/a", "site/b +ü": "1 site/b +ü", "site/c": "1 site/c", "other/kept": "1 other/kept"}):
		return 1, nil
	case maps.Equal(now, map[string]string{"site/a": "2 site/a", "site/c": "1 site/c", "other/kept": "1 other/kept"}):
		return 2, nil
	}
	return 0, nil
}

func (c bucketCode) lost(context.Context) (gone []string) {
	now := c.aws.every(c.name)
	for _, version := range slices.Sorted(maps.Keys(c.before)) {
		if now[version] != c.before[version] {
			gone = append(gone, "object "+version)
		}
	}
	return gone
}

type parameterCode struct {
	aws  *memoryAWS
	name string
}

func (c parameterCode) service(config aws.Config) (service.Service, error) {
	return service.NewSSMParameter(ssm.NewFromConfig(config), clock.System{}, c.name), nil
}

func (c parameterCode) deploy(_ context.Context, release int) error {
	c.aws.setParameter(c.name, fmt.Sprintf("release %d", release))
	return nil
}

func (c parameterCode) shows(context.Context) (release int, err error) {
	values := c.aws.parameterValues(c.name)
	_, err = fmt.Sscanf(values[len(values)-1], "release %d", &release)
	return release, err
}

func (c parameterCode) lost(context.Context) []string {
	if c.aws.parameterValues(c.name)[0] != "release 1" {
		return []string{"version 1 of parameter " + c.name}
	}
	return nil
}
