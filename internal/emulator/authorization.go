package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Permission is one action that a call needs, and the resource that it needs it on, from AWS's Service Authorization Reference:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
type Permission struct {
	Action   string              // "lambda:InvokeFunction"
	Resource string              // the ARN; "*" where the action has no resource-level permission
	Template string              // the ARN as the reference writes it: "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"
	Context  map[string][]string // the condition keys that come with the call
}

// Caller is whom policies bind: who signs with an access key, or calls itself by a product in its User-Agent, or both.
type Caller struct {
	AccessKey string // empty: any
	Agent     string // empty: any; else a part of the User-Agent
}

func (c Caller) made(x *exchange) bool {
	return (c.AccessKey == "" || c.AccessKey == x.Caller) && strings.Contains(x.request.UserAgent(), c.Agent)
}

// Bind lets a caller do what the policies (JSON documents) allow together, and nothing else, until release is called. Whom no policy binds
// may do everything. A caller that is bound twice is bound by what was bound last.
func (e *Emulator) Bind(caller Caller, policies ...[]byte) (release func(), err error) {
	bound := &binding{caller: caller}
	for _, policy := range policies {
		var document policyDocument
		if err := json.Unmarshal(policy, &document); err != nil {
			return nil, fmt.Errorf("read a policy: %w", err)
		}
		bound.documents = append(bound.documents, document)
	}
	return e.bindings.add(bound), nil
}

type binding struct {
	caller    Caller
	documents []policyDocument
}

// bindingList holds bindings in the order in which they were made.
type bindingList struct {
	mu    sync.Mutex
	bound []*binding
}

func (l *bindingList) add(bound *binding) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bound = append(l.bound, bound)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.bound = slices.DeleteFunc(slices.Clone(l.bound), func(other *binding) bool { return other == bound })
	}
}

// of returns what binds a call, or nil.
func (l *bindingList) of(x *exchange) *binding {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, bound := range slices.Backward(l.bound) {
		if bound.caller.made(x) {
			return bound
		}
	}
	return nil
}

// Record notes what the calls of a caller need, each permission once, until stop is called, which returns them sorted.
func (e *Emulator) Record(caller Caller) (stop func() []Permission) {
	return e.recordings.add(&recording{caller: caller, seen: map[string]Permission{}})
}

type recording struct {
	caller Caller
	mu     sync.Mutex
	seen   map[string]Permission
}

type recordingList struct {
	mu     sync.Mutex
	active []*recording
}

func (l *recordingList) add(started *recording) (stop func() []Permission) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = append(l.active, started)
	return func() []Permission {
		l.mu.Lock()
		l.active = slices.DeleteFunc(slices.Clone(l.active), func(other *recording) bool { return other == started })
		l.mu.Unlock()
		started.mu.Lock()
		defer started.mu.Unlock()
		var all []Permission
		for _, name := range slices.Sorted(maps.Keys(started.seen)) {
			all = append(all, started.seen[name])
		}
		return all
	}
}

func (l *recordingList) of(x *exchange) []*recording {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*recording
	for _, one := range l.active {
		if one.caller.made(x) {
			all = append(all, one)
		}
	}
	return all
}

// note adds permissions to the recordings that a call belongs to.
func (x *exchange) note(permissions ...Permission) {
	for _, one := range x.needed {
		one.mu.Lock()
		for _, permission := range permissions {
			name := permission.Action + " " + permission.Resource
			for _, key := range slices.Sorted(maps.Keys(permission.Context)) {
				name += " " + key + "=" + strings.Join(permission.Context[key], ",")
			}
			one.seen[name] = permission
		}
		one.mu.Unlock()
	}
}

// denies tells whether a permission is not given, and whether by a Deny.
func (b *binding) denies(wanted Permission) (denied, explicitly bool) {
	allowed := false
	for _, document := range b.documents {
		for _, statement := range document.Statement {
			if !statement.covers(wanted.Action, wanted.Resource) || !statement.meets(wanted.Context) {
				continue
			}
			if statement.Effect == "Deny" {
				return true, true
			}
			allowed = true
		}
	}
	return !allowed, false
}

