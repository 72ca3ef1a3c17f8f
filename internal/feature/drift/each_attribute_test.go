package drift_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// detect compares the stack's state with the emulator, without Terraform.
func (s *stack) detect() *engine.Result {
	s.t.Helper()
	return s.detectWith(awsapi.New(awsapi.Config{}, "test"))
}

func (s *stack) detectWith(clients *awsapi.Clients) *engine.Result {
	s.t.Helper()
	readers := live.Readers(clients)
	state, err := engine.ReadState(bytes.NewReader(s.json()), engine.Specs(readers))
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := engine.Detect(s.context(), engine.Options{
		State: state, Readers: readers, Region: func(context.Context) (string, error) { return "us-east-1", nil }, Parallelism: 4, Account: clients.AccountID, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

type drifted struct {
	address, path string
	category      engine.Category
	change        func(context.Context) error
}

// only fails unless exactly one change of exactly one resource is found.
func (s *stack) only(want drifted) {
	s.t.Helper()
	result := s.detect()
	if len(result.Items) != 1 || len(result.Items[0].Changes) != 1 || len(result.Unverified) != 0 {
		s.t.Fatalf("%s of %s was changed; found %+v, unverified %+v", want.path, want.address, result.Items, result.Unverified)
	}
	item, change := result.Items[0], result.Items[0].Changes[0]
	if string(item.Address) != want.address || change.Path != want.path || change.Category != want.category || item.Category != want.category {
		s.t.Errorf("got %s %s %s/%s, want %s %s %s", item.Address, change.Path, item.Category, change.Category, want.address, want.path, want.category)
	}
	if change.Reason == "" || len(item.Remediation) == 0 || len(item.Reconciliation) == 0 {
		s.t.Errorf("no reason or no remedy: %+v", item)
	}
}

// TestAccEachAttribute changes one thing after another by hand and takes it back: exactly that is found, each time.
func TestAccEachAttribute(t *testing.T) {
	s := newStack(t, "each")
	s.record("first")
	for _, step := range append(append(s.networkChanges(), s.functionChanges()...), s.databaseChanges()...) {
		if err := step.change(s.context()); err != nil {
			t.Fatalf("%s %s: %v", step.address, step.path, err)
		}
		if step.category == "" { // took the last one back
			if result := s.detect(); len(result.Items) != 0 || len(result.Unverified) != 0 {
				t.Fatalf("%s is back and still differs: %+v", step.path, result.Items)
			}
			continue
		}
		s.only(step)
	}
}

// there and back are the two halves of a change.
func pair(address, path string, category engine.Category, there, back func(context.Context) error) []drifted {
	return []drifted{{address, path, category, there}, {address, path, "", back}}
}

func (s *stack) networkChanges() []drifted {
	attribute := func(input ec2.ModifyVpcAttributeInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.VpcId = &s.vpc
			_, err := s.ec2.ModifyVpcAttribute(ctx, &input)
			return err
		}
	}
	boolean := func(value bool) *ec2types.AttributeBooleanValue {
		return &ec2types.AttributeBooleanValue{Value: &value}
	}
	tag := func(id, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: &value}}})
			return err
		}
	}
	rule := func(group string, port int32, cidr string) (allow, revoke func(context.Context) error) {
		permission := []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}}
		return func(ctx context.Context) error {
				_, err := s.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permission})
				return err
			}, func(ctx context.Context) error {
				_, err := s.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permission})
				return err
			}
	}
	out := []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}
	shut := func(ctx context.Context) error {
		_, err := s.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &s.group, IpPermissions: out})
		return err
	}
	open := func(ctx context.Context) error {
		_, err := s.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &s.group, IpPermissions: out})
		return err
	}
	inlineOpen, inlineShut := rule(s.group, 22, "0.0.0.0/0")
	secondOpen, secondShut := rule(s.second, 5432, "10.77.0.0/16")
	mysqlOpen, mysqlShut := s.standalone()
	var steps []drifted
	steps = append(steps, pair("aws_vpc.main", "enable_dns_support", engine.Major,
		attribute(ec2.ModifyVpcAttributeInput{EnableDnsSupport: boolean(false)}), attribute(ec2.ModifyVpcAttributeInput{EnableDnsSupport: boolean(true)}))...)
	steps = append(steps, pair("aws_vpc.main", "enable_dns_hostnames", engine.Major,
		attribute(ec2.ModifyVpcAttributeInput{EnableDnsHostnames: boolean(false)}), attribute(ec2.ModifyVpcAttributeInput{EnableDnsHostnames: boolean(true)}))...)
	steps = append(steps, pair("aws_vpc.main", "tags.Name", engine.Minor, tag(s.vpc, "other"), tag(s.vpc, "main"))...)
	steps = append(steps, pair("aws_security_group.web", "tags.Name", engine.Minor, tag(s.group, "other"), tag(s.group, "web"))...)
	steps = append(steps, pair("aws_security_group.web", "ingress", engine.Critical, inlineOpen, inlineShut)...)
	steps = append(steps, pair("aws_security_group.web", "egress", engine.Critical, shut, open)...)
	steps = append(steps, pair("aws_security_group.db", "ingress", engine.Critical, secondOpen, secondShut)...)
	return append(steps, pair("aws_security_group.db", "ingress", engine.Critical, mysqlShut, mysqlOpen)...)
}

