package live

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
)

const account = "123456789012"

func caller(parallelism int, own string) *Caller {
	return NewCaller(parallelism, func(context.Context) (string, error) { return own, nil })
}

func refused(service, operation, code string) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: http.StatusText(http.StatusBadRequest)}}
}

// fakeEC2 pages, filters by id and refuses unknown ids, as EC2 does.
type fakeEC2 struct {
	EC2API
	mu       sync.Mutex
	page     int
	vpcs     []ec2types.Vpc
	groups   []ec2types.SecurityGroup
	hidden   map[string]bool // not in listings, though they exist
	refuse   map[string]error
	filtered []bool
	listings int
}

func window[T any](items []T, token *string, size int) (page []T, next *string) {
	start := 0
	if token != nil {
		_, _ = fmt.Sscan(*token, &start)
	}
	end := min(start+size, len(items))
	if end < len(items) {
		next = aws.String(fmt.Sprint(end))
	}
	return items[start:end], next
}

func (f *fakeEC2) DescribeVpcs(_ context.Context, in *ec2.DescribeVpcsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refuse["DescribeVpcs"]; err != nil {
		return nil, err
	}
	wanted := in.VpcIds
	if len(in.Filters) > 0 {
		wanted = in.Filters[0].Values
	}
	var found []ec2types.Vpc
	for _, vpc := range f.vpcs {
		if (wanted == nil || slices.Contains(wanted, *vpc.VpcId)) && (!f.hidden[*vpc.VpcId] || len(in.VpcIds) > 0) {
			found = append(found, vpc)
		}
	}
	if len(in.VpcIds) > 0 {
		if len(found) == 0 {
			return nil, refused("EC2", "DescribeVpcs", "InvalidVpcID.NotFound")
		}
		return &ec2.DescribeVpcsOutput{Vpcs: found}, nil
	}
	f.listings++
	f.filtered = append(f.filtered, len(in.Filters) > 0)
	page, next := window(found, in.NextToken, f.page)
	return &ec2.DescribeVpcsOutput{Vpcs: page, NextToken: next}, nil
}

func (f *fakeEC2) DescribeVpcAttribute(_ context.Context, in *ec2.DescribeVpcAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error) {
	if err := f.refuse["DescribeVpcAttribute"]; err != nil {
		return nil, err
	}
	yes := &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}
	if in.Attribute == ec2types.VpcAttributeNameEnableDnsSupport {
		return &ec2.DescribeVpcAttributeOutput{EnableDnsSupport: yes}, nil
	}
	return &ec2.DescribeVpcAttributeOutput{EnableDnsHostnames: yes}, nil
}

func (f *fakeEC2) DescribeSecurityGroups(_ context.Context, in *ec2.DescribeSecurityGroupsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	if err := f.refuse["DescribeSecurityGroups"]; err != nil {
		return nil, err
	}
	if len(in.GroupIds) > 0 {
		return nil, refused("EC2", "DescribeSecurityGroups", "InvalidGroup.NotFound")
	}
	page, next := window(f.groups, in.NextToken, f.page)
	return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: page, NextToken: next}, nil
}

func (f *fakeEC2) reader() service {
	return ec2Service(func(context.Context, string) (EC2API, error) { return f, nil })
}

type fakeLambda struct {
	page       int
	functions  []lambdatypes.FunctionConfiguration
	hidden     map[string]bool
	listings   int
	refuse     error // of the targeted call
	refuseTags error
}

func (f *fakeLambda) ListFunctions(_ context.Context, in *lambda.ListFunctionsInput, _ ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error) {
	f.listings++
	listed := slices.DeleteFunc(slices.Clone(f.functions), func(c lambdatypes.FunctionConfiguration) bool { return f.hidden[*c.FunctionName] })
	page, next := window(listed, in.Marker, f.page)
	return &lambda.ListFunctionsOutput{Functions: page, NextMarker: next}, nil
}

func (f *fakeLambda) GetFunctionConfiguration(_ context.Context, in *lambda.GetFunctionConfigurationInput, _ ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	if f.refuse != nil {
		return nil, f.refuse
	}
	for _, c := range f.functions {
		if *c.FunctionName == *in.FunctionName {
			return &lambda.GetFunctionConfigurationOutput{FunctionName: c.FunctionName, FunctionArn: c.FunctionArn, MemorySize: c.MemorySize, Timeout: c.Timeout, Runtime: c.Runtime}, nil
		}
	}
	return nil, refused("Lambda", "GetFunctionConfiguration", "ResourceNotFoundException")
}

func (f *fakeLambda) ListTags(_ context.Context, in *lambda.ListTagsInput, _ ...func(*lambda.Options)) (*lambda.ListTagsOutput, error) {
	if f.refuseTags != nil {
		return nil, f.refuseTags
	}
	return &lambda.ListTagsOutput{Tags: map[string]string{"arn": aws.ToString(in.Resource), "aws:system": "x"}}, nil
}

func (f *fakeLambda) reader() service {
	return lambdaService(func(context.Context, string) (LambdaAPI, error) { return f, nil })
}

type fakeRDS struct {
	page      int
	instances []rdstypes.DBInstance
	filters   []int
}

func (f *fakeRDS) DescribeDBInstances(_ context.Context, in *rds.DescribeDBInstancesInput, _ ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	var found []rdstypes.DBInstance
	for _, instance := range f.instances {
		byName := in.DBInstanceIdentifier == nil || strings.EqualFold(*in.DBInstanceIdentifier, *instance.DBInstanceIdentifier)
		byID := len(in.Filters) == 0 || slices.Contains(in.Filters[0].Values, *instance.DbiResourceId)
		if byName && byID {
			found = append(found, instance)
		}
	}
	if in.DBInstanceIdentifier != nil && len(found) == 0 {
		return nil, refused("RDS", "DescribeDBInstances", "DBInstanceNotFound")
	}
	if in.DBInstanceIdentifier == nil {
		f.filters = append(f.filters, len(in.Filters))
	}
	page, next := window(found, in.Marker, f.page)
	return &rds.DescribeDBInstancesOutput{DBInstances: page, Marker: next}, nil
}

func (f *fakeRDS) reader() service {
	return rdsService(func(context.Context, string) (RDSAPI, error) { return f, nil })
}
