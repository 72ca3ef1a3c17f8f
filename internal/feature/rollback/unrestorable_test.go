package rollback_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccUnrestorable: a version that was deleted since makes the preview invalid, and says so in words for people.
func TestAccUnrestorable(t *testing.T) {
	s := newScene(t, "unrestorable")
	plan := "data \"reliability_rollback_plan\" \"web\" {\n  snapshot_id = reliability_deployment_snapshot.web.id\n}\n"
	expect := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(planAddress, tfjsonpath.New(attribute), check)
	}
	readable := func(text string) error {
		if !strings.Contains(text, "version 1 of function unrestorable does not exist any more") || strings.Contains(text, "https response error") {
			return fmt.Errorf("got %q", text)
		}
		return nil
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2"), PostApplyFunc: func() {
				s.release()
				client := lambda.NewFromConfig(acctest.Emulator(t).AWSConfig())
				if _, err := client.DeleteFunction(context.Background(), &lambda.DeleteFunctionInput{FunctionName: &s.Name, Qualifier: aws.String("1")}); err != nil {
					t.Fatal(err)
				}
			}},
			{Config: s.snapshot("v2") + plan, ConfigStateChecks: []statecheck.StateCheck{
				expect("valid", knownvalue.Bool(false)), expect("changes", knownvalue.ListSizeExact(3)),
				statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("unrestorable").AtMapKey("code"), knownvalue.StringFunc(readable)),
			}},
		},
	})
}
