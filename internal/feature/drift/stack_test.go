package drift_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// stack is one of each type, made through the SDK, and a state as hashicorp/aws 5.100.0 would have written it: the
// attributes are those of a state that it did write (engine/drift/testdata), with this stack's ids.
type stack struct {
	t        testing.TB
	emulator *emulator.Emulator
	ec2      *ec2.Client
	lambda   *lambda.Client
	rds      *rds.Client
	name     string // also the function's and the instance's

	vpc, group, second, resource string
	state                        map[string]any
}

const groupRules = 2 // standalone ones of the second group

func newStack(t testing.TB, name string) *stack {
	t.Helper()
	e := acctest.Emulator(t)
	s := &stack{
		t: t, emulator: e, name: name, ec2: ec2.NewFromConfig(e.AWSConfig()), lambda: lambda.NewFromConfig(e.AWSConfig()), rds: rds.NewFromConfig(e.AWSConfig()),
	}
	s.createNetwork()
	s.createFunction()
	s.createDatabase()
	s.writeState()
	return s
}

func (s *stack) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.t.Cleanup(cancel)
	return ctx
}

func must[T any](s *stack) func(T, error) T {
	return func(value T, err error) T {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		return value
	}
}

func nameTag(kind ec2types.ResourceType, name string) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String(name)}}}}
}

func (s *stack) createNetwork() {
	ctx := s.context()
	vpc := must[*ec2.CreateVpcOutput](s)(s.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock: aws.String("10.0.0.0/16"), TagSpecifications: nameTag(ec2types.ResourceTypeVpc, "main"),
	}))
	s.vpc = *vpc.Vpc.VpcId
	must[*ec2.ModifyVpcAttributeOutput](s)(s.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{
		VpcId: &s.vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)},
	}))
	create := func(name string) string {
		group := must[*ec2.CreateSecurityGroupOutput](s)(s.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(name), Description: aws.String("web servers"), VpcId: &s.vpc, TagSpecifications: nameTag(ec2types.ResourceTypeSecurityGroup, "web"),
		}))
		return *group.GroupId
	}
	s.group, s.second = create(s.name+"-web"), create(s.name+"-db")
	must[*ec2.RevokeSecurityGroupEgressOutput](s)(s.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{
		GroupId: &s.second, IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}},
	}))
	s.allow(s.group, "tcp", 443, ec2types.IpPermission{IpRanges: []ec2types.IpRange{
		{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("https")}, {CidrIp: aws.String("192.168.0.0/16"), Description: aws.String("https")},
	}})
	s.allow(s.group, "-1", 0, ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &s.group}}})
	s.allow(s.second, "tcp", 5432, ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &s.group, Description: aws.String("from web")}}})
	s.allow(s.second, "tcp", 3306, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.3.0.0/16"), Description: aws.String("mysql")}}})
}

// allow opens a group for a peer.
func (s *stack) allow(group, protocol string, port int32, peer ec2types.IpPermission) {
	s.t.Helper()
	peer.IpProtocol = &protocol
	if protocol != "-1" {
		peer.FromPort, peer.ToPort = &port, &port
	}
	must[*ec2.AuthorizeSecurityGroupIngressOutput](s)(s.ec2.AuthorizeSecurityGroupIngress(s.context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &group, IpPermissions: []ec2types.IpPermission{peer},
	}))
}

