package emulator

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// iamRules serve SimulatePrincipalPolicy, which moto lacks, from the policies that moto has. They know nothing of
// boundaries, organizations and sessions, and no statement with a Condition applies: no context is given.
type iamRules struct{}

func (iamRules) reset() {}

func (r iamRules) rule(operation string) rule {
	if operation == "SimulatePrincipalPolicy" {
		return r.simulate
	}
	return nil
}

// oneOrMany is a JSON string or a list of them.
type oneOrMany []string

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// policyStatement is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html.
type policyStatement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource oneOrMany
	Condition                                map[string]map[string]any
}

type policyDocument struct{ Statement statements }

// statements are one or a list of them.
type statements []policyStatement

// UnmarshalJSON implements json.Unmarshaler.
func (s *statements) UnmarshalJSON(data []byte) error {
	var one policyStatement
	if json.Unmarshal(data, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(data, (*[]policyStatement)(s))
}

type simulationResource struct {
	Name                 string   `xml:"EvalResourceName"`
	Decision             string   `xml:"EvalResourceDecision"`
	MissingContextValues []string `xml:"MissingContextValues>member"`
}

type simulationResult struct {
	Action               string               `xml:"EvalActionName"`
	Resource             string               `xml:"EvalResourceName"`
	Decision             string               `xml:"EvalDecision"`
	MissingContextValues []string             `xml:"MissingContextValues>member"`
	Resources            []simulationResource `xml:"ResourceSpecificResults>member"`
}

type simulation struct {
	Results   []simulationResult `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	Truncated bool               `xml:"SimulatePrincipalPolicyResult>IsTruncated"`
	RequestID string             `xml:"ResponseMetadata>RequestId"`
}

// simulate is https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html.
func (r iamRules) simulate(ctx context.Context, x *exchange) (*answer, error) {
	form := x.form()
	_, principal, found := strings.Cut(form.Get("PolicySourceArn"), ":iam::")
	_, principal, _ = strings.Cut(principal, ":")
	kind, name, named := strings.Cut(principal, "/")
	if !found || !named || !slices.Contains([]string{"role", "user", "group"}, kind) {
		return x.fail(http.StatusBadRequest, "InvalidInput", "Invalid Entity Arn: "+form.Get("PolicySourceArn")), nil
	}
	documents, refused, err := x.policiesOf(ctx, strings.ToUpper(kind[:1])+kind[1:], name[strings.LastIndex(name, "/")+1:])
	if refused != nil || err != nil {
		return refused, err
	}
	answer := simulation{RequestID: requestID}
	resources := members(form, "ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	for _, action := range members(form, "ActionNames") {
		answer.Results = append(answer.Results, evaluateAction(documents, action, resources))
	}
	return xmlAnswer("SimulatePrincipalPolicyResponse", answer), nil
}

func members(form url.Values, name string) []string {
	var values []string
	for i := 1; form.Has(fmt.Sprintf("%s.member.%d", name, i)); i++ {
		values = append(values, form.Get(fmt.Sprintf("%s.member.%d", name, i)))
	}
	return values
}

// decisions, the worst first.
var decisions = []string{"explicitDeny", "implicitDeny", "allowed"}

func evaluateAction(documents []policyDocument, action string, resources []string) simulationResult {
	result := simulationResult{Action: action, Resource: resources[0], Decision: "allowed"}
	for _, resource := range resources {
		decision, missing := evaluate(documents, action, resource)
		if slices.Index(decisions, decision) < slices.Index(decisions, result.Decision) {
			result.Decision = decision
		}
		result.MissingContextValues = append(result.MissingContextValues, missing...)
		result.Resources = append(result.Resources, simulationResource{Name: resource, Decision: decision, MissingContextValues: missing})
	}
	if len(resources) == 1 {
		result.Resources = nil
	}
	return result
}

// evaluate is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html within one account.
func evaluate(documents []policyDocument, action, resource string) (decision string, missing []string) {
	decision = "implicitDeny"
	for _, document := range documents {
		for _, statement := range document.Statement {
			if !statement.covers(action, resource) {
				continue
			}
			for _, keys := range statement.Condition {
				for key := range keys {
					missing = append(missing, key)
				}
			}
			switch {
			case len(statement.Condition) > 0:
			case statement.Effect == "Deny":
				return "explicitDeny", nil
			default:
				decision = "allowed"
			}
		}
	}
	if decision == "allowed" {
		missing = nil
	}
	slices.Sort(missing)
	return decision, slices.Compact(missing)
}

func (s policyStatement) covers(action, resource string) bool {
	acts := matchesAny(s.Action, strings.ToLower(action), strings.ToLower)
	if len(s.NotAction) > 0 {
		acts = !matchesAny(s.NotAction, strings.ToLower(action), strings.ToLower)
	}
	same := func(s string) string { return s }
	concerns := matchesAny(s.Resource, resource, same)
	if len(s.NotResource) > 0 {
		concerns = !matchesAny(s.NotResource, resource, same)
	}
	return acts && concerns
}

func matchesAny(patterns []string, text string, fold func(string) string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return globs(fold(pattern), text) })
}

// globs matches a pattern of IAM: * is any text, ? any one character.
func globs(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(text); i++ {
			if globs(pattern[1:], text[i:]) {
				return true
			}
		}
		return false
	case '?':
		return text != "" && globs(pattern[1:], text[1:])
	}
	return text != "" && pattern[0] == text[0] && globs(pattern[1:], text[1:])
}

// policiesOf reads the inline and the attached policies of a Role, User or Group, and those of a user's groups. refused is
// moto's own error, where the principal does not exist.
func (x *exchange) policiesOf(ctx context.Context, kind, name string) (documents []policyDocument, refused *answer, err error) {
	var listed struct {
		Inline   []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
		InlineU  []string `xml:"ListUserPoliciesResult>PolicyNames>member"`
		InlineG  []string `xml:"ListGroupPoliciesResult>PolicyNames>member"`
		Attached []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyArn"`
		AttachdU []string `xml:"ListAttachedUserPoliciesResult>AttachedPolicies>member>PolicyArn"`
		AttachdG []string `xml:"ListAttachedGroupPoliciesResult>AttachedPolicies>member>PolicyArn"`
		Groups   []string `xml:"ListGroupsForUserResult>Groups>member>GroupName"`
	}
	questions := []string{"List" + kind + "Policies", "ListAttached" + kind + "Policies"}
	if kind == "User" {
		questions = append(questions, "ListGroupsForUser")
	}
	for _, operation := range questions {
		if refused, err := x.askIAM(ctx, operation, url.Values{kind + "Name": {name}}, &listed); refused != nil || err != nil {
			return nil, refused, err
		}
	}
	for _, policy := range slices.Concat(listed.Inline, listed.InlineU, listed.InlineG) {
		refused, err := x.addDocument(ctx, "Get"+kind+"Policy", url.Values{kind + "Name": {name}, "PolicyName": {policy}}, &documents)
		if refused != nil || err != nil {
			return nil, refused, err
		}
	}
	for _, arn := range slices.Concat(listed.Attached, listed.AttachdU, listed.AttachdG) {
		var policy struct {
			Version string `xml:"GetPolicyResult>Policy>DefaultVersionId"`
		}
		if refused, err := x.askIAM(ctx, "GetPolicy", url.Values{"PolicyArn": {arn}}, &policy); refused != nil || err != nil {
			return nil, refused, err
		}
		refused, err := x.addDocument(ctx, "GetPolicyVersion", url.Values{"PolicyArn": {arn}, "VersionId": {policy.Version}}, &documents)
		if refused != nil || err != nil {
			return nil, refused, err
		}
	}
	for _, group := range listed.Groups {
		more, refused, err := x.policiesOf(ctx, "Group", group)
		if refused != nil || err != nil {
			return nil, refused, err
		}
		documents = append(documents, more...)
	}
	return documents, nil, nil
}

