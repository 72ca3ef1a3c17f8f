package rollback_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// api is a REST API with the stages live, beta and next.
type api struct {
	t      *testing.T
	client *apigateway.Client
	id     string
	first  string // the deployment that all stages serve
}

func newAPI(t *testing.T) api {
	t.Helper()
	ctx, name := t.Context(), acctest.Unique(t)
	a := api{t: t, client: apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	a.id = aws.ToString(with[*apigateway.CreateRestApiOutput](t)(a.client.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &name})).Id)
	root := with[*apigateway.GetResourcesOutput](t)(a.client.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: &a.id})).Items[0].Id
	with[*apigateway.PutMethodOutput](t)(a.client.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: &a.id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}))
	with[*apigateway.PutIntegrationOutput](t)(a.client.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &a.id, ResourceId: root, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock}))
	a.first = a.deploy()
	for _, stage := range []string{"live", "beta", "next"} {
		with[*apigateway.CreateStageOutput](t)(a.client.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: &a.id, StageName: &stage, DeploymentId: &a.first}))
	}
	return a
}

func (a api) deploy() string {
	a.t.Helper()
	return aws.ToString(with[*apigateway.CreateDeploymentOutput](a.t)(a.client.CreateDeployment(a.t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &a.id})).Id)
}

// deployments returns the ids of all, and when the newest was made.
func (a api) deployments() (ids map[string]bool, newest time.Time) {
	a.t.Helper()
	ids = map[string]bool{}
	for _, d := range with[*apigateway.GetDeploymentsOutput](a.t)(a.client.GetDeployments(a.t.Context(), &apigateway.GetDeploymentsInput{RestApiId: &a.id})).Items {
		ids[aws.ToString(d.Id)] = true
		if d.CreatedDate.After(newest) {
			newest = *d.CreatedDate
		}
	}
	return ids, newest
}

// turns waits until API Gateway's clock, which counts seconds, tells what comes from what is there.
func (a api) turns() {
	a.t.Helper()
	_, newest := a.deployments()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Unix() <= newest.Unix() {
		select {
		case <-ctx.Done():
			a.t.Fatal("the clock stands still")
		case <-tick.C:
		}
	}
}

func (a api) set(stage, path, value string) {
	a.t.Helper()
	with[*apigateway.UpdateStageOutput](a.t)(a.client.UpdateStage(a.t.Context(), &apigateway.UpdateStageInput{
		RestApiId: &a.id, StageName: &stage, PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: &path, Value: &value}},
	}))
}

// TestAccRollback_cleanupOfDeployments: of what a failed release deployed, the rollback deletes what nothing serves. What a canary
// or another stage serves stays, and so does what was there before.
func TestAccRollback_cleanupOfDeployments(t *testing.T) {
	a, name := newAPI(t), acctest.Unique(t)
	s := scene{t: t, folder: t.TempDir()}
	older := a.deploy()
	taken := s.provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v1\"\n  targets = { api = { rest_api_stage = { rest_api_id = %q, stage_name = \"live\" } } }\n}\n", name, a.id)
	id := fmt.Sprintf("%q", name+"/000001")
	const cleanup = "cleanup = { api_deployments = true }"
	preview := s.provider() + "data \"reliability_rollback_plan\" \"web\" {\n  snapshot_id = " + id + "\n  " + cleanup + "\n}\n" + forget
	var bad, idle, tried, shared string
	one := func(want *string) knownvalue.Check {
		return knownvalue.StringFunc(func(got string) error {
			if !strings.Contains(got, *want) {
				return fmt.Errorf("%q is not about %s", got, *want)
			}
			return nil
		})
	}
	either := func(got string) error {
		if strings.Contains(got, bad) == strings.Contains(got, idle) || !strings.Contains(got, "newer than the snapshot, and served by no stage") {
			return fmt.Errorf("%q is not about %s or %s", got, bad, idle)
		}
		return nil
	}
	deletion := func(reversible bool) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"target": knownvalue.StringExact("api"), "action": knownvalue.StringExact("delete"), "detail": knownvalue.StringFunc(either), "reversible": knownvalue.Bool(reversible),
		})
	}
	changes := knownvalue.ListExact([]knownvalue.Check{
		knownvalue.ObjectPartial(map[string]knownvalue.Check{"action": knownvalue.StringExact("update"), "detail": one(&bad)}), deletion(false), deletion(false),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: taken},
		{
			PreConfig: func() {
				a.turns()
				bad, idle, tried, shared = a.deploy(), a.deploy(), a.deploy(), a.deploy()
				a.set("live", "/deploymentId", bad)
				a.set("beta", "/canarySettings/deploymentId", tried)
				a.set("next", "/deploymentId", shared)
			},
			Config:            preview,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("changes"), changes)},
		},
		{
			Config:            s.provider() + rollback(id, "on_complete = \"ok\"\n  "+cleanup),
			ConfigStateChecks: []statecheck.StateCheck{is("status", "restored"), value("changes", changes)},
			ConfigPlanChecks:  settled,
		},
	}})
	left, _ := a.deployments()
	if left[bad] || left[idle] || !left[a.first] || !left[older] || !left[tried] || !left[shared] || len(left) != 4 {
		t.Errorf("left are %v; first %s, older %s, bad %s, idle %s, canary's %s, another stage's %s", left, a.first, older, bad, idle, tried, shared)
	}
	live := with[*apigateway.GetStageOutput](t)(a.client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &a.id, StageName: aws.String("live")}))
	if aws.ToString(live.DeploymentId) != a.first {
		t.Errorf("live serves %s, not %s", aws.ToString(live.DeploymentId), a.first)
	}
}
