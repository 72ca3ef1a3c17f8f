// Package targettest makes, in the emulator, one target of each kind, and breaks them as a bad release does. For tests.
package targettest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// World is a function with an alias, a versioned bucket, and a weighted pair of records, all named after Name.
type World struct {
	t      *testing.T
	Name   string
	ZoneID string

	lambda  *lambda.Client
	s3      *s3.Client
	route53 *route53.Client
}

// New makes the world of release 1: the alias "live" on version 1, index.html "one", all weight on blue.
func New(t *testing.T, name string) *World {
	t.Helper()
	ctx, config := t.Context(), acctest.Emulator(t).AWSConfig()
	w := &World{
		t: t, Name: name, lambda: lambda.NewFromConfig(config), route53: route53.NewFromConfig(config),
		s3: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }),
	}
	role, err := iam.NewFromConfig(config).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String("{}")})
	w.must(err)
	_, err = w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role.Role.Arn, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("a.b"), Publish: true, Code: &lambdatypes.FunctionCode{ZipFile: w.code("1")},
	})
	w.must(err)
	_, err = w.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	w.must(err)
	_, err = w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	w.must(err)
	w.Versioning(s3types.BucketVersioningStatusEnabled)
	w.Put("index.html", "one")
	zone, err := w.route53.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(name + ".example"), CallerReference: &name})
	w.must(err)
	w.ZoneID = strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/")
	w.Weights(100, 0)
	return w
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) code(body string) []byte {
	w.t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("a.py")
	w.must(err)
	_, err = file.Write([]byte("x = " + body))
	w.must(err)
	w.must(archive.Close())
	return out.Bytes()
}

// Release deploys release n > 1: a new version behind the alias, another index.html and a new object, all weight on
// green. It is what a bad release does, and what a good one does.
func (w *World) Release(n int) {
	w.t.Helper()
	body := fmt.Sprint(n)
	out, err := w.lambda.UpdateFunctionCode(w.t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &w.Name, ZipFile: w.code(body), Publish: true})
	w.must(err)
	w.Alias(aws.ToString(out.Version))
	w.Put("index.html", "release "+body)
	w.Put("new-"+body+".txt", body)
	w.Weights(0, 100)
}

// Alias points the alias to a version.
func (w *World) Alias(version string) {
	w.t.Helper()
	_, err := w.lambda.UpdateAlias(w.t.Context(), &lambda.UpdateAliasInput{FunctionName: &w.Name, Name: aws.String("live"), FunctionVersion: &version})
	w.must(err)
}

// Versioning sets the versioning of the bucket.
func (w *World) Versioning(status s3types.BucketVersioningStatus) {
	w.t.Helper()
	_, err := w.s3.PutBucketVersioning(w.t.Context(), &s3.PutBucketVersioningInput{Bucket: &w.Name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status}})
	w.must(err)
}

// Put writes an object.
func (w *World) Put(key, body string) {
	w.t.Helper()
	_, err := w.s3.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &w.Name, Key: &key, Body: strings.NewReader(body), ContentType: aws.String("text/html")})
	w.must(err)
}

// Weights sets both records.
func (w *World) Weights(blue, green int64) {
	w.t.Helper()
	var changes []route53types.Change
	for set, weight := range map[string]int64{"blue": blue, "green": green} {
		changes = append(changes, route53types.Change{Action: route53types.ChangeActionUpsert, ResourceRecordSet: &route53types.ResourceRecordSet{
			Name: aws.String(w.Record()), Type: route53types.RRTypeA, SetIdentifier: aws.String(set), Weight: aws.Int64(weight), TTL: aws.Int64(5),
			ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
		}})
	}
	_, err := w.route53.ChangeResourceRecordSets(w.t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &w.ZoneID, ChangeBatch: &route53types.ChangeBatch{Changes: changes}})
	w.must(err)
}

// Record is the name of the records.
func (w *World) Record() string { return "www." + w.Name + ".example" }

// Live describes what is live, such as "alias 1, index one, blue 100 green 0, new true".
func (w *World) Live() string {
	w.t.Helper()
	ctx := w.t.Context()
	alias, err := w.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &w.Name, Name: aws.String("live")})
	w.must(err)
	index, _ := w.object("index.html")
	records, err := w.route53.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &w.ZoneID, StartRecordName: aws.String(w.Record()), StartRecordType: route53types.RRTypeA})
	w.must(err)
	weights := map[string]int64{}
	for _, record := range records.ResourceRecordSets {
		weights[aws.ToString(record.SetIdentifier)] = aws.ToInt64(record.Weight)
	}
	_, isNew := w.object("new-2.txt")
	return fmt.Sprintf("alias %s, index %s, blue %d green %d, new %t", aws.ToString(alias.FunctionVersion), index, weights["blue"], weights["green"], isNew)
}

func (w *World) object(key string) (body string, there bool) {
	w.t.Helper()
	out, err := w.s3.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &w.Name, Key: &key})
	var missing *s3types.NoSuchKey
	if errors.As(err, &missing) {
		return "", false
	}
	w.must(err)
	data, err := io.ReadAll(out.Body)
	w.must(err)
	return string(data), true
}

// Targets is the targets attribute of the three targets code, site and dns.
func (w *World) Targets() string {
	return fmt.Sprintf(`targets = {
    code = { lambda_alias = { function_name = %q, name = "live" } }
    site = { s3_bucket = { bucket = %q } }
    dns  = { route53_record = { zone_id = %q, name = %q, type = "A" } }
  }`, w.Name, w.Name, w.ZoneID, w.Record())
}
