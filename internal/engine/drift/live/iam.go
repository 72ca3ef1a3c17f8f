package live

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// iamPage is the largest page, https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html.
const iamPage = 1000

const iamDoc = "https://docs.aws.amazon.com/IAM/latest/APIReference/"

// newIAM reads roles, managed policies, and what of both is a resource of its own. One listing of the account serves all.
func newIAM(clients *awsapi.Clients) Reader {
	account := &iamAccount{filter: []types.EntityType{types.EntityTypeRole, types.EntityTypeLocalManagedPolicy}}
	return service{
		listing[liveRole, *awsapi.IAM]{
			client: clients.IAM, table: roleTable, id: func(r liveRole) string { return aws.ToString(r.RoleName) },
			pages: account.allRoles, probe: probeRole, thing: roleThing,
		}.kind(Spec{Type: "aws_iam_role", Doc: iamDoc + "API_RoleDetail.html", Global: true}),
		listing[types.ManagedPolicyDetail, *awsapi.IAM]{
			client: clients.IAM, table: managedPolicyTable, id: func(p types.ManagedPolicyDetail) string { return aws.ToString(p.Arn) },
			pages: account.allPolicies, probe: probeManagedPolicy,
			thing: func(p types.ManagedPolicyDetail) Thing {
				return Thing{ID: aws.ToString(p.Arn), Name: aws.ToString(p.PolicyName)}
			},
		}.kind(Spec{Type: "aws_iam_policy", Doc: iamDoc + "API_ManagedPolicyDetail.html", Global: true}),
		listing[inlinePolicy, *awsapi.IAM]{
			client: clients.IAM, table: inlinePolicyTable, id: func(p inlinePolicy) string { return p.role + ":" + aws.ToString(p.PolicyName) },
			pages: account.allInline, probe: probeInline, thing: inlineThing,
		}.kind(Spec{Type: "aws_iam_role_policy", Doc: iamDoc + "API_RoleDetail.html", Context: []string{"role", "name"}, Global: true}),
		listing[attachment, *awsapi.IAM]{
			client: clients.IAM, table: attachmentTable, id: func(a attachment) string { return a.role + " " + a.policy }, key: attachmentKey,
			pages: account.allAttachments, probe: probeAttachment,
		}.kind(Spec{Type: "aws_iam_role_policy_attachment", Doc: iamDoc + "API_RoleDetail.html", Context: []string{"role", "policy_arn"}, Global: true}),
		policyAttachments(clients, account),
	}
}

// liveRole is a role with what only another listing tells of it.
type liveRole struct {
	types.RoleDetail
	listed types.Role
}

type inlinePolicy struct {
	types.PolicyDetail
	role, path string // of the role
}

type attachment struct{ role, policy string }

// The name and path of a role cannot be changed. Policies that are attached to it or inline are resources of their own.
var roleTable = []field[liveRole]{
	{Attribute{Path: "assume_role_policy", API: "AssumeRolePolicyDocument", Kind: Policy}, func(r liveRole, _ Resource) any { return unescaped(r.AssumeRolePolicyDocument) }},
	{Attribute{Path: "permissions_boundary", API: "PermissionsBoundary.PermissionsBoundaryArn"}, func(r liveRole, _ Resource) any {
		return through(r.PermissionsBoundary, func(b *types.AttachedPermissionsBoundary) any { return b.PermissionsBoundaryArn })
	}},
	{Attribute{Path: "description", API: "ListRoles.Description"}, func(r liveRole, _ Resource) any { return r.listed.Description }},
	{Attribute{Path: "max_session_duration", API: "ListRoles.MaxSessionDuration"}, func(r liveRole, _ Resource) any { return optional(r.listed.MaxSessionDuration) }},
	{tagsAttribute("Tags"), func(r liveRole, _ Resource) any {
		return tagMap(r.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}},
}

// A policy says what its default version says. Its description cannot be changed; no listing tells its tags.
var managedPolicyTable = []field[types.ManagedPolicyDetail]{
	{Attribute{Path: "policy", API: "PolicyVersionList.Document", Kind: Policy}, func(p types.ManagedPolicyDetail, _ Resource) any {
		for _, version := range p.PolicyVersionList {
			if version.IsDefaultVersion {
				return unescaped(version.Document)
			}
		}
		return unread
	}},
}

var inlinePolicyTable = []field[inlinePolicy]{
	{Attribute{Path: "policy", API: "RolePolicyList.PolicyDocument", Kind: Policy}, func(p inlinePolicy, _ Resource) any { return unescaped(p.PolicyDocument) }},
}

// An attachment is there or is not.
var attachmentTable = []field[attachment]{
	{Attribute{Path: "policy_arn", API: "AttachedManagedPolicies.PolicyArn"}, func(a attachment, _ Resource) any { return a.policy }},
}

func attachmentKey(resource Resource) string {
	return resource.Text("role") + " " + resource.Text("policy_arn")
}

func roleThing(role liveRole) Thing {
	thing := Thing{ID: aws.ToString(role.RoleName), Name: aws.ToString(role.RoleName), Aliases: []string{aws.ToString(role.Arn)}}
	if isServiceLinked(aws.ToString(role.Path)) {
		thing.Excluded = excludedServiceRole
	}
	return thing
}

func isServiceLinked(path string) bool { return strings.HasPrefix(path, "/aws-service-role/") }

func inlineThing(policy inlinePolicy) Thing {
	thing := Thing{ID: policy.role + ":" + aws.ToString(policy.PolicyName), Name: policy.role + "_" + aws.ToString(policy.PolicyName)}
	if isServiceLinked(policy.path) {
		thing.Excluded = excludedServiceRole
	}
	return thing
}

// iamAccount keeps one listing of an account for all types of one look at the world.
type iamAccount struct {
	filter []types.EntityType // of what is listed

	mu       sync.Mutex
	caller   *Caller // whose look it is
	client   *awsapi.IAM
	roles    []types.RoleDetail
	policies []types.ManagedPolicyDetail
	users    []types.UserDetail
	groups   []types.GroupDetail
	err      error
}

func (a *iamAccount) load(ctx context.Context, client *awsapi.IAM, caller *Caller) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.caller == caller && a.client == client {
		return a.err
	}
	a.caller, a.client, a.roles, a.policies, a.users, a.groups = caller, client, nil, nil, nil, nil
	input := &iam.GetAccountAuthorizationDetailsInput{Filter: a.filter, MaxItems: aws.Int32(iamPage)}
	_, a.err = pages(ctx, caller, client.GetAccountAuthorizationDetails, input, func(page *iam.GetAccountAuthorizationDetailsOutput) ([]struct{}, bool) {
		a.roles, a.policies = append(a.roles, page.RoleDetailList...), append(a.policies, page.Policies...)
		a.users, a.groups = append(a.users, page.UserDetailList...), append(a.groups, page.GroupDetailList...)
		input.Marker = page.Marker
		return nil, page.IsTruncated
	})
	return a.err
}

