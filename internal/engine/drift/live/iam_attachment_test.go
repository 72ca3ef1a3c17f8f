package live

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

func TestEntitiesOfPolicies(t *testing.T) {
	t.Parallel()
	attached := func(arns ...string) (policies []types.AttachedPolicy) {
		for _, arn := range arns {
			policies = append(policies, types.AttachedPolicy{PolicyArn: aws.String(arn)})
		}
		return policies
	}
	got := entitiesOf(
		[]types.RoleDetail{{RoleName: aws.String("r1"), AttachedManagedPolicies: attached("p", "q")}, {RoleName: aws.String("r2"), AttachedManagedPolicies: attached("p")}, {RoleName: aws.String("r3")}},
		[]types.UserDetail{{UserName: aws.String("u"), AttachedManagedPolicies: attached("p")}},
		[]types.GroupDetail{{GroupName: aws.String("g"), AttachedManagedPolicies: attached("s")}},
	)
	slices.SortFunc(got, func(a, b liveEntities) int { return strings.Compare(a.policy, b.policy) })
	want := []liveEntities{{"p", []string{"u"}, []string{"r1", "r2"}, nil}, {"q", nil, []string{"r1"}, nil}, {"s", nil, nil, []string{"g"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(liveEntities{})); diff != "" {
		t.Error(diff)
	}
}
