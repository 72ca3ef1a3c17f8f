package leastprivilege_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// world makes one target in AWS.
type world func(t *testing.T, name string) targettest.Target

// kind is a target of each kind.
func kind(name string) world {
	return func(t *testing.T, unique string) targettest.Target {
		t.Helper()
		if name == "s3_bucket" {
			return bucket(t, unique, func(*s3.PutObjectInput) {})
		}
		return targettest.Kinds[name](t, unique, acctest.Emulator(t).AWSConfig())
	}
}

// releases are captures and rollbacks of each kind of target, and what comes to a rollback with its options.
func releases() []scenario {
	var all []scenario
	for _, name := range []string{
		"lambda_alias", "s3_bucket", "rest_api_stage", "http_api_stage", "cloudfront_distribution", "route53_record", "ecs_service", "ssm_parameter", "listener_rule",
	} {
		all = append(all, captures("snapshot/"+name, kind(name)), rollsBack("rollback/"+name, kind(name), ""))
	}
	for i := range all {
		switch all[i].policy {
		case "snapshot/lambda_alias":
			all[i].spares = map[string]string{
				"lambda:GetProvisionedConcurrencyConfig": "provisioned concurrency is not captured",
				"lambda:ListVersionsByFunction":          "a clean-up of versions finds none",
			}
		case "snapshot/s3_bucket":
			all[i].spares = map[string]string{"s3:GetLifecycleConfiguration": "no warning of rules that expire old versions"}
		case "rollback/s3_bucket":
			all[i].silent = map[string]string{"s3:GetEncryptionConfiguration": "objects are compared one by one, which is slower"}
		}
	}
	publishes := captures("snapshot/lambda_alias_publish", func(t *testing.T, name string) targettest.Target {
		made := targettest.New(t, name)
		made.Alias("$LATEST")
		return targettest.Target{Config: fmt.Sprintf("lambda_alias = { function_name = %q, name = \"live\", publish = true }", name)}
	})
	publishes.beside = []string{"snapshot/lambda_alias"}
	all = append(all, publishes)
	withMissingAlias := rollsBack("rollback/lambda_alias_deleted", deletedAlias, "")
	withMissingAlias.beside = []string{"rollback/lambda_alias"}
	all = append(all, withMissingAlias)
	return append(all, cleanups()...)
}

func captures(policy string, made world) scenario {
	return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		target := made(t, name)
		config := provider(access, t.TempDir()) + capture(name, target.Config)
		return func() *inprocess.Outcome { return inprocess.New(t).Apply(config) }
	}}
}

func capture(name, target string) string {
	return fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name = %q\n  release = \"v1\"\n  allow_redeploy = true\n  targets = { it = { %s } }\n}\n", name, target)
}

// rollsBack is a rollback of a bad release, which is previewed before it is done.
func rollsBack(policy string, made world, more string) scenario {
	return scenario{policy: policy, prepare: func(t *testing.T, name, access string) func() *inprocess.Outcome {
		target := made(t, name)
		folder := t.TempDir()
		const root = "s3_use_path_style = true"
		taken := inprocess.New(t).Apply(provider(root, folder) + capture(name, target.Config))
		if taken.Failed() {
			t.Fatal(taken.Said())
		}
		back := func(access string) *inprocess.Outcome {
			t.Helper()
			options := fmt.Sprintf("  snapshot_id = %q\n  %s\n", name+"/000001", more)
			return inprocess.New(t).Apply(provider(access, folder) + "data \"reliability_rollback_plan\" \"web\" {\n" + options + "}\n" +
				"resource \"reliability_rollback\" \"web\" {\n" + options + "  on_complete = \"ok\"\n}\n")
		}
		return func() *inprocess.Outcome {
			if undone := back(root); undone.Failed() { // what the last run left half done
				t.Fatal(undone.Said())
			}
			target.Breaks()
			return back(access)
		}
	}}
}