func (s *stack) createFunction() {
	ctx := s.context()
	must[*iam.CreateRoleOutput](s)(iam.NewFromConfig(s.emulator.AWSConfig()).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 &s.name,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`),
	}))
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	file := must[interface{ Write([]byte) (int, error) }](s)(archive.Create("index.py"))
	must[int](s)(file.Write([]byte("def handler(event, context): return event\n")))
	must[any](s)(nil, archive.Close())
	must[*lambda.CreateFunctionOutput](s)(s.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &s.name, Role: aws.String("arn:aws:iam::123456789012:role/" + s.name), Handler: aws.String("index.handler"),
		Runtime: lambdatypes.RuntimePython312, MemorySize: aws.Int32(256), Timeout: aws.Int32(10), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
		Tags:        map[string]string{"Name": "b"},
		Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "prod", "TOKEN": "s3cr3t-token"}},
	}))
}

func (s *stack) createDatabase() {
	created := must[*rds.CreateDBInstanceOutput](s)(s.rds.CreateDBInstance(s.context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: &s.name, Engine: aws.String("postgres"), EngineVersion: aws.String("16.3"), DBInstanceClass: aws.String("db.t3.micro"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("s3cr3t-password"),
		BackupRetentionPeriod: aws.Int32(7), DeletionProtection: aws.Bool(true), VpcSecurityGroupIds: []string{s.second},
		PreferredBackupWindow: aws.String("13:14-13:44"), PreferredMaintenanceWindow: aws.String("wed:06:38-wed:07:08"),
		Tags: []rdstypes.Tag{{Key: aws.String("Name"), Value: aws.String("orders")}},
	}))
	s.resource = *created.DBInstance.DbiResourceId
	s.t.Cleanup(s.deleteDatabase) // every instance of the emulator has the same resource id
}

func (s *stack) deleteDatabase() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := s.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &s.name, DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true)})
	if awsapi.IsNotFound(err) {
		return
	}
	must[any](s)(nil, err)
	must[*rds.DeleteDBInstanceOutput](s)(s.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &s.name, SkipFinalSnapshot: aws.Bool(true)}))
}

// golden is a state that hashicorp/aws 5.100.0 wrote.
func golden(t testing.TB) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "engine", "drift", "testdata", "aws-5.100.0.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(content, &state); err != nil {
		t.Fatal(err)
	}
	return state
}

// writeState takes the resources of the golden state that the stack has, with the stack's ids.
func (s *stack) writeState() {
	all := golden(s.t)
	var kept []any
	for _, element := range all["resources"].([]any) {
		resource := element.(map[string]any)
		if set := s.values(resource["type"].(string), resource["name"].(string)); set != nil && resource["module"] == nil {
			instances := resource["instances"].([]any)
			instance := instances[len(instances)-1].(map[string]any)
			delete(instance, "index_key")
			delete(resource, "each")
			attributes := instance["attributes"].(map[string]any)
			maps.Copy(attributes, set)
			resource["instances"] = []any{instance}
			kept = append(kept, resource)
		}
	}
	all["resources"] = kept
	s.state = all
}

func (s *stack) values(kind, name string) map[string]any {
	arn := "arn:aws:ec2:us-east-1:123456789012:"
	switch kind + "." + name {
	case "aws_vpc.main":
		tags := map[string]any{"Name": "main"}
		return map[string]any{"id": s.vpc, "arn": arn + "vpc/" + s.vpc, "tags": tags, "tags_all": tags}
	case "aws_security_group.web":
		return map[string]any{"id": s.group, "arn": arn + "security-group/" + s.group, "egress": []any{map[string]any{
			"cidr_blocks": []any{"0.0.0.0/0"}, "description": "", "from_port": 0, "ipv6_cidr_blocks": []any{}, "prefix_list_ids": []any{},
			"protocol": "-1", "security_groups": []any{}, "self": false, "to_port": 0,
		}}}
	case "aws_security_group.db":
		return map[string]any{"id": s.second, "arn": arn + "security-group/" + s.second, "tags_all": map[string]any{"Name": "web"}}
	case "aws_security_group_rule.db_in":
		return map[string]any{"security_group_id": s.second, "source_security_group_id": s.group}
	case "aws_vpc_security_group_ingress_rule.db":
		return map[string]any{"security_group_id": s.second}
	case "aws_lambda_function.fn":
		return map[string]any{"id": s.name, "function_name": s.name, "arn": "arn:aws:lambda:us-east-1:123456789012:function:" + s.name, "role": "arn:aws:iam::123456789012:role/" + s.name}
	case "aws_db_instance.db":
		return map[string]any{
			"id": s.resource, "resource_id": s.resource, "identifier": s.name, "arn": "arn:aws:rds:us-east-1:123456789012:db:" + s.name,
			"vpc_security_group_ids": []any{s.second}, "storage_encrypted": false, "db_subnet_group_name": "",
		}
	}
	return nil
}

// file writes the state, and returns its path.
func (s *stack) file() string {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "terraform.tfstate")
	if err := os.WriteFile(name, s.json(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

func (s *stack) json() []byte { return must[[]byte](s)(json.Marshal(s.state)) }

func (s *stack) replaceState(text string) {
	s.t.Helper()
	s.state = nil
	if err := json.Unmarshal([]byte(text), &s.state); err != nil {
		s.t.Fatal(err)
	}
}

// record writes what the emulator answers when the state is read, for the tests of engine/drift: where the environment variable
// RELIABILITY_RECORD_ANSWERS names their folder, internal/engine/drift/testdata.
func (s *stack) record(name string) {
	s.t.Helper()
	folder := os.Getenv("RELIABILITY_RECORD_ANSWERS")
	if folder == "" {
		return
	}
	answers := &emulator.Answers{State: s.json()}
	s.detectWith(awsapi.New(awsapi.Config{Config: awsbase.Config{HTTPClient: &http.Client{Transport: answers.Record(http.DefaultTransport)}}}, "test"))
	must[any](s)(nil, answers.Save(filepath.Join(folder, name+".answers.json")))
}