// allRoles adds what GetAccountAuthorizationDetails leaves out, from ListRoles.
func (a *iamAccount) allRoles(ctx context.Context, client *awsapi.IAM, caller *Caller, _ []Resource) ([]liveRole, error) {
	if err := a.load(ctx, client, caller); err != nil {
		return nil, err
	}
	input := &iam.ListRolesInput{MaxItems: aws.Int32(iamPage)}
	listed, err := pages(ctx, caller, client.ListRoles, input, func(page *iam.ListRolesOutput) ([]types.Role, bool) {
		input.Marker = page.Marker
		return page.Roles, page.IsTruncated
	})
	if err != nil {
		return nil, err
	}
	byName := make(map[string]types.Role, len(listed))
	for _, role := range listed {
		byName[aws.ToString(role.RoleName)] = role
	}
	roles := make([]liveRole, 0, len(a.roles))
	for _, role := range a.roles {
		roles = append(roles, liveRole{role, byName[aws.ToString(role.RoleName)]})
	}
	return roles, nil
}

func (a *iamAccount) allPolicies(ctx context.Context, client *awsapi.IAM, caller *Caller, _ []Resource) ([]types.ManagedPolicyDetail, error) {
	err := a.load(ctx, client, caller)
	return a.policies, err
}

func (a *iamAccount) allInline(ctx context.Context, client *awsapi.IAM, caller *Caller, _ []Resource) ([]inlinePolicy, error) {
	err := a.load(ctx, client, caller)
	var all []inlinePolicy
	for _, role := range a.roles {
		for _, policy := range role.RolePolicyList {
			all = append(all, inlinePolicy{policy, aws.ToString(role.RoleName), aws.ToString(role.Path)})
		}
	}
	return all, err
}

func (a *iamAccount) allAttachments(ctx context.Context, client *awsapi.IAM, caller *Caller, _ []Resource) ([]attachment, error) {
	err := a.load(ctx, client, caller)
	var all []attachment
	for _, role := range a.roles {
		for _, policy := range role.AttachedManagedPolicies {
			all = append(all, attachment{aws.ToString(role.RoleName), aws.ToString(policy.PolicyArn)})
		}
	}
	return all, err
}

// probeRole gives no clear answer where the role is there after all: the answer for one role lacks what the listing holds.
func probeRole(ctx context.Context, client *awsapi.IAM, caller *Caller, resource Resource) (*liveRole, error) {
	_, err := call(ctx, caller, client.GetRole, &iam.GetRoleInput{RoleName: aws.String(resource.ID)})
	return nil, err
}

func probeManagedPolicy(ctx context.Context, client *awsapi.IAM, caller *Caller, resource Resource) (*types.ManagedPolicyDetail, error) {
	_, err := call(ctx, caller, client.GetPolicy, &iam.GetPolicyInput{PolicyArn: aws.String(resource.ID)})
	return nil, err
}

func probeInline(ctx context.Context, client *awsapi.IAM, caller *Caller, resource Resource) (*inlinePolicy, error) {
	role, name, _ := strings.Cut(resource.ID, ":")
	answer, err := call(ctx, caller, client.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: aws.String(role), PolicyName: aws.String(name)})
	if err != nil {
		return nil, err
	}
	return &inlinePolicy{PolicyDetail: types.PolicyDetail{PolicyName: answer.PolicyName, PolicyDocument: answer.PolicyDocument}, role: role}, nil
}

// probeAttachment lists what is attached to the one role.
func probeAttachment(ctx context.Context, client *awsapi.IAM, caller *Caller, resource Resource) (*attachment, error) {
	want := attachment{resource.Text("role"), resource.Text("policy_arn")}
	input := &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(want.role), MaxItems: aws.Int32(iamPage)}
	attached, err := pages(ctx, caller, client.ListAttachedRolePolicies, input, func(page *iam.ListAttachedRolePoliciesOutput) ([]types.AttachedPolicy, bool) {
		input.Marker = page.Marker
		return page.AttachedPolicies, page.IsTruncated
	})
	if err != nil {
		return nil, err
	}
	for _, policy := range attached {
		if aws.ToString(policy.PolicyArn) == want.policy {
			return &want, nil
		}
	}
	return nil, awsapi.ErrNotFound
}