// bucket is a versioned bucket, in which a bad release overwrites one object, deletes one and adds one.
func bucket(t *testing.T, name string, with func(*s3.PutObjectInput)) targettest.Target {
	t.Helper()
	client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	must[*s3.CreateBucketOutput](t)(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(strings.Contains(name, "lock"))}))
	must[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	}))
	puts := func(key, body string) {
		in := &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader(body)}
		with(in)
		must[*s3.PutObjectOutput](t)(client.PutObject(t.Context(), in))
	}
	puts("index.html", "one")
	puts("deleted.html", "one")
	return targettest.Target{Config: fmt.Sprintf("s3_bucket = { bucket = %q }", name), Breaks: func() {
		puts("index.html", acctest.Unique(t))
		puts("new.html", "two")
		must[*s3.DeleteObjectOutput](t)(client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &name, Key: aws.String("deleted.html")}))
	}}
}

func deletedAlias(t *testing.T, name string) targettest.Target {
	made := kind("lambda_alias")(t, name)
	client := lambda.NewFromConfig(acctest.Emulator(t).AWSConfig())
	made.Breaks = func() {
		must[*lambda.DeleteAliasOutput](t)(client.DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: &name, Name: aws.String("live")}))
	}
	return made
}

// cleanups are the parts of cleanup, encryption, object locks and S3 Batch Operations, each beside the rollback of its kind.
func cleanups() []scenario {
	versions := rollsBack("rollback/cleanup_lambda_versions", func(t *testing.T, name string) targettest.Target {
		w := targettest.New(t, name)
		n := 1
		return targettest.Target{Config: fmt.Sprintf("lambda_alias = { function_name = %q, name = \"live\" }", name), Breaks: func() { n++; w.Release(n) }}
	}, "cleanup = { lambda_versions = true }")
	versions.beside = []string{"rollback/lambda_alias"}

	deployments := rollsBack("rollback/cleanup_api_deployments", func(t *testing.T, name string) targettest.Target {
		made := kind("rest_api_stage")(t, name)
		client, api := apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig()), strings.Split(made.Config, `"`)[1]
		breaks := made.Breaks
		made.Breaks = func() {
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) //nolint:forbidigo // API Gateway's clock counts seconds
			breaks()
			must[*apigateway.CreateDeploymentOutput](t)(client.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &api}))
		}
		return made
	}, "cleanup = { api_deployments = true }")
	deployments.beside = []string{"rollback/rest_api_stage"}

	objects := rollsBack("rollback/cleanup_new_objects", kind("s3_bucket"), "cleanup = { new_objects = true }")
	objects.beside = []string{"rollback/s3_bucket"}

	const key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
	encrypted := rollsBack("rollback/s3_bucket_kms", func(t *testing.T, name string) targettest.Target {
		return bucket(t, name, func(in *s3.PutObjectInput) {
			in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, aws.String(key)
		})
	}, "")
	encrypted.beside = []string{"rollback/s3_bucket"}

	locked := rollsBack("rollback/s3_bucket_object_lock", func(t *testing.T, name string) targettest.Target {
		return bucket(t, short(name)+"-lock", func(in *s3.PutObjectInput) {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = s3types.ObjectLockModeGovernance, aws.Time(time.Now().Add(time.Hour))
			in.ObjectLockLegalHoldStatus, in.ChecksumAlgorithm = s3types.ObjectLockLegalHoldStatusOn, s3types.ChecksumAlgorithmSha256
		})
	}, "")
	locked.beside = []string{"rollback/s3_bucket"}

	batched := rollsBack("rollback/s3_batch_operations", func(t *testing.T, name string) targettest.Target {
		made := bucket(t, name, func(*s3.PutObjectInput) {})
		reports := short(name) + "-reports"
		client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
		must[*s3.CreateBucketOutput](t)(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &reports}))
		made.Config = fmt.Sprintf("s3_bucket = { bucket = %q, batch_operations = { role_arn = \"arn:aws:iam::123456789012:role/batch\", bucket = %q, threshold = 1 } }", name, reports)
		return made
	}, "")
	batched.beside = []string{"rollback/s3_bucket"}
	batched.silent = map[string]string{ // the provider's log says so
		"s3:CreateJob": "the objects are copied by the provider, which is slower", "iam:PassRole": "the objects are copied by the provider, which is slower",
	}
	return []scenario{versions, deployments, objects, encrypted, locked, batched}
}
