package livetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// comesBack takes a snapshot of target, breaks what it names and rolls back: afterwards seen says what it said before.
func (a *account) comesBack(target string, breaks func(), seen func() string) {
	a.t.Helper()
	provider := acctest.ProviderBlock(a.t)
	if !a.live {
		provider = strings.Replace(provider, "{\n", "{\n  s3_use_path_style = true\n", 1)
	}
	before := seen()
	resource.Test(a.t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: provider + fmt.Sprintf(`
resource "reliability_deployment_snapshot" "test" {
  name    = %q
  release = "v2"
  targets = { it = { %s } }
}
`, a.name, target)},
			{
				PreConfig: func() {
					breaks()
					if seen() == before {
						a.t.Error("the release changed nothing")
					}
				},
				Config: provider + fmt.Sprintf(`
resource "reliability_rollback" "test" {
  snapshot_id = "%s/000001"
  reason      = "a live test"
  on_complete = "ok"
}
`, a.name),
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
	if after := seen(); after != before {
		a.t.Errorf("after the rollback there is\n%s\nwhere there was\n%s", after, before)
	}
}

// TestAccLive_parameter: a SecureString goes back to its older value, which the snapshot never held.
func TestAccLive_parameter(t *testing.T) {
	a := open(t, "parameter", "parameter")
	client, name := ssm.NewFromConfig(a.config), "/"+a.name
	put := func(value string) {
		_, err := client.PutParameter(a.ctx(), &ssm.PutParameterInput{Name: &name, Value: &value, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true)})
		a.must(err)
	}
	put("one")
	a.comesBack(fmt.Sprintf("ssm_parameter = { name = %q }", name), func() { put("two") }, func() string {
		now, err := client.GetParameter(a.ctx(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		a.must(err)
		return *now.Parameter.Value
	})
}

// TestAccLive_http: settings of an HTTP API's stage are replaced as a whole, those of a route that is not there are
// refused, and a stage whose automatic deployments are off serves the deployment that it is told.
func TestAccLive_http(t *testing.T) {
	a := open(t, "http", "http")
	client := apigatewayv2.NewFromConfig(a.config)
	api, err := client.CreateApi(a.ctx(), &apigatewayv2.CreateApiInput{Name: &a.name, ProtocolType: apitypes.ProtocolTypeHttp})
	a.must(err)
	integration, err := client.CreateIntegration(a.ctx(), &apigatewayv2.CreateIntegrationInput{
		ApiId: api.ApiId, IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String("https://checkip.amazonaws.com"),
		PayloadFormatVersion: aws.String("1.0"),
	})
	a.must(err)
	_, err = client.CreateRoute(a.ctx(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /"), Target: aws.String("integrations/" + *integration.IntegrationId)})
	a.must(err)
	deploy := func() *string {
		made, err := client.CreateDeployment(a.ctx(), &apigatewayv2.CreateDeploymentInput{ApiId: api.ApiId})
		a.must(err)
		return made.DeploymentId
	}
	stage := aws.String("$default")
	_, err = client.CreateStage(a.ctx(), &apigatewayv2.CreateStageInput{
		ApiId: api.ApiId, StageName: stage, DeploymentId: deploy(), StageVariables: map[string]string{"colour": "blue"},
		DefaultRouteSettings: &apitypes.RouteSettings{ThrottlingBurstLimit: aws.Int32(20), ThrottlingRateLimit: aws.Float64(10)},
	})
	a.must(err)
	update := func(in *apigatewayv2.UpdateStageInput) error {
		in.ApiId, in.StageName = api.ApiId, stage
		_, err := client.UpdateStage(a.ctx(), in)
		return err
	}
	a.comesBack(fmt.Sprintf("http_api_stage = { api_id = %q, stage_name = \"$default\" }", *api.ApiId), func() {
		a.must(update(&apigatewayv2.UpdateStageInput{
			DeploymentId: deploy(), StageVariables: map[string]string{"colour": "green", "extra": "1"},
			DefaultRouteSettings: &apitypes.RouteSettings{ThrottlingBurstLimit: aws.Int32(5), ThrottlingRateLimit: aws.Float64(2)},
		}))
	}, func() string {
		now, err := client.GetStage(a.ctx(), &apigatewayv2.GetStageInput{ApiId: api.ApiId, StageName: stage})
		a.must(err)
		burst, rate := int32(0), 0.0
		if now.DefaultRouteSettings != nil {
			burst, rate = aws.ToInt32(now.DefaultRouteSettings.ThrottlingBurstLimit), aws.ToFloat64(now.DefaultRouteSettings.ThrottlingRateLimit)
		}
		return fmt.Sprintf("deployment %s, variables %v, burst %d, rate %v, automatic %v", aws.ToString(now.DeploymentId), now.StageVariables, burst, rate, aws.ToBool(now.AutoDeploy))
	})
	err = update(&apigatewayv2.UpdateStageInput{RouteSettings: map[string]apitypes.RouteSettings{"GET /nowhere": {ThrottlingBurstLimit: aws.Int32(1)}}})
	if !is[*apitypes.NotFoundException](err) && !is[*apitypes.BadRequestException](err) {
		t.Errorf("settings of a route that is not there: %v, want a refusal", err)
	}
}
