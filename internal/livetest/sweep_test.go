package livetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// leftover is how old a run must be before what it left is swept: a run that goes on is left alone.
const leftover = 2 * time.Hour

// sweeper removes the things of one kind whose name matches, and goes on after an error.
type sweeper func(ctx context.Context, config aws.Config, match func(name string) bool) error

var swept = map[string]sweeper{
	"lambda":    sweepFunctions,
	"role":      sweepRoles,
	"bucket":    sweepBuckets,
	"zone":      sweepZones,
	"rest":      sweepRESTAPIs,
	"http":      sweepHTTPAPIs,
	"parameter": sweepParameters,
	"vpc":       sweepVPCs,
	"store":     sweepStores,
}

// after says which kinds must be gone first.
var after = map[string][]string{"role": {"lambda"}}

func init() { //nolint:gochecknoinits // how terraform-plugin-testing learns of sweepers
	for name, sweep := range swept {
		resource.AddTestSweepers(name, &resource.Sweeper{Name: name, Dependencies: after[name], F: func(region string) error {
			if live == nil {
				return errors.New(accountVariable + " is not set: nothing is swept")
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
			defer cancel()
			config := live.Copy()
			config.Region = region
			return sweep(ctx, config, isLeftover(time.Now()))
		}})
	}
}

func isLeftover(now time.Time) func(string) bool {
	return func(name string) bool {
		at, ours := born(name)
		return ours && now.Sub(at) > leftover
	}
}

func sweepFunctions(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := lambda.NewFromConfig(config)
	for pages := lambda.NewListFunctionsPaginator(client, &lambda.ListFunctionsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Functions {
			if name := page.Functions[i].FunctionName; match(*name) {
				_, err := client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name})
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

func sweepRoles(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := iam.NewFromConfig(config)
	for pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Roles {
			if name := page.Roles[i].RoleName; match(*name) {
				all = errors.Join(all, removeRole(ctx, client, name))
			}
		}
	}
	return all
}

func removeRole(ctx context.Context, client *iam.Client, name *string) error {
	policies, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		return err
	}
	for _, policy := range policies.PolicyNames {
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: &policy}); err != nil {
			return err
		}
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	return err
}

func sweepBuckets(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := buckets(config)
	list, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	for _, bucket := range list.Buckets {
		if match(*bucket.Name) {
			all = errors.Join(all, removeBucket(ctx, client, bucket.Name))
		}
	}
	return all
}

// buckets is a client that finds a bucket of the emulator by path, and one of AWS either way.
func buckets(config aws.Config) *s3.Client {
	return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
}

func removeBucket(ctx context.Context, client *s3.Client, bucket *string) error {
	for pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var gone []s3types.ObjectIdentifier
		for i := range page.Versions {
			gone = append(gone, s3types.ObjectIdentifier{Key: page.Versions[i].Key, VersionId: page.Versions[i].VersionId})
		}
		for i := range page.DeleteMarkers {
			gone = append(gone, s3types.ObjectIdentifier{Key: page.DeleteMarkers[i].Key, VersionId: page.DeleteMarkers[i].VersionId})
		}
		if len(gone) == 0 {
			continue
		}
		if _, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: gone, Quiet: aws.Bool(true)}}); err != nil {
			return err
		}
	}
	_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	return err
}

func sweepZones(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := route53.NewFromConfig(config)
	for pages := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.HostedZones {
			if match(*page.HostedZones[i].Name) {
				all = errors.Join(all, removeZone(ctx, client, page.HostedZones[i].Id))
			}
		}
	}
	return all
}

func removeZone(ctx context.Context, client *route53.Client, id *string) error {
	sets, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: id})
	if err != nil {
		return err
	}
	var changes []route53types.Change
	for i := range sets.ResourceRecordSets {
		if set := &sets.ResourceRecordSets[i]; set.Type != route53types.RRTypeNs && set.Type != route53types.RRTypeSoa {
			changes = append(changes, route53types.Change{Action: route53types.ChangeActionDelete, ResourceRecordSet: set})
		}
	}
	if len(changes) > 0 {
		if _, err := client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: id, ChangeBatch: &route53types.ChangeBatch{Changes: changes}}); err != nil {
			return err
		}
	}
	_, err = client.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: id})
	return err
}

func sweepRESTAPIs(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := apigateway.NewFromConfig(config)
	for pages := apigateway.NewGetRestApisPaginator(client, &apigateway.GetRestApisInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Items {
			if match(*page.Items[i].Name) {
				_, err := client.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: page.Items[i].Id})
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

func sweepHTTPAPIs(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := apigatewayv2.NewFromConfig(config)
	for next := (*string)(nil); ; {
		page, err := client.GetApis(ctx, &apigatewayv2.GetApisInput{NextToken: next})
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Items {
			if match(*page.Items[i].Name) {
				_, err := client.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: page.Items[i].ApiId})
				all = errors.Join(all, err)
			}
		}
		if next = page.NextToken; next == nil {
			return all
		}
	}
}

func sweepParameters(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := ssm.NewFromConfig(config)
	for pages := ssm.NewDescribeParametersPaginator(client, &ssm.DescribeParametersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Parameters {
			if name := page.Parameters[i].Name; match(strings.TrimPrefix(*name, "/")) {
				_, err := client.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: name})
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

func sweepVPCs(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := ec2.NewFromConfig(config)
	filters := []ec2types.Filter{{Name: aws.String("tag:Name"), Values: []string{mark + "*"}}}
	for pages := ec2.NewDescribeVpcsPaginator(client, &ec2.DescribeVpcsInput{Filters: filters}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		for i := range page.Vpcs {
			for _, tag := range page.Vpcs[i].Tags {
				if *tag.Key == "Name" && match(*tag.Value) {
					all = errors.Join(all, removeVPC(ctx, client, page.Vpcs[i].VpcId))
				}
			}
		}
	}
	return all
}

func removeVPC(ctx context.Context, client *ec2.Client, id *string) error {
	groups, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{*id}}}})
	if err != nil {
		return err
	}
	for i := range groups.SecurityGroups {
		if aws.ToString(groups.SecurityGroups[i].GroupName) == "default" {
			continue
		}
		if _, err := client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: groups.SecurityGroups[i].GroupId}); err != nil {
			return err
		}
	}
	_, err = client.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: id})
	return err
}

func TestWhatIsSwept(t *testing.T) {
	began := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	name := mark + "hx1k20-beef-lambda"
	if at, ours := born(run + "-lambda"); !ours || time.Since(at) > time.Hour {
		t.Errorf("a name of this run is born at %v, ours %v", at, ours)
	}
	for thing, ours := range map[string]bool{name: true, mark: false, mark + "x": false, mark + "0-a": false, mark + "!!-a": false, "shop-" + name: false, "rel-live": false, "": false} {
		if _, got := born(thing); got != ours {
			t.Errorf("%q is ours: %v, want %v", thing, got, ours)
		}
	}
	at, _ := born(name)
	for age, want := range map[time.Duration]bool{0: false, leftover: false, leftover + time.Minute: true, -time.Hour: false} {
		if got := isLeftover(at.Add(age))(name); got != want {
			t.Errorf("after %s it is left over: %v, want %v", age, got, want)
		}
	}
	if isLeftover(began.AddDate(100, 0, 0))("production-bucket") {
		t.Error("what is not ours would be swept")
	}
}
