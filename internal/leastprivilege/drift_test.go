package leastprivilege_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// held is a resource as a state holds it: what names it is enough to read it, and whatever else there is differs.
type held struct {
	kind       string
	attributes map[string]any
}

// readers are the services that scenario.TestAccDriftWholeStack, whose resources hashicorp/aws makes, has not.
func readers() []scenario {
	balanced := reads("drift/elasticloadbalancing", func(t *testing.T, name string) []held {
		b := targettest.NewBalancer(t, short(name))
		lb := strings.Replace(b.Listener[:strings.LastIndex(b.Listener, "/")], ":listener/", ":loadbalancer/", 1)
		return []held{
			{"aws_lb", map[string]any{"id": lb, "arn": lb, "name": short(name)}},
			{"aws_lb_listener", map[string]any{"id": b.Listener, "arn": b.Listener, "load_balancer_arn": lb}},
			{"aws_lb_listener_rule", map[string]any{"id": b.Rule, "arn": b.Rule, "listener_arn": b.Listener}},
			{"aws_lb_target_group", map[string]any{"id": b.Blue, "arn": b.Blue, "name": short(name) + "-blue"}},
		}
	})
	stored := reads("drift/rds", func(t *testing.T, name string) []held {
		databaseChecks(t, name)
		client := rds.NewFromConfig(acctest.Emulator(t).AWSConfig())
		must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(t.Context(), &rds.CreateDBParameterGroupInput{DBParameterGroupName: &name, DBParameterGroupFamily: aws.String("postgres16"), Description: &name}))
		arn := func(kind string) string { return "arn:aws:rds:us-east-1:123456789012:" + kind + ":" + name }
		return []held{
			{"aws_db_instance", map[string]any{"id": name, "identifier": name, "arn": arn("db")}},
			{"aws_rds_cluster", map[string]any{"id": name, "cluster_identifier": name, "arn": arn("cluster")}},
			{"aws_db_parameter_group", map[string]any{"id": name, "name": name, "arn": arn("pg")}},
			{"aws_db_subnet_group", map[string]any{"id": name, "name": name, "arn": arn("subgrp")}},
		}
	})
	queued := reads("drift/sqs", func(t *testing.T, name string) []held {
		made := must[*sqs.CreateQueueOutput](t)(sqs.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}))
		return []held{{"aws_sqs_queue", map[string]any{"id": *made.QueueUrl, "url": *made.QueueUrl, "name": name, "arn": "arn:aws:sqs:us-east-1:123456789012:" + name}}}
	})
	served := reads("drift/ecs_service", func(t *testing.T, name string) []held {
		targettest.Kinds["ecs_service"](t, name, acctest.Emulator(t).AWSConfig())
		arn := fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:service/%s/%s", name, name)
		return []held{{"aws_ecs_service", map[string]any{"id": arn, "name": name, "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/" + name}}}
	})
	served.beside = []string{"drift/ecs"}
	return []scenario{balanced, stored, queued, served}
}

// reads is a look at resources that are there, and at the same under names that nothing has. It goes on without each action, with the
// resources unverified.
func reads(policy string, made func(t *testing.T, name string) []held) scenario {
	s := scenario{policy: policy, unverified: true}
	s.prepare = func(t *testing.T, name, access string) func() *inprocess.Outcome {
		var resources []any
		for i, one := range made(t, name) {
			lost := map[string]any{}
			for attribute, value := range one.attributes {
				lost[attribute] = strings.ReplaceAll(fmt.Sprint(value), name, name+"x")
				if attribute == "id" || attribute == "arn" || attribute == "url" {
					lost[attribute] = fmt.Sprint(value) + "0"
				}
			}
			for j, attributes := range []map[string]any{one.attributes, lost} {
				resources = append(resources, map[string]any{
					"mode": "managed", "type": one.kind, "name": fmt.Sprintf("r%d%d", i, j), "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
					"instances": []any{map[string]any{"schema_version": 0, "attributes": attributes}},
				})
			}
		}
		state, err := json.Marshal(map[string]any{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a", "outputs": map[string]any{}, "resources": resources})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "terraform.tfstate")
		if err := os.WriteFile(path, state, 0o600); err != nil {
			t.Fatal(err)
		}
		config := provider(access, t.TempDir()) + fmt.Sprintf("data \"reliability_drift\" \"live\" {\n  state = { path = %q }\n}\n", path)
		return func() *inprocess.Outcome { return inprocess.New(t).Apply(config) }
	}
	return s
}
