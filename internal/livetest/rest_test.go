package livetest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_rest: a canary that is not there is made by replace, it takes effect at once, and a method setting goes by
// remove at the path that GetStage names it by.
func TestAccLive_rest(t *testing.T) {
	a := open(t, "rest", "rest")
	r := newREST(a)
	second := r.deploy("two")
	config := func(active string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active   = %q
  strategy = { type = "canary", steps = [50], interval = "1s", bake = "1s" }
  routes = { api = { api_gateway_canary = {
    rest_api_id = %q, stage_name = "prod", blue = { deployment_id = %q }, green = { deployment_id = %q }
  } } }
}
`, active, r.id, r.first, second)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("blue"), Check: r.serves(r.first, "one")},
			{Config: config("green"), Check: r.serves(second, "two")},
			{Config: config("blue"), Check: r.serves(r.first, "one")},
		},
	})
	r.methodSettingsGo()
}

// rest is a REST API whose stage "prod" serves deployment first. Each deployment answers GET / with a text of its own.
type rest struct {
	*account
	client *apigateway.Client
	id     string
	root   *string
	first  string
}

func newREST(a *account) *rest {
	a.t.Helper()
	r := &rest{account: a, client: apigateway.NewFromConfig(a.config)}
	made, err := r.client.CreateRestApi(a.ctx(), &apigateway.CreateRestApiInput{Name: &a.name})
	a.must(err)
	r.id = *made.Id
	resources, err := r.client.GetResources(a.ctx(), &apigateway.GetResourcesInput{RestApiId: &r.id})
	a.must(err)
	r.root = resources.Items[0].Id
	get := aws.String(http.MethodGet)
	_, err = r.client.PutMethod(a.ctx(), &apigateway.PutMethodInput{RestApiId: &r.id, ResourceId: r.root, HttpMethod: get, AuthorizationType: aws.String("NONE")})
	a.must(err)
	_, err = r.client.PutMethodResponse(a.ctx(), &apigateway.PutMethodResponseInput{RestApiId: &r.id, ResourceId: r.root, HttpMethod: get, StatusCode: aws.String("200")})
	a.must(err)
	_, err = r.client.PutIntegration(a.ctx(), &apigateway.PutIntegrationInput{
		RestApiId: &r.id, ResourceId: r.root, HttpMethod: get, Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
	})
	a.must(err)
	r.first = r.deploy("one")
	_, err = r.client.CreateStage(a.ctx(), &apigateway.CreateStageInput{RestApiId: &r.id, StageName: aws.String("prod"), DeploymentId: &r.first})
	a.must(err)
	return r
}

// deploy makes a deployment that answers with text. The least time between two is five seconds an account:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
func (r *rest) deploy(text string) (id string) {
	r.t.Helper()
	_, err := r.client.PutIntegrationResponse(r.ctx(), &apigateway.PutIntegrationResponseInput{
		RestApiId: &r.id, ResourceId: r.root, HttpMethod: aws.String(http.MethodGet), StatusCode: aws.String("200"),
		ResponseTemplates: map[string]string{"application/json": fmt.Sprintf("%q", text)},
	})
	r.must(err)
	r.must(within(r.account, time.Minute, func() error {
		made, err := r.client.CreateDeployment(r.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &r.id})
		if is[*types.TooManyRequestsException](err) {
			return again{err}
		}
		if err == nil {
			id = *made.Id
		}
		return err
	}))
	return id
}

func (r *rest) stage() *apigateway.GetStageOutput {
	r.t.Helper()
	stage, err := r.client.GetStage(r.ctx(), &apigateway.GetStageInput{RestApiId: &r.id, StageName: aws.String("prod")})
	r.must(err)
	return stage
}

// serves asks the stage which deployment it serves and, where requests can be sent, ten requests right after the switch.
func (r *rest) serves(deployment, text string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		stage := r.stage()
		if *stage.DeploymentId != deployment || stage.CanarySettings != nil && stage.CanarySettings.PercentTraffic != 0 {
			return fmt.Errorf("the stage serves %s with canary %+v, want %s alone", *stage.DeploymentId, stage.CanarySettings, deployment)
		}
		for range map[bool]int{true: 10}[r.live] { // the emulator serves no requests
			got, err := r.get()
			if err != nil || strings.Trim(got, "\"\n") != text {
				return fmt.Errorf("right after the switch the API answers %s (%w), want %s", got, err, text)
			}
		}
		return nil
	}
}

func (r *rest) get() (string, error) {
	url := fmt.Sprintf("https://%s.execute-api.%s.amazonaws.com/prod/", r.id, r.config.Region)
	request, err := http.NewRequestWithContext(r.ctx(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	return string(body), err
}

// methodSettingsGo: what "replace" at a path sets, "remove" at the key of MethodSettings takes away; and of several
// operations, one of which is refused, none is done.
func (r *rest) methodSettingsGo() {
	r.t.Helper()
	patch := func(operations ...types.PatchOperation) error {
		_, err := r.client.UpdateStage(r.ctx(), &apigateway.UpdateStageInput{RestApiId: &r.id, StageName: aws.String("prod"), PatchOperations: operations})
		return err
	}
	operation := func(op types.Op, path, value string) types.PatchOperation {
		out := types.PatchOperation{Op: op, Path: &path}
		if value != "" {
			out.Value = &value
		}
		return out
	}
	r.must(patch(operation(types.OpReplace, "/~1/GET/throttling/rateLimit", "5")))
	settings := r.stage().MethodSettings
	if len(settings) != 1 {
		r.t.Fatalf("one setting was made, there are %v", settings)
	}
	for path := range settings {
		if err := patch(operation(types.OpReplace, "/variables/half", "done"), operation(types.OpReplace, "/no/such/path/at/all", "1")); !is[*types.BadRequestException](err) {
			r.t.Errorf("a patch with a path that is none: %v, want a BadRequestException", err)
		}
		if half := r.stage().Variables["half"]; half != "" {
			r.t.Errorf("of a refused patch the first half was done: %q", half)
		}
		r.must(patch(operation(types.OpRemove, "/"+path, "")))
	}
	if left := r.stage().MethodSettings; len(left) != 0 {
		r.t.Errorf("settings are left: %v", left)
	}
}
