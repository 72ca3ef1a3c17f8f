package livetest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_lambda: a switch of an alias takes effect at once, and a writer with an old revision is refused.
func TestAccLive_lambda(t *testing.T) {
	a := open(t, "lambda", "lambda", "role")
	f := newFunction(a)
	if !a.live {
		acctest.Emulator(t).OnInvoke(f.name, func(version string, _ []byte) ([]byte, string) { return fmt.Appendf(nil, "%q", version), "" })
	}
	config := func(active string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_deployment_snapshot" "test" {
  name    = %[1]q
  release = "v2"
  targets = { api = { lambda_alias = { function_name = %[1]q, name = "live" } } }
}

resource "reliability_blue_green_switch" "test" {
  active      = %[2]q
  snapshot_id = reliability_deployment_snapshot.test.id
  strategy    = { type = "canary", steps = [50], interval = "1s", bake = "1s" }
  checks      = { api = { lambda = { function_name = %[1]q, payload = "{}" } } }
  routes      = { api = { lambda_alias = { function_name = %[1]q, name = "live", blue = { version = "1" }, green = { version = "2" } } } }
}
`, f.name, active)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("blue"), Check: f.serves(map[string]int{"1": 50})},
			{
				Config: config("green"),
				Check:  f.serves(map[string]int{"2": 50}), // settling is 0: each request right after the change
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			},
			{Config: config("blue"), Check: f.serves(map[string]int{"1": 50})},
		},
	})
	f.refusesAnOldRevision()
}

// function is a function with versions 1 and 2, each of which answers with its number, and an alias "live" on 1.
type function struct {
	*account
	client *lambda.Client
	name   string
}

func newFunction(a *account) *function {
	a.t.Helper()
	f := &function{a, lambda.NewFromConfig(a.config), a.name}
	role, err := iam.NewFromConfig(a.config).CreateRole(a.ctx(), &iam.CreateRoleInput{RoleName: &a.name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	)})
	a.must(err)
	// A new role is not known everywhere at once: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
	a.must(within(a, 2*time.Minute, func() error {
		_, err := f.client.CreateFunction(a.ctx(), &lambda.CreateFunctionInput{
			FunctionName: &f.name, Role: role.Role.Arn, Runtime: lambdatypes.RuntimeNodejs20x, Handler: aws.String("index.handler"), Publish: true,
			Code: &lambdatypes.FunctionCode{ZipFile: f.code("1")}, Tags: map[string]string{"reliability": run},
		})
		if _, unusable := errors.AsType[*lambdatypes.InvalidParameterValueException](err); unusable {
			return again{err}
		}
		return err
	}))
	a.must(lambda.NewFunctionActiveV2Waiter(f.client).Wait(a.ctx(), &lambda.GetFunctionInput{FunctionName: &f.name}, 2*time.Minute))
	_, err = f.client.UpdateFunctionCode(a.ctx(), &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, ZipFile: f.code("2")})
	a.must(err)
	a.must(lambda.NewFunctionUpdatedV2Waiter(f.client).Wait(a.ctx(), &lambda.GetFunctionInput{FunctionName: &f.name}, 2*time.Minute))
	_, err = f.client.PublishVersion(a.ctx(), &lambda.PublishVersionInput{FunctionName: &f.name})
	a.must(err)
	_, err = f.client.CreateAlias(a.ctx(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	a.must(err)
	return f
}

func (f *function) code(release string) []byte {
	f.t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("index.js")
	f.must(err)
	_, err = fmt.Fprintf(file, "// release %s\nexports.handler = async (event, context) => context.functionVersion;\n", release)
	f.must(err)
	f.must(archive.Close())
	return out.Bytes()
}

// serves asks the alias as often as want says in all, and compares who answered.
func (f *function) serves(want map[string]int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := map[string]int{}
		for _, count := range want {
			for range count {
				out, err := f.client.Invoke(f.ctx(), &lambda.InvokeInput{FunctionName: &f.name, Qualifier: aws.String("live"), Payload: []byte("{}")})
				if err != nil {
					return err
				}
				got[strings.Trim(string(out.Payload), `"`)]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("requests right after the switch were answered by versions %v, want %v", got, want)
		}
		return nil
	}
}

// refusesAnOldRevision: a change of weights alone is refused as well when the revision is not the alias's newest.
func (f *function) refusesAnOldRevision() {
	f.t.Helper()
	alias, err := f.client.GetAlias(f.ctx(), &lambda.GetAliasInput{FunctionName: &f.name, Name: aws.String("live")})
	f.must(err)
	route := func(share float64) error {
		_, err := f.client.UpdateAlias(f.ctx(), &lambda.UpdateAliasInput{
			FunctionName: &f.name, Name: aws.String("live"), RevisionId: alias.RevisionId,
			RoutingConfig: &lambdatypes.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": share}},
		})
		return err
	}
	f.must(route(0.1))
	if err := route(0.2); !is[*lambdatypes.PreconditionFailedException](err) {
		f.t.Errorf("a second writer with the same revision: %v, want a PreconditionFailedException", err)
	}
}

// is says whether err is or wraps an E.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// again marks an error that passes with time.
type again struct{ error }

// within calls do until it answers anything but an again, at most for limit.
func within(a *account, limit time.Duration, do func() error) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		err := do()
		if !is[again](err) {
			return err
		}
		select {
		case <-tick.C:
		case <-end.C:
			return err
		case <-a.t.Context().Done():
			return errors.Join(err, a.t.Context().Err())
		}
	}
}