// standalone opens and shuts what aws_vpc_security_group_ingress_rule.db holds.
func (s *stack) standalone() (open, shut func(context.Context) error) {
	permission := []ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(3306), ToPort: aws.Int32(3306),
		IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.3.0.0/16"), Description: aws.String("mysql")}},
	}}
	return func(ctx context.Context) error {
			_, err := s.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &s.second, IpPermissions: permission})
			return err
		}, func(ctx context.Context) error {
			_, err := s.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &s.second, IpPermissions: permission})
			return err
		}
}

func (s *stack) functionChanges() []drifted {
	update := func(input lambda.UpdateFunctionConfigurationInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.FunctionName = &s.name
			_, err := s.lambda.UpdateFunctionConfiguration(ctx, &input)
			return err
		}
	}
	environment := func(token string) *lambdatypes.Environment {
		return &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod", "TOKEN": token}}
	}
	type in = lambda.UpdateFunctionConfigurationInput
	var steps []drifted
	for _, c := range []struct {
		path        string
		category    engine.Category
		there, back in
	}{
		{"description", engine.Minor, in{Description: aws.String("by hand")}, in{Description: aws.String("")}},
		{"handler", engine.Major, in{Handler: aws.String("other.handler")}, in{Handler: aws.String("index.handler")}},
		{"runtime", engine.Major, in{Runtime: lambdatypes.RuntimePython311}, in{Runtime: lambdatypes.RuntimePython312}},
		{"memory_size", engine.Major, in{MemorySize: aws.Int32(512)}, in{MemorySize: aws.Int32(256)}},
		{"timeout", engine.Major, in{Timeout: aws.Int32(60)}, in{Timeout: aws.Int32(10)}},
		{"role", engine.Critical, in{Role: aws.String("arn:aws:iam::123456789012:role/other")}, in{Role: aws.String("arn:aws:iam::123456789012:role/" + s.name)}},
		{"environment.variables.TOKEN", engine.Major, in{Environment: environment("changed")}, in{Environment: environment("s3cr3t-token")}},
	} {
		steps = append(steps, pair("aws_lambda_function.fn", c.path, c.category, update(c.there), update(c.back))...)
	}
	tag := func(value string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String("arn:aws:lambda:us-east-1:123456789012:function:" + s.name), Tags: map[string]string{"Name": value}})
			return err
		}
	}
	return append(steps, pair("aws_lambda_function.fn", "tags.Name", engine.Minor, tag("other"), tag("b"))...)
}

func (s *stack) databaseChanges() []drifted {
	modify := func(input rds.ModifyDBInstanceInput) func(context.Context) error {
		return func(ctx context.Context) error {
			input.DBInstanceIdentifier, input.ApplyImmediately = &s.name, aws.Bool(true)
			_, err := s.rds.ModifyDBInstance(ctx, &input)
			return err
		}
	}
	tag := func(value string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.rds.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{
				ResourceName: aws.String("arn:aws:rds:us-east-1:123456789012:db:" + s.name), Tags: []rdstypes.Tag{{Key: aws.String("Name"), Value: &value}},
			})
			return err
		}
	}
	type in = rds.ModifyDBInstanceInput
	var steps []drifted
	for _, c := range []struct {
		path        string
		category    engine.Category
		there, back in
	}{
		{"instance_class", engine.Major, in{DBInstanceClass: aws.String("db.m5.large")}, in{DBInstanceClass: aws.String("db.t3.micro")}},
		{"allocated_storage", engine.Major, in{AllocatedStorage: aws.Int32(40)}, in{AllocatedStorage: aws.Int32(20)}},
		{"engine_version", engine.Major, in{EngineVersion: aws.String("16.4")}, in{EngineVersion: aws.String("16.3")}},
		{"multi_az", engine.Major, in{MultiAZ: aws.Bool(true)}, in{MultiAZ: aws.Bool(false)}},
		{"publicly_accessible", engine.Critical, in{PubliclyAccessible: aws.Bool(true)}, in{PubliclyAccessible: aws.Bool(false)}},
		{"deletion_protection", engine.Critical, in{DeletionProtection: aws.Bool(false)}, in{DeletionProtection: aws.Bool(true)}},
		{"backup_retention_period", engine.Minor, in{BackupRetentionPeriod: aws.Int32(1)}, in{BackupRetentionPeriod: aws.Int32(7)}},
		{"backup_window", engine.Minor, in{PreferredBackupWindow: aws.String("01:00-01:30")}, in{PreferredBackupWindow: aws.String("13:14-13:44")}},
		{"maintenance_window", engine.Minor, in{PreferredMaintenanceWindow: aws.String("sun:06:38-sun:07:08")}, in{PreferredMaintenanceWindow: aws.String("wed:06:38-wed:07:08")}},
		{"auto_minor_version_upgrade", engine.Minor, in{AutoMinorVersionUpgrade: aws.Bool(false)}, in{AutoMinorVersionUpgrade: aws.Bool(true)}},
		{"iam_database_authentication_enabled", engine.Critical, in{EnableIAMDatabaseAuthentication: aws.Bool(true)}, in{EnableIAMDatabaseAuthentication: aws.Bool(false)}},
		{"copy_tags_to_snapshot", engine.Minor, in{CopyTagsToSnapshot: aws.Bool(true)}, in{CopyTagsToSnapshot: aws.Bool(false)}},
		{"vpc_security_group_ids", engine.Critical, in{VpcSecurityGroupIds: []string{s.group}}, in{VpcSecurityGroupIds: []string{s.second}}},
	} {
		steps = append(steps, pair("aws_db_instance.db", c.path, c.category, modify(c.there), modify(c.back))...)
	}
	return append(steps, pair("aws_db_instance.db", "tags.Name", engine.Minor, tag("other"), tag("orders"))...)
}
