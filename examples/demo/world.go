package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	functionName = "shop-api"
	aliasName    = "live"
	bucketName   = "shop-assets"
	assetKey     = "index.html"
	blueAddress  = "127.0.0.11"
	greenAddress = "127.0.0.12"
)

// world is the AWS account of the demo, before anybody releases anything.
type world struct {
	lambda  *lambda.Client
	s3      *s3.Client
	route53 *route53.Client
	ec2     *ec2.Client
	iam     *iam.Client
	zoneID  string
	groupID string
	vpcID   string
}

func newWorld(cfg aws.Config) *world {
	return &world{
		lambda: lambda.NewFromConfig(cfg), s3: s3.NewFromConfig(cfg), route53: route53.NewFromConfig(cfg),
		ec2: ec2.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg),
	}
}

// build makes release v1 live: a function with an alias, a versioned bucket, a zone with two weighted records, a network.
func (w *world) build(ctx context.Context) error {
	role, err := w.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("shop-api"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},` +
			`"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		return err
	}
	code, err := archive("v1")
	if err != nil {
		return err
	}
	created, err := w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(functionName), Role: role.Role.Arn, Handler: aws.String("index.handler"),
		Runtime: lambdatypes.RuntimeNodejs20x, Code: &lambdatypes.FunctionCode{ZipFile: code}, Publish: true,
	})
	if err != nil {
		return err
	}
	if _, err = w.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: aws.String(functionName), Name: aws.String(aliasName), FunctionVersion: created.Version,
	}); err != nil {
		return err
	}
	if _, err = w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketName)}); err != nil {
		return err
	}
	if _, err = w.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: aws.String(bucketName), VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	}); err != nil {
		return err
	}
	if err = w.putAsset(ctx, "v1"); err != nil {
		return err
	}
	return errors.Join(w.buildZone(ctx), w.buildNetwork(ctx))
}

func (w *world) buildZone(ctx context.Context) error {
	zone, err := w.route53.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("shop.example"), CallerReference: aws.String("demo")})
	if err != nil {
		return err
	}
	w.zoneID = strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/")
	record := func(colour, address string, weight int64) r53types.Change {
		return r53types.Change{Action: r53types.ChangeActionCreate, ResourceRecordSet: &r53types.ResourceRecordSet{
			Name: aws.String(shopName), Type: r53types.RRTypeA, SetIdentifier: aws.String(colour), Weight: aws.Int64(weight), TTL: aws.Int64(1),
			ResourceRecords: []r53types.ResourceRecord{{Value: aws.String(address)}},
		}}
	}
	_, err = w.route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: zone.HostedZone.Id,
		ChangeBatch:  &r53types.ChangeBatch{Changes: []r53types.Change{record("blue", blueAddress, 100), record("green", greenAddress, 0)}},
	})
	return err
}

func (w *world) buildNetwork(ctx context.Context) error {
	vpc, err := w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.20.0.0/16")})
	if err != nil {
		return err
	}
	w.vpcID = aws.ToString(vpc.Vpc.VpcId)
	group, err := w.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("shop"), Description: aws.String("shop"), VpcId: vpc.Vpc.VpcId,
	})
	if err != nil {
		return err
	}
	w.groupID = aws.ToString(group.GroupId)
	_, err = w.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: group.GroupId, IpPermissions: []ec2types.IpPermission{permission(443, "10.20.0.0/16")},
	})
	return err
}

func permission(port int32, from string) ec2types.IpPermission {
	return ec2types.IpPermission{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(port), ToPort: aws.Int32(port), IpRanges: []ec2types.IpRange{{CidrIp: aws.String(from)}},
	}
}

// openByHand is what somebody does at night: SSH from everywhere.
func (w *world) openByHand(ctx context.Context) error {
	_, err := w.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: aws.String(w.groupID), IpPermissions: []ec2types.IpPermission{permission(22, "0.0.0.0/0")},
	})
	return err
}