// meets tells whether a call's condition keys satisfy the conditions of a statement. An operator that is not known is met by nothing:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (s policyStatement) meets(context map[string][]string) bool {
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			if !meets(operator, context[key], texts(wanted)) {
				return false
			}
		}
	}
	return true
}

func meets(operator string, values, wanted []string) bool {
	matches := func(value string) bool { return slices.Contains(wanted, value) }
	if strings.HasSuffix(operator, "StringLike") || operator == "ArnLike" {
		matches = func(value string) bool { return matchesAny(wanted, value, func(s string) string { return s }) }
	}
	switch operator {
	case "StringEquals", "StringLike", "ArnLike":
		return len(values) == 1 && matches(values[0])
	case "ForAllValues:StringEquals", "ForAllValues:StringLike":
		return !slices.ContainsFunc(values, func(value string) bool { return !matches(value) })
	}
	return false
}

// texts are the strings of a condition's value: one, or a list.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, one := range value {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// authorize notes what a call needs, and returns the refusal of a caller that may not do it.
func (e *Emulator) authorize(x *exchange) *answer {
	x.bound, x.needed = e.bindings.of(x), e.recordings.of(x)
	if x.bound == nil && len(x.needed) == 0 {
		return nil
	}
	permissions := x.permissions()
	x.note(permissions...)
	if x.bound == nil {
		return nil
	}
	for _, wanted := range permissions {
		if denied, explicitly := x.bound.denies(wanted); denied {
			return x.refuse(wanted, explicitly)
		}
	}
	return nil
}

// refuse is how the services word it: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html and, for the codes,
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each service's own list.
func (x *exchange) refuse(wanted Permission, explicitly bool) *answer {
	why := fmt.Sprintf("because no identity-based policy allows the %s action", wanted.Action)
	if explicitly {
		why = "with an explicit deny in an identity-based policy"
	}
	on := ""
	if wanted.Resource != "*" {
		on = " on resource: " + wanted.Resource
	}
	// AWS names the user, whom nothing here has, and never the access key, which belongs in no log.
	message := fmt.Sprintf("User: arn:aws:iam::%s:user/caller is not authorized to perform: %s%s %s", AccountID, wanted.Action, on, why)
	switch {
	case x.Operation == "DeleteObjects" && x.Service == "s3":
		return x.deniesDeletes(message)
	case x.protocol == protocolEC2:
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
		return x.fail(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation. "+message)
	case x.Service == "sns":
		// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
		return x.fail(http.StatusForbidden, "AuthorizationError", message)
	case x.protocol == protocolJSON || x.protocol == protocolCBOR:
		return x.fail(http.StatusBadRequest, "AccessDeniedException", message)
	case x.protocol == protocolRESTJSON:
		return x.fail(http.StatusForbidden, "AccessDeniedException", message)
	}
	return x.fail(http.StatusForbidden, "AccessDenied", message)
}

// authorizeAnswer refuses what only the answer tells: that an object is not there, to those who may not list its bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html#API_HeadObject_RequestSyntax, "Permissions"), and an object whose key
// the caller may not use (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms).
func (x *exchange) authorizeAnswer(status int, header http.Header) *answer {
	var wanted Permission
	bucket, _, _ := strings.Cut(strings.TrimPrefix(x.request.URL.Path, "/"), "/")
	switch {
	case x.Service != "s3" || (x.Operation != "GetObject" && x.Operation != "HeadObject"):
		return nil
	case status == http.StatusNotFound:
		wanted = arnS3Bucket.permission(x, "s3:ListBucket", bucket)
	case x.Operation == "GetObject" && header.Get("X-Amz-Server-Side-Encryption") == "aws:kms":
		wanted = arnKmsKey.permission(x, "kms:Decrypt", header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
	default:
		return nil
	}
	x.note(wanted)
	if x.bound == nil {
		return nil
	}
	if denied, explicitly := x.bound.denies(wanted); denied {
		return x.refuse(wanted, explicitly)
	}
	return nil
}
