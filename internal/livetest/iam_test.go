package livetest

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_iam: SimulatePrincipalPolicy over several resources tells each of them apart.
func TestAccLive_iam(t *testing.T) {
	a := open(t, "iam", "role")
	client := iam.NewFromConfig(a.config)
	role, err := client.CreateRole(a.ctx(), &iam.CreateRoleInput{RoleName: &a.name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	)})
	a.must(err)
	_, err = client.PutRolePolicy(a.ctx(), &iam.PutRolePolicyInput{RoleName: &a.name, PolicyName: aws.String("deploy"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::rel-live-one/*"}]}`,
	)})
	a.must(err)
	config := func(resources string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_health_gate" "test" {
  max_retries = 0
  checks = { may = { iam = { principal_arn = %q, actions = ["s3:PutObject"], resources = [%s] } } }
}
`, *role.Role.Arn, resources)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config(`"arn:aws:s3:::rel-live-one/a", "arn:aws:s3:::rel-live-one/b"`)},
			{
				Config:      config(`"arn:aws:s3:::rel-live-one/a", "arn:aws:s3:::rel-live-two/b"`),
				ExpectError: regexp.MustCompile(`(?s)s3:PutObject\s+on\s+arn:aws:s3:::rel-live-two/b`),
			},
		},
	})
}
