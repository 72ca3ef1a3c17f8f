package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

const (
	// Of a hundred resources so many are groups, roles, records and parameters.
	groupShare, roleShare, recordShare, parameterShare = 40, 30, 20, 10
	// The largest pages: DescribeSecurityGroups, GetAccountAuthorizationDetails and ListRoles 1000, ListResourceRecordSets 300,
	// DescribeParameters 50; tags of parameters have a call of their own each, and ListRoles alone tells a role's description.
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
	// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html
	seedWorkers = 8
	trust       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`
)

// seeding is how many of each type there are.
type seeding struct{ groups, roles, records, parameters int }

func seedingOf(resources int) seeding {
	return seeding{resources * groupShare / 100, resources * roleShare / 100, resources * recordShare / 100, resources * parameterShare / 100}
}

// fewest are the calls that it takes to read them all.
func (s seeding) fewest() int {
	return (s.groups+999)/1000 + 2*((s.roles+999)/1000) + (s.records+299)/300 + (s.parameters+49)/50 + s.parameters
}

// world is what a state holds of an account, and is there.
type world struct {
	state             string
	mix               string
	resources, fewest int
	zone              string
	parameters        []string
}

// kindOfState is a type of a state with its instances' attributes.
type kindOfState struct {
	kind      string
	version   int // of the schema that hashicorp/aws 5 writes
	instances []map[string]any
}

// seeded makes an account's resources, and the state that hashicorp/aws would have of them.
func seeded(ctx context.Context, e *emulator.Emulator, size int) (*world, error) {
	var kinds []kindOfState
	counts := seedingOf(size)
	for _, each := range []struct {
		seed  func(context.Context, aws.Config, int) (kindOfState, error)
		count int
	}{{seedGroups, counts.groups}, {seedRoles, counts.roles}, {seedRecords, counts.records}, {seedParameters, counts.parameters}} {
		kind, err := each.seed(ctx, e.AWSConfig(), each.count)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, kind)
	}
	found := &world{fewest: counts.fewest()}
	for _, record := range kinds[2].instances {
		found.zone = fmt.Sprint(record["zone_id"])
	}
	for _, parameter := range kinds[3].instances {
		found.parameters = append(found.parameters, fmt.Sprint(parameter["name"]))
	}
	var resources []any
	for _, kind := range kinds {
		var instances []any
		for i, attributes := range kind.instances {
			instances = append(instances, map[string]any{"index_key": i, "schema_version": kind.version, "attributes": attributes, "sensitive_attributes": []any{}})
		}
		resources = append(resources, map[string]any{
			"mode": "managed", "type": kind.kind, "name": "test", "provider": `provider["registry.terraform.io/hashicorp/aws"]`, "instances": instances,
		})
		if found.resources += len(instances); found.mix != "" {
			found.mix += ", "
		}
		found.mix += fmt.Sprintf("%d %s", len(instances), kind.kind)
	}
	text, err := json.Marshal(map[string]any{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "bench", "outputs": map[string]any{}, "resources": resources})
	found.state = string(text)
	return found, err
}

// times calls make count times, some at a time, and returns what it made in order.
func times(count int, create func(i int) (map[string]any, error)) ([]map[string]any, error) {
	made := make([]map[string]any, count)
	var group errgroup.Group
	group.SetLimit(seedWorkers)
	for i := range count {
		group.Go(func() (err error) {
			made[i], err = create(i)
			return err
		})
	}
	return made, group.Wait()
}

func tagsOf(i int) map[string]any {
	return map[string]any{"Name": fmt.Sprintf("bench-%04d", i), "Team": "web"}
}

func seedGroups(ctx context.Context, config aws.Config, count int) (kindOfState, error) {
	client := ec2.NewFromConfig(config)
	vpc, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		return kindOfState{}, err
	}
	rule := func(protocol, cidr string, port int) map[string]any {
		return map[string]any{
			"cidr_blocks": []any{cidr}, "description": "", "from_port": port, "ipv6_cidr_blocks": []any{}, "prefix_list_ids": []any{},
			"protocol": protocol, "security_groups": []any{}, "self": false, "to_port": port,
		}
	}
	groups, err := times(count, func(i int) (map[string]any, error) {
		tags := tagsOf(i)
		made, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(fmt.Sprintf("bench-%04d", i)), Description: aws.String("bench"), VpcId: vpc.Vpc.VpcId,
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{
				{Key: aws.String("Name"), Value: aws.String(fmt.Sprint(tags["Name"]))}, {Key: aws.String("Team"), Value: aws.String("web")},
			}}},
		})
		if err != nil {
			return nil, err
		}
		cidr, port := fmt.Sprintf("10.%d.%d.0/24", i/250, i%250), 1000+i
		_, err = client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: made.GroupId, IpPermissions: []ec2types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(int32(port)), ToPort: aws.Int32(int32(port)), IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}, //nolint:gosec // small
		}}})
		return map[string]any{
			"id": *made.GroupId, "arn": "arn:aws:ec2:us-east-1:123456789012:security-group/" + *made.GroupId, "name": fmt.Sprintf("bench-%04d", i), "description": "bench",
			"vpc_id": *vpc.Vpc.VpcId, "owner_id": "123456789012", "name_prefix": "", "revoke_rules_on_delete": false, "timeouts": nil, "tags": tags, "tags_all": tags,
			"ingress": []any{rule("tcp", cidr, port)}, "egress": []any{rule("-1", "0.0.0.0/0", 0)},
		}, err
	})
	return kindOfState{"aws_security_group", 1, groups}, err
}

func seedRoles(ctx context.Context, config aws.Config, count int) (kindOfState, error) {
	client := iam.NewFromConfig(config)
	roles, err := times(count, func(i int) (map[string]any, error) {
		name := fmt.Sprintf("bench-%04d", i)
		made, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust), Description: aws.String("bench")})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"id": name, "name": name, "arn": *made.Role.Arn, "assume_role_policy": trust, "description": "bench", "path": "/", "max_session_duration": 3600,
			"permissions_boundary": "", "force_detach_policies": false, "name_prefix": "", "unique_id": *made.Role.RoleId, "inline_policy": []any{}, "managed_policy_arns": []any{},
			"tags": map[string]any{}, "tags_all": map[string]any{},
		}, nil
	})
	return kindOfState{"aws_iam_role", 0, roles}, err
}

func seedRecords(ctx context.Context, config aws.Config, count int) (kindOfState, error) {
	client := route53.NewFromConfig(config)
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("drift.example"), CallerReference: aws.String("drift")})
	if err != nil {
		return kindOfState{}, err
	}
	id := (*zone.HostedZone.Id)[len("/hostedzone/"):]
	var changes []types.Change
	var records []map[string]any
	for i := range count {
		name, address := fmt.Sprintf("r%04d.drift.example", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)
		changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{
			Name: &name, Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: &address}},
		}})
		records = append(records, map[string]any{
			"id": id + "_" + name + "_A", "zone_id": id, "name": name, "fqdn": name, "type": "A", "ttl": 60, "records": []any{address}, "alias": []any{}, "set_identifier": "",
			"health_check_id": "", "multivalue_answer_routing_policy": false, "weighted_routing_policy": []any{}, "failover_routing_policy": []any{}, "latency_routing_policy": []any{},
		})
	}
	_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	return kindOfState{"aws_route53_record", 2, records}, err
}

func seedParameters(ctx context.Context, config aws.Config, count int) (kindOfState, error) {
	client := ssm.NewFromConfig(config)
	parameters, err := times(count, func(i int) (map[string]any, error) {
		name, tags := fmt.Sprintf("/bench/%04d", i), tagsOf(i)
		_, err := client.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Type: ssmtypes.ParameterTypeString, Value: aws.String("on"), Description: aws.String("bench"), Tags: []ssmtypes.Tag{
			{Key: aws.String("Name"), Value: aws.String(fmt.Sprint(tags["Name"]))}, {Key: aws.String("Team"), Value: aws.String("web")},
		}})
		return map[string]any{
			"id": name, "name": name, "arn": "arn:aws:ssm:us-east-1:123456789012:parameter" + name, "type": "String", "value": "on", "insecure_value": nil, "description": "bench",
			"tier": "Standard", "data_type": "text", "version": 1, "allowed_pattern": "", "key_id": "", "overwrite": nil, "tags": tags, "tags_all": tags,
		}, err
	})
	return kindOfState{"aws_ssm_parameter", 0, parameters}, err
}
