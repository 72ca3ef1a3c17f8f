package live

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// statements takes an IAM policy apart into its statements, each as canonical JSON, sorted. Written in one form are: one
// statement or a list of one, a text or a list of one, the order and case of actions, the order of everything that is a set, an account's
// number and the ARN of its root, a principal of "*" and of {"AWS": "*"}, and booleans and numbers as the texts that IAM keeps
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). Version and Id do not count: the first
// only allows more to be written, the second is a name. A text that is no policy is one statement: itself.
func statements(text string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return []string{}
	}
	var policy struct {
		Statement any `json:"Statement"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&policy); err != nil || policy.Statement == nil {
		return []string{compactJSON(text)}
	}
	list, ok := policy.Statement.([]any)
	if !ok {
		list = []any{policy.Statement}
	}
	out := make([]string, 0, len(list))
	for _, element := range list {
		statement, ok := element.(map[string]any)
		if !ok {
			return []string{compactJSON(text)}
		}
		out = append(out, canonicalStatement(statement))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func canonicalStatement(statement map[string]any) string {
	canonical := make(map[string]any, len(statement))
	for name, value := range statement {
		switch name {
		case "Sid":
			if value == "" {
				continue
			}
			canonical[name] = value
		case "Action", "NotAction":
			canonical[name] = textSet(value, lowerAction)
		case "Resource", "NotResource":
			canonical[name] = textSet(value, nil)
		case "Principal", "NotPrincipal":
			canonical[name] = principals(value)
		case "Condition":
			canonical[name] = conditions(value)
		default:
			canonical[name] = value
		}
	}
	return encode(canonical)
}

// spellings are the actions that were seen in policies, as they were written, by their lower case. Names of actions have no case for
// IAM, and have one for Terraform, which compares texts.
var spellings sync.Map

// spelled bounds what is remembered; AWS has some twenty thousand actions.
const spelled = 50_000

var spellingCount atomic.Int64

// lowerAction is the form in which actions compare; how it was written is remembered for Spell.
func lowerAction(action string) string {
	lower := strings.ToLower(action)
	if lower != action && spellingCount.Load() < spelled {
		if _, known := spellings.LoadOrStore(lower, action); !known {
			spellingCount.Add(1)
		}
	}
	return lower
}

// Spell is a normalised statement with its actions as policies write them, as far as one that was read did.
func Spell(statement string) string {
	var members map[string]any
	if json.Unmarshal([]byte(statement), &members) != nil {
		return statement
	}
	for _, name := range []string{"Action", "NotAction"} {
		actions, _ := members[name].([]any)
		for i, action := range actions {
			if written, ok := spellings.Load(action); ok {
				actions[i] = written
			}
		}
	}
	return encode(members)
}

func principals(value any) any {
	kinds, ok := value.(map[string]any)
	if !ok {
		kinds = map[string]any{"AWS": value}
	}
	out := make(map[string]any, len(kinds))
	for kind, who := range kinds {
		out[kind] = textSet(who, rootOfAccount)
	}
	return out
}

// rootOfAccount writes an account's number as IAM does when it saves a policy.
func rootOfAccount(text string) string {
	if len(text) == 12 && strings.Trim(text, "0123456789") == "" {
		return "arn:aws:iam::" + text + ":root"
	}
	return text
}

func conditions(value any) any {
	operators, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := make(map[string]any, len(operators))
	for operator, keys := range operators {
		byKey, ok := keys.(map[string]any)
		if !ok {
			out[operator] = keys
			continue
		}
		sorted := make(map[string]any, len(byKey))
		for key, values := range byKey {
			sorted[strings.ToLower(key)] = textSet(values, nil)
		}
		out[operator] = sorted
	}
	return out
}

func textSet(value any, form func(string) string) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	set := make([]string, 0, len(list))
	for _, element := range list {
		text := scalar(element)
		if form != nil {
			text = form(text)
		}
		set = append(set, text)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// compactJSON writes a document without layout and with sorted keys; what is no JSON stays as it is.
func compactJSON(text string) string {
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return text
	}
	return encode(value)
}

func encode(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return ""
	}
	return strings.TrimSpace(text.String())
}

// unescaped is a policy as IAM hands it out, "URL-encoded compliant with RFC 3986",
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html.
func unescaped(text *string) string {
	plain, err := url.QueryUnescape(strings.ReplaceAll(deref(text), "+", "%2B"))
	if err != nil {
		return deref(text)
	}
	return plain
}
