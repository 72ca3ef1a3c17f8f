package deployment_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// target is one more kind of target: its configuration, and the summary that a snapshot shows of it.
type target struct{ config, summary string }

func newParameter(t *testing.T, config aws.Config) target {
	t.Helper()
	_, err := ssm.NewFromConfig(config).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/kinds/password"), Value: aws.String("hunter2"), Type: ssmtypes.ParameterTypeSecureString,
	})
	if err != nil {
		t.Fatal(err)
	}
	return target{`ssm_parameter = { name = "/kinds/password" }`, "parameter /kinds/password (SecureString) on version 1"}
}

func newService(t *testing.T, config aws.Config) target {
	t.Helper()
	ctx, client, name := t.Context(), ecs.NewFromConfig(config), aws.String("kinds")
	if _, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: name}); err != nil {
		t.Fatal(err)
	}
	definition, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: name, ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: name, Image: name, Memory: aws.Int32(64)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: name, ServiceName: name, TaskDefinition: definition.TaskDefinition.TaskDefinitionArn, DesiredCount: aws.Int32(2),
	}); err != nil {
		t.Fatal(err)
	}
	return target{`ecs_service = { cluster = "kinds", service = "kinds" }`, "service kinds with kinds:1, 2 tasks"}
}

func newRule(t *testing.T) target {
	t.Helper()
	return target{fmt.Sprintf("listener_rule = { arn = %q }", targettest.NewBalancer(t, "kinds").Rule), "rule that does: forward to kinds-blue 100, kinds-green 0"}
}

// TestAccSnapshot_kinds: every further kind is captured and imported through Terraform; the engine's own tests put it back.
func TestAccSnapshot_kinds(t *testing.T) {
	config := acctest.Emulator(t).AWSConfig()
	for kind, made := range map[string]target{
		"ecs_service":   newService(t, config),
		"listener_rule": newRule(t),
		"ssm_parameter": newParameter(t, config),
	} {
		t.Run(kind, func(t *testing.T) {
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{
						Config: newHome(t).provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = \"kinds\"\n  release = \"v1\"\n  targets = { it = { %s } }\n}\n", made.config),
						ConfigStateChecks: []statecheck.StateCheck{
							statecheck.ExpectKnownValue(address, tfjsonpath.New("items").AtMapKey("it").AtMapKey("service"), knownvalue.StringExact(kind)),
							statecheck.ExpectKnownValue(address, tfjsonpath.New("items").AtMapKey("it").AtMapKey("summary"), knownvalue.StringExact(made.summary)),
						},
						ConfigPlanChecks: settled,
					},
					{ResourceName: address, ImportState: true, ImportStateId: "kinds/1", ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "id"},
				},
			})
		})
	}
}
