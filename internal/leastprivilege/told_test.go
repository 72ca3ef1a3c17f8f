package leastprivilege_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
)

// told are the stores and the sinks of the provider block, which every feature shares.
func told() []scenario {
	stored := keeps("store/s3", "")
	stored.beside = []string{"snapshot/ssm_parameter", "rollback/ssm_parameter"}
	stored.spares = map[string]string{
		"s3:DeleteObject": "superfluous snapshots stay, which is a warning",
	}
	stored.silent = map[string]string{"s3:GetBucketVersioning": "no warning of a bucket that keeps no versions"}
	encrypted := keeps("store/s3_kms", "kms_key_id = \"arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555\"")
	encrypted.beside = append([]string{"store/s3"}, stored.beside...)

	const lost = "the notice is lost, which is a warning"
	topic := tells("notices/sns", func(t *testing.T, name string) string {
		made := must[*sns.CreateTopicOutput](t)(sns.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name}))
		return fmt.Sprintf("notify = { sns_topic_arn = %q }", *made.TopicArn)
	})
	topic.spares = map[string]string{"sns:Publish": lost}
	bus := tells("notices/eventbridge", func(t *testing.T, name string) string {
		must[*eventbridge.CreateEventBusOutput](t)(eventbridge.NewFromConfig(acctest.Emulator(t).AWSConfig()).CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &name}))
		return fmt.Sprintf("notify = { event_bus_name = %q }", name)
	})
	bus.spares = map[string]string{"events:PutEvents": lost}
	metrics := tells("notices/metrics", func(*testing.T, string) string { return "metrics = {}" })
	metrics.spares = map[string]string{"cloudwatch:PutMetricData": lost}
	return []scenario{stored, encrypted, topic, bus, metrics, assumed()}
}

// assumed is a caller who may do nothing but act as a role, whom no policy binds here.
func assumed() scenario {
	return scenario{policy: "provider/assume_role", prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		checks := principalChecks(t, name)
		return gate(t, access+fmt.Sprintf("  assume_role = { role_arn = \"arn:aws:iam::123456789012:role/%s\" }\n", name), checks)
	}}
}

// keeps is the life of snapshots, of which one makes another superfluous, and a rollback, whose store is a bucket.
func keeps(policy, more string) scenario {
	return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
		must[*s3.CreateBucketOutput](t)(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}))
		must[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
		}))
		target := kind("ssm_parameter")(t, name)
		block := fmt.Sprintf("provider \"reliability\" {\n  %s\n  store = { s3 = { bucket = %q, prefix = \"reliability\"\n %s } }\n}\n", access, name, more)
		snapshot := func(trigger string) string {
			return fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name = %q\n  release = %q\n  allow_redeploy = true\n  retention = { keep_last = 1 }\n  targets = { it = { %s } }\n}\n", name, trigger, target.Config)
		}
		return func() *inprocess.Outcome {
			session := inprocess.New(t)
			var outcome *inprocess.Outcome
			for _, release := range []string{"v1", "v2", "v3"} {
				if outcome = session.Apply(block + snapshot(release)); outcome.Failed() {
					return outcome
				}
			}
			target.Breaks()
			undone := session.Apply(block + snapshot("v3") + "resource \"reliability_rollback\" \"web\" {\n  snapshot_id = reliability_deployment_snapshot.web.id\n  on_complete = \"ok\"\n}\n")
			undone.Warnings = append(undone.Warnings, outcome.Warnings...)
			return undone
		}
	}}
}

// tells is a gate that passes and closes no deployment: it sends what a gate sends.
func tells(policy string, sink func(t *testing.T, name string) string) scenario {
	return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		config := provider(access+"  "+sink(t, name), t.TempDir()) + fmt.Sprintf(`
resource "reliability_health_gate" "web" {
  max_retries = 0
  on_failure  = "record"
  checks      = { site = { http = { url = %q } }, gone = { tcp = { address = "127.0.0.1:1" } } }
}
`, page(t))
		return func() *inprocess.Outcome { return inprocess.New(t).Apply(config) }
	}}
}

// looks are a look for drift that reads its state from S3, prices what it finds and asks who did it, and one for what nobody manages.
func looks() []scenario {
	const state = `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"a","outputs":{},"resources":[{"mode":"managed","type":"aws_instance","name":"gone",
"provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{"schema_version":1,"attributes":{"id":"i-0123456789abcdef0","arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0","instance_type":"t3.micro"}}]}]}`
	look := func(policy, more, pinned string, with func(*s3.PutObjectInput)) scenario {
		return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
			client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
			must[*s3.CreateBucketOutput](t)(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}))
			must[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
				Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
			}))
			types := []string{"t3.micro", "m5.large", "t3.medium"} // another one each time, whose price no cache has
			runs := 0
			return func() *inprocess.Outcome {
				in := &s3.PutObjectInput{Bucket: &name, Key: aws.String("terraform.tfstate"), Body: strings.NewReader(strings.Replace(state, "t3.micro", types[runs%len(types)], 1))}
				with(in)
				runs++
				put, version := must[*s3.PutObjectOutput](t)(client.PutObject(t.Context(), in)), ""
				if pinned != "" {
					version = fmt.Sprintf(pinned, *put.VersionId)
				}
				return inprocess.New(t).Apply(provider(access, t.TempDir()) + fmt.Sprintf(
					"data \"reliability_drift\" \"live\" {\n  state = { s3 = { bucket = %q, key = \"terraform.tfstate\", region = \"us-east-1\"%s } }\n  %s\n}\n", name, version, more))
			}
		}}
	}
	plain := func(*s3.PutObjectInput) {}
	pinned := look("drift/state_s3_version", "", ", version_id = %q", plain)
	encrypted := look("drift/state_s3_kms", "", "", func(in *s3.PutObjectInput) {
		in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, aws.String("arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555")
	})
	pinned.beside, encrypted.beside = []string{"drift/ec2"}, []string{"drift/ec2", "drift/state_s3"}
	fromS3, priced, attributed := look("drift/state_s3", "", "", plain), look("drift/cost", "cost = {}", "", plain), look("drift/attribution", "attribution = true", "", plain)
	fromS3.beside = []string{"drift/ec2"}
	priced.beside, attributed.beside = []string{"drift/ec2", "drift/state_s3"}, []string{"drift/ec2", "drift/state_s3"}
	priced.unverified, attributed.unverified = true, true
	priced.silent = map[string]string{"pricing:GetProducts": "the table of prices that the provider brings is asked, and the result says so"}
	return []scenario{fromS3, pinned, encrypted, priced, attributed}
}