// networkState writes the state file that the network's own configuration left, as hashicorp/aws writes it.
func (w *world) networkState(file string) error {
	rule := map[string]any{
		"cidr_blocks": []string{"10.20.0.0/16"}, "description": "", "from_port": 443, "to_port": 443, "protocol": "tcp",
		"ipv6_cidr_blocks": []string{}, "prefix_list_ids": []string{}, "security_groups": []string{}, "self": false,
	}
	everywhere := map[string]any{
		"cidr_blocks": []string{"0.0.0.0/0"}, "description": "", "from_port": 0, "to_port": 0, "protocol": "-1",
		"ipv6_cidr_blocks": []string{}, "prefix_list_ids": []string{}, "security_groups": []string{}, "self": false,
	}
	resource := func(kind, name string, attributes map[string]any) map[string]any {
		return map[string]any{
			"mode": "managed", "type": kind, "name": name, "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
			"instances": []any{map[string]any{"schema_version": 1, "attributes": attributes, "sensitive_attributes": []any{}}},
		}
	}
	state, err := json.MarshalIndent(map[string]any{
		"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "3f1c0f0e-2a52-4d0f-9c11-9a4a6e2d5b10", "outputs": map[string]any{}, "check_results": nil,
		"resources": []any{
			resource("aws_vpc", "shop", map[string]any{
				"id": w.vpcID, "arn": "arn:aws:ec2:us-east-1:123456789012:vpc/" + w.vpcID, "cidr_block": "10.20.0.0/16",
			}),
			resource("aws_security_group", "shop", map[string]any{
				"id": w.groupID, "arn": "arn:aws:ec2:us-east-1:123456789012:security-group/" + w.groupID, "name": "shop", "description": "shop",
				"vpc_id": w.vpcID, "ingress": []any{rule}, "egress": []any{everywhere},
			}),
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, state, 0o600)
}

func (w *world) putAsset(ctx context.Context, release string) error {
	_, err := w.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucketName), Key: aws.String(assetKey), ContentType: aws.String("text/html"),
		Body: strings.NewReader("<h1>shop " + release + "</h1>\n"),
	})
	return err
}

// aliasVersion is the Lambda version that customers get.
func (w *world) aliasVersion(ctx context.Context) (string, error) {
	alias, err := w.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String(functionName), Name: aws.String(aliasName)})
	if err != nil {
		return "", err
	}
	return aws.ToString(alias.FunctionVersion), nil
}

// asset is what the bucket serves.
func (w *world) asset(ctx context.Context) (string, error) {
	object, err := w.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucketName), Key: aws.String(assetKey)})
	if err != nil {
		return "", err
	}
	defer object.Body.Close() //nolint:errcheck // read to its end below
	var body bytes.Buffer
	if _, err := body.ReadFrom(object.Body); err != nil {
		return "", err
	}
	return strings.TrimSpace(body.String()), nil
}

// deploy is the team's own deployment command, which Terraform runs: new code everywhere, no traffic moved.
func deploy(ctx context.Context, release, colour string) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	w := newWorld(cfg)
	code, err := archive(release)
	if err != nil {
		return err
	}
	if _, err = w.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(functionName), ZipFile: code}); err != nil {
		return err
	}
	published, err := w.lambda.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String(functionName)})
	if err != nil {
		return err
	}
	if _, err = w.lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: aws.String(functionName), Name: aws.String(aliasName), FunctionVersion: published.Version,
	}); err != nil {
		return err
	}
	if err = w.putAsset(ctx, release); err != nil {
		return err
	}
	address := os.Getenv("DEMO_" + strings.ToUpper(colour) + "_URL")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/deploy?release="+url.QueryEscape(release), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is read
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, resp.Status)
	}
	return nil
}

// archive is a deployment package that differs for each release.
func archive(release string) ([]byte, error) {
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	file, err := writer.Create("index.js")
	if err != nil {
		return nil, err
	}
	if _, err = fmt.Fprintf(file, "exports.handler = async () => ({ ok: true, release: %q });\n", release); err != nil {
		return nil, err
	}
	if err = writer.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