func (x *exchange) addDocument(ctx context.Context, operation string, parameters url.Values, documents *[]policyDocument) (*answer, error) {
	var read struct {
		Inline  string `xml:"GetRolePolicyResult>PolicyDocument"`
		InlineU string `xml:"GetUserPolicyResult>PolicyDocument"`
		InlineG string `xml:"GetGroupPolicyResult>PolicyDocument"`
		Managed string `xml:"GetPolicyVersionResult>PolicyVersion>Document"`
	}
	if refused, err := x.askIAM(ctx, operation, parameters, &read); refused != nil || err != nil {
		return refused, err
	}
	plain, err := url.QueryUnescape(read.Inline + read.InlineU + read.InlineG + read.Managed)
	if err != nil {
		return nil, fmt.Errorf("read moto's policy: %w", err)
	}
	var document policyDocument
	if err := json.Unmarshal([]byte(plain), &document); err != nil {
		return nil, fmt.Errorf("read moto's policy: %w", err)
	}
	*documents = append(*documents, document)
	return nil, nil
}

func (x *exchange) askIAM(ctx context.Context, operation string, parameters url.Values, into any) (refused *answer, err error) {
	parameters.Set("Action", operation)
	parameters.Set("Version", "2010-05-08")
	reply, err := x.ask(ctx, "/?"+parameters.Encode())
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	return nil, xml.Unmarshal(reply.body, into)
}
