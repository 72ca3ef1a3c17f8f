package proof

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// memoryFunction is a function with its versions, which never change, and its aliases, whose revisions are the proxy's.
type memoryFunction struct {
	role     string
	versions []string // the code of each, from version 1 on
	code     string   // of $LATEST
	aliases  map[string]map[string]any
}

// publish makes a version of $LATEST.
func (f *memoryFunction) publish() string {
	f.versions = append(f.versions, f.code)
	return strconv.Itoa(len(f.versions))
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // our own types can be written
	}
	return string(text)
}

func (m *memoryAWS) lambda(r *http.Request, parts []string, body []byte) reply {
	var asked map[string]any
	_ = json.Unmarshal(body, &asked) // no object asks for nothing
	said := func(name string) string { return fmt.Sprint(asked[name]) }
	if len(parts) == 2 {
		f := &memoryFunction{role: said("Role"), code: "1", aliases: map[string]map[string]any{}}
		m.functions[said("FunctionName")] = f
		version := "$LATEST"
		if asked["Publish"] == true {
			version = f.publish()
		}
		return reply{status: http.StatusCreated, body: f.describe(said("FunctionName"), version)}
	}
	name := parts[2]
	f := m.functions[name]
	if f == nil {
		return refusal(http.StatusNotFound, "ResourceNotFoundException")
	}
	switch what := strings.Join(parts[3:min(4, len(parts))], ""); {
	case what == "code":
		f.code += "1"
		return ok(f.describe(name, f.publish()))
	case what == "versions" && r.Method == http.MethodPost:
		return reply{status: http.StatusCreated, body: f.describe(name, f.publish())}
	case what == "versions":
		list := []any{f.describe(name, "$LATEST")}
		for i := range f.versions {
			list = append(list, f.describe(name, strconv.Itoa(i+1)))
		}
		return ok(map[string]any{"Versions": list})
	case what == "configuration":
		version := r.URL.Query().Get("Qualifier")
		number, err := strconv.Atoi(version)
		if version != "" && version != "$LATEST" && (err != nil || number < 1 || number > len(f.versions)) {
			return refusal(http.StatusNotFound, "ResourceNotFoundException")
		}
		return ok(f.describe(name, version))
	case what == "aliases":
		return m.alias(r, name, f, parts[4:], asked)
	}
	return refusal(http.StatusNotImplemented, "NotImplemented")
}

func (f *memoryFunction) describe(name, version string) map[string]any {
	code := f.code
	if number, err := strconv.Atoi(version); err == nil {
		code = f.versions[number-1]
	}
	if version == "" {
		version = "$LATEST"
	}
	return map[string]any{
		"FunctionName": name, "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:" + name + ":" + version, "Version": version, "Role": f.role,
		"CodeSha256": code, "State": "Active", "LastUpdateStatus": "Successful",
	}
}

func (m *memoryAWS) alias(r *http.Request, function string, f *memoryFunction, path []string, asked map[string]any) reply {
	if len(path) == 0 && r.Method == http.MethodGet {
		list := []any{}
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			list = append(list, f.aliases[name])
		}
		return ok(map[string]any{"Aliases": list})
	}
	name := fmt.Sprint(asked["Name"])
	if len(path) > 0 {
		name = path[0]
	}
	switch alias := f.aliases[name]; {
	case r.Method == http.MethodPost:
		f.aliases[name] = map[string]any{"Name": name, "AliasArn": "arn:aws:lambda:us-east-1:123456789012:function:" + function + ":" + name, "FunctionVersion": asked["FunctionVersion"]}
		return reply{status: http.StatusCreated, body: f.aliases[name]}
	case alias == nil:
		return refusal(http.StatusNotFound, "ResourceNotFoundException")
	case r.Method == http.MethodPut:
		next := maps.Clone(alias)
		for _, field := range []string{"FunctionVersion", "RoutingConfig", "Description"} {
			if value, given := asked[field]; given {
				next[field] = value
			}
		}
		if !m.lost("lambda", "UpdateAlias") {
			f.aliases[name] = next
		}
		return ok(next)
	default:
		return ok(alias)
	}
}
