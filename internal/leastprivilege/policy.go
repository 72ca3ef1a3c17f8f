// Package leastprivilege keeps the IAM policies of the provider's features, which the guides print: one JSON document a sub-feature below
// examples/policies, written by its tests from the calls that the feature makes (make policies), and bound to the callers of acceptance
// tests. For tests and documentation only.
package leastprivilege

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// Statement allows actions on resources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html
type Statement struct {
	Effect    string                         `json:"Effect"`
	Action    []string                       `json:"Action"`
	Resource  string                         `json:"Resource"`
	Condition map[string]map[string][]string `json:"Condition,omitempty"`
}

// Policy is a document with placeholders as the Service Authorization Reference writes them: ${FunctionName}.
type Policy struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Of is the policy that gives the permissions and no more: a statement for each kind of resource, sorted.
func Of(permissions []emulator.Permission) Policy {
	statements := map[string]*Statement{}
	for _, permission := range permissions {
		condition := conditionOf(permission)
		encoded, _ := json.Marshal(slices.Sorted(maps.Keys(condition))) // strings can be encoded
		operators := string(encoded)
		for _, operator := range slices.Sorted(maps.Keys(condition)) {
			operators += strings.Join(slices.Sorted(maps.Keys(condition[operator])), ",")
		}
		key := permission.Template + " " + operators
		statement, ok := statements[key]
		if !ok {
			statement = &Statement{Effect: "Allow", Resource: permission.Template}
			statements[key] = statement
		}
		statement.add(permission.Action, condition)
	}
	policy := Policy{Version: "2012-10-17"}
	for _, key := range slices.Sorted(maps.Keys(statements)) {
		slices.Sort(statements[key].Action)
		policy.Statement = append(policy.Statement, *statements[key])
	}
	slices.SortStableFunc(policy.Statement, func(a, b Statement) int { return strings.Compare(a.Action[0], b.Action[0]) })
	return policy
}

func (s *Statement) add(action string, condition map[string]map[string][]string) {
	if !slices.Contains(s.Action, action) {
		s.Action = append(s.Action, action)
	}
	for operator, keys := range condition {
		for key, values := range keys {
			if s.Condition == nil {
				s.Condition = map[string]map[string][]string{}
			}
			if s.Condition[operator] == nil {
				s.Condition[operator] = map[string][]string{}
			}
			all := append(s.Condition[operator][key], values...)
			slices.Sort(all)
			s.Condition[operator][key] = slices.Compact(all)
		}
	}
}

// conditionOf narrows a permission by the keys that a call carries. A record's name and a namespace are the user's own; a record's type does
// not matter beside its name.
func conditionOf(permission emulator.Permission) map[string]map[string][]string {
	condition := map[string]map[string][]string{}
	for key, values := range permission.Context {
		operator := "StringEquals"
		switch {
		case strings.HasSuffix(key, "RecordTypes"):
			continue
		case strings.HasSuffix(key, "RecordNames"):
			operator, values = "ForAllValues:StringLike", []string{"${RecordName}"}
		case key == "cloudwatch:namespace":
			values = []string{"${Namespace}"}
		case strings.HasPrefix(key, "route53:"):
			operator = "ForAllValues:StringEquals"
		}
		if condition[operator] == nil {
			condition[operator] = map[string][]string{}
		}
		condition[operator][key] = values
	}
	return condition
}

// JSON is the document as the guides print it.
func (p Policy) JSON() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(p) // strings can be encoded
	return out.Bytes()
}

// Actions are all actions, sorted.
func (p Policy) Actions() []string {
	var all []string
	for _, statement := range p.Statement {
		all = append(all, statement.Action...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Without is the policy less one action.
func (p Policy) Without(action string) Policy {
	less := Policy{Version: p.Version, Statement: []Statement{}}
	for _, statement := range p.Statement {
		statement.Action = slices.DeleteFunc(slices.Clone(statement.Action), func(other string) bool { return other == action })
		if len(statement.Action) > 0 {
			less.Statement = append(less.Statement, statement)
		}
	}
	return less
}

// Less is the policy less what others give on the same resources under the same conditions.
func (p Policy) Less(others ...Policy) Policy {
	less := Policy{Version: p.Version, Statement: []Statement{}}
	for _, statement := range p.Statement {
		for _, other := range others {
			for _, given := range other.Statement {
				if given.Resource == statement.Resource && reflect.DeepEqual(given.Condition, statement.Condition) {
					statement.Action = slices.DeleteFunc(slices.Clone(statement.Action), func(action string) bool { return slices.Contains(given.Action, action) })
				}
			}
		}
		if len(statement.Action) > 0 {
			less.Statement = append(less.Statement, statement)
		}
	}
	return less
}

var placeholder = regexp.MustCompile(`\$\{\w+\}`)

// Bound is the document for a caller whose resources have any name.
func (p Policy) Bound() []byte {
	named := Policy{Version: p.Version, Statement: slices.Clone(p.Statement)}
	for i, statement := range named.Statement {
		named.Statement[i].Condition = nil
		for operator, keys := range statement.Condition {
			for key, values := range keys {
				if operator == "StringEquals" && slices.ContainsFunc(values, placeholder.MatchString) {
					named.Statement[i].add(statement.Action[0], map[string]map[string][]string{"StringLike": {key: values}})
					continue
				}
				named.Statement[i].add(statement.Action[0], map[string]map[string][]string{operator: {key: values}})
			}
		}
	}
	return placeholder.ReplaceAll(named.JSON(), []byte("*"))
}

// Folder is where the documents lie: examples/policies of the module that the working directory belongs to.
func Folder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "examples", "policies"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// Read returns the policies whose names begin with one of the prefixes, by name: "health/lambda" lies in health/lambda.json.
func Read(prefixes ...string) (map[string]Policy, error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
	if err != nil {
		return nil, err
	}
	read := map[string]Policy{}
	for _, path := range paths {
		name := filepath.ToSlash(strings.TrimSuffix(strings.TrimPrefix(path, folder+string(filepath.Separator)), ".json"))
		if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		document, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		if err != nil {
			return nil, err
		}
		var policy Policy
		if err := json.Unmarshal(document, &policy); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		read[name] = policy
	}
	return read, nil
}
