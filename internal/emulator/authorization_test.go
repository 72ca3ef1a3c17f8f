package emulator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// boundTo returns the configuration of a caller whom a policy of these statements binds.
func boundTo(t *testing.T, e *emulator.Emulator, key string, statements ...string) aws.Config {
	t.Helper()
	release, err := e.Bind(emulator.Caller{AccessKey: key}, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	config := e.AWSConfig()
	config.Credentials = credentials.NewStaticCredentialsProvider(key, "secret", "")
	return config
}

// TestAuthorizationOfEachProtocol: who may do nothing is refused by each service in the words of its protocol, and the words name action and
// resource; who may do that one thing is served.
func TestAuthorizationOfEachProtocol(t *testing.T) {
	e := shared
	for _, test := range []struct {
		action, resource, code string
		call                   func(context.Context, aws.Config) error
	}{
		{"lambda:GetAlias", "arn:aws:lambda:us-east-1:123456789012:function:shop", "AccessDeniedException", func(ctx context.Context, c aws.Config) error {
			_, err := lambda.NewFromConfig(c).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("shop"), Name: aws.String("live")})
			return err
		}},
		{"lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:shop:live", "AccessDeniedException", func(ctx context.Context, c aws.Config) error {
			_, err := lambda.NewFromConfig(c).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("shop"), Qualifier: aws.String("live")})
			return err
		}},
		{"apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live", "AccessDeniedException", func(ctx context.Context, c aws.Config) error {
			_, err := apigateway.NewFromConfig(c).GetStage(ctx, &apigateway.GetStageInput{RestApiId: aws.String("abc"), StageName: aws.String("live")})
			return err
		}},
		{"cloudfront:GetDistribution", "arn:aws:cloudfront::123456789012:distribution/E1", "AccessDenied", func(ctx context.Context, c aws.Config) error {
			_, err := cloudfront.NewFromConfig(c).GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String("E1")})
			return err
		}},
		{"route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", "AccessDenied", func(ctx context.Context, c aws.Config) error {
			_, err := route53.NewFromConfig(c).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z1")})
			return err
		}},
		{"s3:ListBucketVersions", "arn:aws:s3:::authorized-site", "AccessDenied", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c, pathStyle).ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("authorized-site")})
			return err
		}},
		{"s3:GetObjectVersion", "arn:aws:s3:::authorized-site/a/b", "AccessDenied", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c, pathStyle).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("authorized-site"), Key: aws.String("a/b"), VersionId: aws.String("1")})
			return err
		}},
		{"iam:GetRole", "arn:aws:iam::123456789012:role/deploy", "AccessDenied", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("deploy")})
			return err
		}},
		{"sns:Publish", "arn:aws:sns:us-east-1:123456789012:releases", "AuthorizationError", func(ctx context.Context, c aws.Config) error {
			_, err := sns.NewFromConfig(c).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:releases"), Message: aws.String("m")})
			return err
		}},
		{"ec2:DescribeVpcs", "*", "UnauthorizedOperation", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
			return err
		}},
		{"dynamodb:DescribeTable", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", "AccessDeniedException", func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
			return err
		}},
		{"ecs:DescribeServices", "arn:aws:ecs:us-east-1:123456789012:service/shop/web", "AccessDeniedException", func(ctx context.Context, c aws.Config) error {
			_, err := ecs.NewFromConfig(c).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("shop"), Services: []string{"web"}})
			return err
		}},
	} {
		t.Run(test.action, func(t *testing.T) {
			refused := test.call(t.Context(), boundTo(t, e, "NOBODY"))
			failure, _ := awsapi.Explain(refused)
			if failure.Code != test.code || !awsapi.IsDenied(refused) {
				t.Errorf("the code is %q, not %q: %v", failure.Code, test.code, refused)
			}
			if !strings.Contains(failure.Message, "is not authorized to perform: "+test.action) || (test.resource != "*" && !strings.Contains(failure.Message, "on resource: "+test.resource)) {
				t.Errorf("the words name neither %s nor %s: %s", test.action, test.resource, failure.Message)
			}
			// Who may not list a bucket is refused what is not in it.
			allowed := test.call(t.Context(), boundTo(t, e, "ALLOWED", `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}`,
				fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, test.action, test.resource)))
			if awsapi.IsDenied(allowed) {
				t.Errorf("refused with %s on %s: %v", test.action, test.resource, allowed)
			}
		})
	}
	t.Run("whoever asks may ask who it is", func(t *testing.T) {
		if _, err := sts.NewFromConfig(boundTo(t, e, "NOBODY")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			t.Error(err)
		}
	})
}

