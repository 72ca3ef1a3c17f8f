package livetest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_drift: a security group that was just made is clean, and critical once somebody opens it to the world.
func TestAccLive_drift(t *testing.T) {
	a := open(t, "drift", "vpc")
	client := ec2.NewFromConfig(a.config)
	tags := func(of types.ResourceType) []types.TagSpecification {
		return []types.TagSpecification{{ResourceType: of, Tags: []types.Tag{{Key: aws.String("Name"), Value: &a.name}}}}
	}
	vpc, err := client.CreateVpc(a.ctx(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.255.255.0/28"), TagSpecifications: tags(types.ResourceTypeVpc)})
	a.must(err)
	group, err := client.CreateSecurityGroup(a.ctx(), &ec2.CreateSecurityGroupInput{
		GroupName: &a.name, Description: aws.String("A test"), VpcId: vpc.Vpc.VpcId, TagSpecifications: tags(types.ResourceTypeSecurityGroup),
	})
	a.must(err)
	state := a.stateOfGroup(*group.GroupId, *vpc.Vpc.VpcId)
	config := acctest.ProviderBlock(t) + fmt.Sprintf("data \"reliability_drift\" \"test\" {\n  state = { path = %q }\n}\n", state)
	expect := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_drift.test", tfjsonpath.New(attribute), want)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config, ConfigStateChecks: []statecheck.StateCheck{expect("total", knownvalue.Int64Exact(0)), expect("unverified", knownvalue.Int64Exact(0))}},
			{
				PreConfig: func() {
					_, err := client.AuthorizeSecurityGroupIngress(a.ctx(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group.GroupId, IpPermissions: []types.IpPermission{
						{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}},
					}})
					a.must(err)
				},
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					expect("critical", knownvalue.Int64Exact(1)), expect("total", knownvalue.Int64Exact(1)),
				},
			},
		},
	})
}

// stateOfGroup writes a state that holds the group as hashicorp/aws would keep it, and returns its path.
func (a *account) stateOfGroup(id, vpc string) string {
	a.t.Helper()
	owner := "123456789012"
	if a.live {
		owner = os.Getenv(accountVariable)
	}
	content, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "00000000-0000-4000-8000-000000000001", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": "aws_security_group", "name": "web", "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
			"instances": []any{map[string]any{"schema_version": 1, "attributes": map[string]any{
				"id": id, "arn": fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/%s", a.config.Region, owner, id), "name": a.name, "description": "A test", "vpc_id": vpc,
				"owner_id": owner, "tags": map[string]string{"Name": a.name}, "tags_all": map[string]string{"Name": a.name}, "ingress": []any{},
				"egress": []any{map[string]any{
					"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": []string{"0.0.0.0/0"}, "ipv6_cidr_blocks": []string{}, "prefix_list_ids": []string{},
					"security_groups": []string{}, "self": false, "description": "",
				}},
			}}},
		}},
	})
	a.must(err)
	path := filepath.Join(a.t.TempDir(), "terraform.tfstate")
	a.must(os.WriteFile(path, content, 0o600))
	return path
}
