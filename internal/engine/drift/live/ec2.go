package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// EC2API are the calls of EC2 that reading needs.
type EC2API interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	DescribeVpcAttribute(context.Context, *ec2.DescribeVpcAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

// Pages and filters at their maximum: MaxResults goes up to 1,000 and one filter takes 200 values,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html and
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html. Beyond 200 everything is listed.
const (
	ec2Page         = 1000
	ec2FilterValues = 200
)

type ec2Client = func(ctx context.Context, region string) (EC2API, error)

func newEC2(clients *awsapi.Clients) Reader {
	return ec2Service(func(ctx context.Context, region string) (EC2API, error) { return clients.EC2(ctx, region) })
}

// ec2Service reads VPCs, and security groups with the two kinds of standalone rules that belong to them.
func ec2Service(client ec2Client) service {
	return service{
		vpcKind(client),
		groupKind(client),
		{Spec: Spec{Type: "aws_security_group_rule", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html", Context: groupRuleAttributes, Part: &Part{OwnerType: "aws_security_group", Owner: groupRule}}},
	}
}

func optional[T any](value *T) any {
	if value == nil {
		return unread
	}
	return value
}

func ec2Tags(tags []types.Tag) map[string]string {
	return tagMap(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}

// ec2Filter narrows a listing to resources, or lists everything when there are none or more than a filter takes.
func ec2Filter(name string, resources []Resource) []types.Filter {
	if len(resources) == 0 || len(resources) > ec2FilterValues {
		return nil
	}
	values := make([]string, 0, len(resources))
	for _, resource := range resources {
		values = append(values, resource.ID)
	}
	return []types.Filter{{Name: aws.String(name), Values: values}}
}