func pathStyle(o *s3.Options) { o.UsePathStyle = true }

// TestAuthorizationOfS3: what is not there is told only to those who may list; a copy needs both ends; a Deny wins.
func TestAuthorizationOfS3(t *testing.T) {
	e := shared
	root := s3.NewFromConfig(e.AWSConfig(), pathStyle)
	if _, err := root.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("authorized-site")}); err != nil {
		t.Fatal(err)
	}
	put(t, root, "index.html")
	const get, list = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::authorized-site/*"}`, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::authorized-site"}`
	head := func(key string, statements ...string) error {
		_, err := s3.NewFromConfig(boundTo(t, e, "READER", statements...), pathStyle).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("authorized-site"), Key: &key})
		return err
	}
	if err := head("none", get); !awsapi.IsDenied(err) {
		t.Errorf("an object that is not there, to one who may not list: %v", err)
	}
	if err := head("none", get, list); !awsapi.IsNotFound(err) {
		t.Errorf("an object that is not there, to one who may list: %v", err)
	}
	if err := head("index.html", get); err != nil {
		t.Error(err)
	}
	if err := head("index.html", get, `{"Effect":"Deny","Action":"s3:*","Resource":"*"}`); !awsapi.IsDenied(err) {
		t.Errorf("in spite of a Deny: %v", err)
	}
	if err := head("index.html", `{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::other/*"}`); !awsapi.IsDenied(err) {
		t.Errorf("allowed for another bucket: %v", err)
	}
	copies := func(statements ...string) error {
		_, err := s3.NewFromConfig(boundTo(t, e, "COPIER", statements...), pathStyle).CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String("authorized-site"), Key: aws.String("copy.html"), CopySource: aws.String("authorized-site/index.html"), TaggingDirective: s3types.TaggingDirectiveReplace,
		})
		return err
	}
	const write = `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::authorized-site/copy.html"}`
	if err := copies(write); !strings.Contains(fmt.Sprint(err), "s3:GetObject") {
		t.Errorf("a copy without its source: %v", err)
	}
	if err := copies(get); !strings.Contains(fmt.Sprint(err), "s3:PutObject") {
		t.Errorf("a copy without its destination: %v", err)
	}
	if err := copies(get, write); err != nil {
		t.Error(err)
	}
	deleted, err := s3.NewFromConfig(boundTo(t, e, "CLEANER", get), pathStyle).DeleteObjects(t.Context(), &s3.DeleteObjectsInput{
		Bucket: aws.String("authorized-site"), Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("index.html"), VersionId: aws.String("null")}}},
	})
	if err != nil || len(deleted.Errors) != 1 || !strings.Contains(aws.ToString(deleted.Errors[0].Message), "s3:DeleteObjectVersion") {
		t.Errorf("a deletion of a version: %+v, %v", deleted, err)
	}
}

func put(t *testing.T, client *s3.Client, key string) {
	t.Helper()
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("authorized-site"), Key: &key, Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
}

// TestAuthorizationByConditions: a change of records is allowed for the names, types and actions that the policy gives, and for no other.
func TestAuthorizationByConditions(t *testing.T) {
	e := shared
	config := boundTo(t, e, "SWITCH", `{"Effect":"Allow","Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/Z1","Condition":{"ForAllValues:StringEquals":{
		"route53:ChangeResourceRecordSetsNormalizedRecordNames":["www.example.com"],"route53:ChangeResourceRecordSetsActions":["CREATE","DELETE"]}}}`)
	change := func(name string, action route53types.ChangeAction) error {
		_, err := route53.NewFromConfig(config).ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String("Z1"), ChangeBatch: &route53types.ChangeBatch{
			Changes: []route53types.Change{{Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: &name, Type: route53types.RRTypeA, TTL: aws.Int64(5), ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
			}}},
		}})
		return err
	}
	if err := change("WWW.example.com.", route53types.ChangeActionCreate); awsapi.IsDenied(err) {
		t.Error(err)
	}
	if err := change("api.example.com", route53types.ChangeActionCreate); !awsapi.IsDenied(err) {
		t.Errorf("another name: %v", err)
	}
	if err := change("www.example.com", route53types.ChangeActionUpsert); !awsapi.IsDenied(err) {
		t.Errorf("another action: %v", err)
	}
}
