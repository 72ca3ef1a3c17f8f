package emulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// A filter over ids lets through what is there, and an id without a thing breaks nothing.
func TestFiltersOverIDs(t *testing.T) {
	client := ec2.NewFromConfig(shared.AWSConfig())
	vpc, err := client.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 2 {
		acl, err := client.CreateNetworkAcl(t.Context(), &ec2.CreateNetworkAclInput{VpcId: vpc.Vpc.VpcId})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *acl.NetworkAcl.NetworkAclId)
	}
	for _, wanted := range [][]string{{ids[1], "acl-gone"}, {"acl-gone"}, ids} {
		found, err := client.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: []types.Filter{
			{Name: aws.String("vpc-id"), Values: []string{*vpc.Vpc.VpcId}}, {Name: aws.String("network-acl-id"), Values: wanted},
		}})
		if err != nil {
			t.Fatal(err)
		}
		want := len(wanted)
		if wanted[len(wanted)-1] == "acl-gone" {
			want--
		}
		if len(found.NetworkAcls) != want {
			t.Errorf("%v: %d found", wanted, len(found.NetworkAcls))
		}
		for _, acl := range found.NetworkAcls {
			if aws.ToString(acl.VpcId) != *vpc.Vpc.VpcId {
				t.Errorf("%s is not whole", *acl.NetworkAclId)
			}
		}
	}
}
