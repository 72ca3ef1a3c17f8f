package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// policyAttachments reads aws_iam_policy_attachment, which says of a policy everybody that it is attached to. Where it is attached to
// nobody there is no such thing, as in hashicorp/aws. Unmanaged ones are not looked for: it cannot be imported, and whatever
// aws_iam_role_policy_attachment manages would count twice.
func policyAttachments(clients *awsapi.Clients, account *iamAccount) kind {
	people := &iamAccount{filter: []types.EntityType{types.EntityTypeUser, types.EntityTypeGroup}} // which only this type needs
	return listing[liveEntities, *awsapi.IAM]{
		client: clients.IAM, table: entitiesTable, id: func(e liveEntities) string { return e.policy }, key: func(r Resource) string { return r.Text("policy_arn") },
		pages: func(ctx context.Context, client *awsapi.IAM, caller *Caller, _ []Resource) ([]liveEntities, error) {
			if err := account.load(ctx, client, caller); err != nil {
				return nil, err
			}
			if err := people.load(ctx, client, caller); err != nil {
				return nil, err
			}
			return entitiesOf(account.roles, people.users, people.groups), nil
		},
		probe: probeEntities,
	}.kind(Spec{Type: "aws_iam_policy_attachment", Doc: iamDoc + "API_ListEntitiesForPolicy.html", Context: []string{"policy_arn"}, Global: true})
}

// liveEntities are the names of those that a policy is attached to.
type liveEntities struct {
	policy               string
	users, roles, groups []string
}

var entitiesTable = []field[liveEntities]{
	{Attribute{Path: "users", API: "UserDetailList.AttachedManagedPolicies", Kind: Set}, func(e liveEntities, _ Resource) any { return e.users }},
	{Attribute{Path: "roles", API: "RoleDetailList.AttachedManagedPolicies", Kind: Set}, func(e liveEntities, _ Resource) any { return e.roles }},
	{Attribute{Path: "groups", API: "GroupDetailList.AttachedManagedPolicies", Kind: Set}, func(e liveEntities, _ Resource) any { return e.groups }},
}

// entitiesOf turns around who has which policies.
func entitiesOf(roles []types.RoleDetail, users []types.UserDetail, groups []types.GroupDetail) []liveEntities {
	byPolicy := map[string]*liveEntities{}
	attached := func(policies []types.AttachedPolicy, add func(*liveEntities)) {
		for _, policy := range policies {
			arn := aws.ToString(policy.PolicyArn)
			if byPolicy[arn] == nil {
				byPolicy[arn] = &liveEntities{policy: arn}
			}
			add(byPolicy[arn])
		}
	}
	for _, user := range users {
		attached(user.AttachedManagedPolicies, func(e *liveEntities) { e.users = append(e.users, aws.ToString(user.UserName)) })
	}
	for _, role := range roles {
		attached(role.AttachedManagedPolicies, func(e *liveEntities) { e.roles = append(e.roles, aws.ToString(role.RoleName)) })
	}
	for _, group := range groups {
		attached(group.AttachedManagedPolicies, func(e *liveEntities) { e.groups = append(e.groups, aws.ToString(group.GroupName)) })
	}
	all := make([]liveEntities, 0, len(byPolicy))
	for _, entities := range byPolicy {
		all = append(all, *entities)
	}
	return all
}

// probeEntities asks for those of one policy. A policy that is gone is attached to nobody.
func probeEntities(ctx context.Context, client *awsapi.IAM, caller *Caller, resource Resource) (*liveEntities, error) {
	entities := liveEntities{policy: resource.Text("policy_arn")}
	input := &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(entities.policy), MaxItems: aws.Int32(iamPage)}
	_, err := pages(ctx, caller, client.ListEntitiesForPolicy, input, func(page *iam.ListEntitiesForPolicyOutput) ([]struct{}, bool) {
		for _, user := range page.PolicyUsers {
			entities.users = append(entities.users, aws.ToString(user.UserName))
		}
		for _, role := range page.PolicyRoles {
			entities.roles = append(entities.roles, aws.ToString(role.RoleName))
		}
		for _, group := range page.PolicyGroups {
			entities.groups = append(entities.groups, aws.ToString(group.GroupName))
		}
		input.Marker = page.Marker
		return nil, page.IsTruncated
	})
	switch {
	case err != nil:
		return nil, err
	case len(entities.users)+len(entities.roles)+len(entities.groups) == 0:
		return nil, awsapi.ErrNotFound
	}
	return &entities, nil
}
