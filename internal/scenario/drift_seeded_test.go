package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"text/template"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	_ "embed"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

const queuePolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`

//go:embed testdata/drift-seeded.json.tmpl
var seededState string

// seeded are the ids of what was made, for the template of the state.
type seeded struct {
	Queue, Group, LB, Listener, TargetGroup, Cluster, Service string
	SubnetA, SubnetB                                          string
}

func ok[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// TestAccDriftSeeded: the types that hashicorp/aws cannot make on the emulator, or only in minutes, are made through the SDK,
// and the state is written as it writes it.
func TestAccDriftSeeded(t *testing.T) {
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	config := e.AWSConfig()
	network, queues, balancers := ec2.NewFromConfig(config), sqs.NewFromConfig(config), elbv2.NewFromConfig(config)
	databases, containers := rds.NewFromConfig(config), ecs.NewFromConfig(config)
	buckets := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })

	vpc := ok[*ec2.CreateVpcOutput](t)(network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.8.0.0/16")})).Vpc.VpcId
	subnet := func(block, zone string) string {
		made := ok[*ec2.CreateSubnetOutput](t)(network.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: &block, AvailabilityZone: &zone}))
		return *made.Subnet.SubnetId
	}
	ids := seeded{SubnetA: subnet("10.8.1.0/24", "us-east-1a"), SubnetB: subnet("10.8.2.0/24", "us-east-1b")}
	ids.Group = *ok[*ec2.CreateSecurityGroupOutput](t)(network.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("seeded"), Description: aws.String("seeded"), VpcId: vpc})).GroupId

	ids.Queue = *ok[*sqs.CreateQueueOutput](t)(queues.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("seeded"), Attributes: map[string]string{"VisibilityTimeout": "45", "MaximumMessageSize": "262144", "Policy": queuePolicy}, Tags: map[string]string{"Name": "jobs"},
	})).QueueUrl

	balancer := ok[*elbv2.CreateLoadBalancerOutput](t)(balancers.CreateLoadBalancer(ctx, &elbv2.CreateLoadBalancerInput{
		Name: aws.String("seeded"), Subnets: []string{ids.SubnetA, ids.SubnetB}, SecurityGroups: []string{ids.Group},
	})).LoadBalancers[0]
	ids.LB = *balancer.LoadBalancerArn
	ids.TargetGroup = *ok[*elbv2.CreateTargetGroupOutput](t)(balancers.CreateTargetGroup(ctx, &elbv2.CreateTargetGroupInput{
		Name: aws.String("seeded"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc, HealthCheckPath: aws.String("/health"),
	})).TargetGroups[0].TargetGroupArn
	ids.Listener = *ok[*elbv2.CreateListenerOutput](t)(balancers.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: &ids.LB, Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumHttp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &ids.TargetGroup}},
	})).Listeners[0].ListenerArn

	ok[*rds.CreateDBSubnetGroupOutput](t)(databases.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: aws.String("seeded"), DBSubnetGroupDescription: aws.String("seeded"), SubnetIds: []string{ids.SubnetA, ids.SubnetB},
	}))
	ok[*rds.CreateDBClusterOutput](t)(databases.CreateDBCluster(ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("seeded"), Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("15.4"), MasterUsername: aws.String("admin1"),
		MasterUserPassword: aws.String("s3cr3t-password"), DBSubnetGroupName: aws.String("seeded"), VpcSecurityGroupIds: []string{ids.Group},
		DeletionProtection: aws.Bool(true), BackupRetentionPeriod: aws.Int32(7), PreferredBackupWindow: aws.String("07:00-08:00"),
		PreferredMaintenanceWindow: aws.String("sun:05:00-sun:06:00"), Port: aws.Int32(5432),
	}))

	seedParameters(ctx, t, databases)

	ids.Cluster = *ok[*ecs.CreateClusterOutput](t)(containers.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("seeded")})).Cluster.ClusterArn
	ok[*ecs.RegisterTaskDefinitionOutput](t)(containers.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("seeded"), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("nginx:1"), Memory: aws.Int32(128)}},
	}))
	ids.Service = *ok[*ecs.CreateServiceOutput](t)(containers.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: &ids.Cluster, ServiceName: aws.String("seeded"), TaskDefinition: aws.String("seeded:1"), DesiredCount: aws.Int32(1),
	})).Service.ServiceArn

	ok[*s3.CreateBucketOutput](t)(buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("drift-seeded")}))
	expire := func(days int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(buckets.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
				Bucket: aws.String("drift-seeded"), LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{
					ID: aws.String("old"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
					Expiration:  &s3types.LifecycleExpiration{Days: &days},
					Transitions: []s3types.Transition{{Days: aws.Int32(30), StorageClass: s3types.TransitionStorageClassStandardIa}},
				}}},
			}))
		}
	}
	if err := expire(90)(ctx); err != nil {
		t.Fatal(err)
	}

	attribute := func(key, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(balancers.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{
				LoadBalancerArn: &ids.LB, Attributes: []elbtypes.LoadBalancerAttribute{{Key: &key, Value: &value}},
			}))
		}
	}
	l := &look{t: t, emulator: e, state: render(t, ids)}
	if err := attribute("deletion_protection.enabled", "true")(ctx); err != nil {
		t.Fatal(err)
	}
	l.clean(nil)
	l.record("seeded")
	l.everyAttribute(t, 70, 10)

	queue := func(seconds string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &ids.Queue, Attributes: map[string]string{
				"VisibilityTimeout": seconds, "Policy": queuePolicy, // which the emulator would forget
			}}))
		}
	}
	health := func(path string) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(balancers.ModifyTargetGroup(ctx, &elbv2.ModifyTargetGroupInput{TargetGroupArn: &ids.TargetGroup, HealthCheckPath: &path}))
		}
	}
	listen := func(port int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(balancers.ModifyListener(ctx, &elbv2.ModifyListenerInput{ListenerArn: &ids.Listener, Port: &port}))
		}
	}
	count := func(tasks int32) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(containers.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &ids.Cluster, Service: aws.String("seeded"), DesiredCount: &tasks}))
		}
	}
	protect := func(on bool) func(context.Context) error {
		return func(ctx context.Context) error {
			return done(databases.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("seeded"), DeletionProtection: &on, ApplyImmediately: aws.Bool(true)}))
		}
	}
	l.byHand(t, []hand{
		{"aws_sqs_queue.jobs", "visibility_timeout_seconds", drift.Major, queue("10"), queue("45")},
		{"aws_lb.web", "enable_deletion_protection", drift.Critical, attribute("deletion_protection.enabled", "false"), attribute("deletion_protection.enabled", "true")},
		{"aws_lb_target_group.web", "health_check.path", drift.Major, health("/"), health("/health")},
		{"aws_lb_listener.web", "port", drift.Critical, listen(8080), listen(80)},
		{"aws_rds_cluster.db", "deletion_protection", drift.Critical, protect(false), protect(true)},
		{"aws_s3_bucket_lifecycle_configuration.site", "rule.old.expiration_days", drift.Major, expire(1), expire(90)},
		{"aws_db_parameter_group.settings", "parameter.log_statement", drift.Major, parameter(databases, "all"), parameter(databases, "ddl")},
		{"aws_rds_cluster_parameter_group.settings", "parameter.log_statement", drift.Major, clusterParameter(databases, "log_statement", "all"), clusterParameter(databases, "log_statement", "ddl")},
		{"aws_rds_cluster_parameter_group.settings", "parameter.rds.force_ssl", drift.Major, clusterParameter(databases, "rds.force_ssl", "0"), clusterParameter(databases, "rds.force_ssl", "1")},
		{"aws_sqs_queue.jobs", "", drift.Critical, func(ctx context.Context) error {
			return done(queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &ids.Queue}))
		}, nil},
		{"aws_lb_listener.web", "", drift.Critical, func(ctx context.Context) error {
			return done(balancers.DeleteListener(ctx, &elbv2.DeleteListenerInput{ListenerArn: &ids.Listener}))
		}, nil},
	})
	// How many tasks run is autoscaling's affair.
	if err := count(7)(ctx); err != nil {
		t.Fatal(err)
	}
	readers := live.Readers(l.clients())
	if result := l.detect(readers, l.read(readers), "aws_ecs_service"); len(result.Items) != 0 || result.Checked != 1 {
		t.Errorf("the number of tasks: %+v", result.Items)
	}
	// Leave no protected thing, and no second cluster, behind for others.
	if err := protect(false)(ctx); err != nil {
		t.Error(err)
	}
	ok[*rds.DeleteDBClusterOutput](t)(databases.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("seeded"), SkipFinalSnapshot: aws.Bool(true)}))
}

// seedParameters makes the parameter groups of instances and of clusters.
func seedParameters(ctx context.Context, t *testing.T, client *rds.Client) {
	t.Helper()
	tags := []rdstypes.Tag{{Key: aws.String("Name"), Value: aws.String("settings")}}
	ok[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: aws.String("seeded"), DBParameterGroupFamily: aws.String("postgres16"), Description: aws.String("seeded"), Tags: tags,
	}))
	ok[*rds.CreateDBClusterParameterGroupOutput](t)(client.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{
		DBClusterParameterGroupName: aws.String("seeded"), DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("seeded"),
	}))
	for _, set := range []func(context.Context) error{parameter(client, "ddl"), clusterParameter(client, "log_statement", "ddl"), clusterParameter(client, "rds.force_ssl", "1")} {
		if err := set(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func parameter(client *rds.Client, value string) func(context.Context) error {
	return func(ctx context.Context) error {
		return done(client.ModifyDBParameterGroup(ctx, &rds.ModifyDBParameterGroupInput{
			DBParameterGroupName: aws.String("seeded"), Parameters: []rdstypes.Parameter{setTo("log_statement", value)},
		}))
	}
}

func clusterParameter(client *rds.Client, name, value string) func(context.Context) error {
	return func(ctx context.Context) error {
		return done(client.ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{
			DBClusterParameterGroupName: aws.String("seeded"), Parameters: []rdstypes.Parameter{setTo(name, value)},
		}))
	}
}

func setTo(name, value string) rdstypes.Parameter {
	return rdstypes.Parameter{ParameterName: &name, ParameterValue: &value, ApplyMethod: rdstypes.ApplyMethodImmediate}
}

func render(t *testing.T, ids seeded) []byte {
	t.Helper()
	parsed, err := template.New("state").Parse(seededState)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, ids); err != nil || !json.Valid(text.Bytes()) {
		t.Fatalf("the state cannot be written: %v", err)
	}
	return text.Bytes()
}
