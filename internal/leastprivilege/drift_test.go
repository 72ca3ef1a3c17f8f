package leastprivilege_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
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
		must[*rds.CreateDBClusterParameterGroupOutput](t)(client.CreateDBClusterParameterGroup(t.Context(), &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: &name, DBParameterGroupFamily: aws.String("aurora-postgresql16"), Description: &name}))
		must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(t.Context(), &rds.CreateDBParameterGroupInput{DBParameterGroupName: &name, DBParameterGroupFamily: aws.String("postgres16"), Description: &name}))
		arn := func(kind string) string { return "arn:aws:rds:us-east-1:123456789012:" + kind + ":" + name }
		return []held{
			{"aws_db_instance", map[string]any{"id": name, "identifier": name, "arn": arn("db")}},
			{"aws_rds_cluster", map[string]any{"id": name, "cluster_identifier": name, "arn": arn("cluster")}},
			{"aws_rds_cluster_parameter_group", map[string]any{"id": name, "name": name, "arn": arn("cluster-pg")}},
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
	protected := reads("drift/ec2_protected_instance", protectedInstance)
	protected.beside = []string{"drift/ec2"}
	ruled := reads("drift/ec2_security_group_rules", groupRules)
	ruled.beside = []string{"drift/ec2"}
	attached := reads("drift/iam_attachments", attachments)
	attached.beside = []string{"drift/iam"}
	qualified := reads("drift/lambda_qualified_permissions", qualifiedPermissions)
	qualified.beside = []string{"drift/lambda"}
	return append([]scenario{balanced, stored, queued, served, protected, ruled, attached, qualified}, whole()...)
}

// protectedInstance is an instance that is protected from termination, which no listing of instances tells.
func protectedInstance(t *testing.T, _ string) []held {
	made := must[*ec2.RunInstancesOutput](t)(ec2.NewFromConfig(acctest.Emulator(t).AWSConfig()).RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), DisableApiTermination: aws.Bool(true),
	}))
	id := *made.Instances[0].InstanceId
	return []held{{"aws_instance", map[string]any{"id": id, "arn": "arn:aws:ec2:us-east-1:123456789012:instance/" + id, "disable_api_termination": true}}}
}

// groupRules are rules, as resources of their own, of a group that is not in the state.
func groupRules(t *testing.T, name string) []held {
	client := ec2.NewFromConfig(acctest.Emulator(t).AWSConfig())
	group := must[*ec2.CreateSecurityGroupOutput](t)(client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name})).GroupId
	rule := must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(client.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []ec2types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}},
	}})).SecurityGroupRules[0].SecurityGroupRuleId
	return []held{{"aws_vpc_security_group_ingress_rule", map[string]any{
		"id": *rule, "security_group_rule_id": *rule, "arn": "arn:aws:ec2:us-east-1:123456789012:security-group-rule/" + *rule, "security_group_id": *group,
		"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8",
	}}}
}

// qualifiedPermissions are permissions to invoke an alias and a version.
func qualifiedPermissions(t *testing.T, name string) []held {
	targettest.New(t, name).Alias("1")
	client := lambda.NewFromConfig(acctest.Emulator(t).AWSConfig())
	var all []held
	for _, qualifier := range []string{"live", "1"} {
		id := "allow-" + qualifier
		must[*lambda.AddPermissionOutput](t)(client.AddPermission(t.Context(), &lambda.AddPermissionInput{
			FunctionName: &name, Qualifier: aws.String(qualifier), StatementId: aws.String(id), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"),
		}))
		all = append(all, held{"aws_lambda_permission", map[string]any{
			"id": id, "statement_id": id, "function_name": name, "qualifier": qualifier, "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com",
		}})
	}
	return all
}

// attachments are a policy that is attached to a role, and one that is not.
func attachments(t *testing.T, name string) []held {
	principalChecks(t, name)
	const arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	must[*iam.AttachRolePolicyOutput](t)(iam.NewFromConfig(acctest.Emulator(t).AWSConfig()).AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: aws.String(arn)}))
	return []held{{"aws_iam_role_policy_attachment", map[string]any{"id": name + "-2026", "role": name, "policy_arn": arn}}}
}

// whole are the looks that ask for everything of a type: AWS Config's record, and what nothing manages.
func whole() []scenario {
	recorded := reads("drift/config", ownGroup, `source = "config"`)
	aggregated := reads("drift/config_aggregator", func(t *testing.T, name string) []held {
		must[*configservice.PutConfigurationAggregatorOutput](t)(configservice.NewFromConfig(acctest.Emulator(t).AWSConfig()).PutConfigurationAggregator(t.Context(), &configservice.PutConfigurationAggregatorInput{
			ConfigurationAggregatorName: aws.String("least-privilege"), AccountAggregationSources: []configtypes.AccountAggregationSource{{AccountIds: []string{emulator.AccountID}, AwsRegions: []string{emulator.Region}}},
		}))
		return ownGroup(t, name)
	}, `source = "config"`, `aggregator = { name = "least-privilege" }`)
	var listed []string
	readers := live.Readers(awsapi.New(awsapi.Config{}, "test"))
	for kind, spec := range drift.Specs(readers) {
		if spec.Listed {
			listed = append(listed, kind)
		}
	}
	slices.Sort(listed)
	unmanaged := reads("drift/unmanaged", ownGroup, fmt.Sprintf("unmanaged = [\"%s\"]", strings.Join(listed, "\", \"")))
	for _, service := range []string{
		"apigateway", "autoscaling", "cloudfront", "cloudwatch", "dynamodb", "ec2", "ecs", "ecs_service", "elasticloadbalancing", "iam", "kms", "lambda", "logs",
		"rds", "route53", "s3", "secretsmanager", "sns", "sqs", "ssm",
	} {
		unmanaged.beside = append(unmanaged.beside, "drift/"+service)
	}
	return []scenario{recorded, aggregated, unmanaged}
}

func ownGroup(t *testing.T, name string) []held {
	group := *must[*ec2.CreateSecurityGroupOutput](t)(ec2.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name})).GroupId
	return []held{{"aws_security_group", map[string]any{
		"id": group, "arn": "arn:aws:ec2:us-east-1:123456789012:security-group/" + group, "owner_id": emulator.AccountID, "name": name, "ingress": []any{},
		"egress": []any{map[string]any{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": []string{"0.0.0.0/0"}}},
	}}}
}

// reads is a look at resources that are there, and at the same under names that nothing has. It goes on without each action, with the
// resources unverified.
func reads(policy string, made func(t *testing.T, name string) []held, more ...string) scenario {
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
		config := provider(access, t.TempDir()) + fmt.Sprintf("data \"reliability_drift\" \"live\" {\n  state = { path = %q }\n  %s\n}\n", path, strings.Join(more, "\n  "))
		return func() *inprocess.Outcome { return inprocess.New(t).Apply(config) }
	}
	return s
}
