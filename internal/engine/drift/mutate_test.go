package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// oddText is what no answer has.
const oddText = "drift-test"

// waysToChange are all ways to change the field of an answer that api names ("Vpc.Tags", "DescribeTags.Tags",
// "Attributes.idle_timeout.timeout_seconds"), of the elements that are of the resource.
func waysToChange(call *seenCall, answer any, resource Resource, api string) []func() {
	steps := strings.Split(api, ".")
	if steps[0] == call.operation {
		steps = steps[1:]
	} else if isOperation(steps[0]) {
		return nil
	}
	search := fieldSearch{names: namesIn(resource), first: steps[0]}
	search.in(reflect.ValueOf(answer), steps, 0)
	return search.ways
}

func isOperation(name string) bool {
	for _, verb := range []string{"Describe", "List", "Get"} {
		if rest, ok := strings.CutPrefix(name, verb); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			return true
		}
	}
	return false
}

// namesIn are the texts by which an element of an answer says whose it is.
func namesIn(resource Resource) []string {
	var names []string
	for _, name := range []string{"id", "arn", "name", "function_name", "identifier", "bucket", "role", "policy_arn", "url", "uuid", "statement_id", "route_key", "stage_name"} {
		if text := resource.Text(name); len(text) > 1 {
			names = append(names, text, strings.TrimSuffix(text, "."), text+":*")
		}
	}
	if _, name, ok := strings.Cut(resource.ID, ":"); ok {
		names = append(names, name)
	}
	return names
}

// fieldSearch finds fields by their names, through lists and through structures that the names leave out.
type fieldSearch struct {
	names []string
	first string // the first step: until it was taken, nothing is made that is not there
	ways  []func()
}

func (s *fieldSearch) began(steps []string) bool { return steps[0] != s.first }

const deepest = 8

func (s *fieldSearch) in(v reflect.Value, steps []string, depth int) {
	if depth > deepest {
		return
	}
	if len(steps) == 0 {
		s.ways = append(s.ways, changes(v)...)
		return
	}
	switch v.Kind() {
	case reflect.String:
		s.inText(v, steps)
	case reflect.Pointer:
		if v.IsNil() && depth > 0 {
			if v.Type().Elem().Kind() != reflect.Struct {
				return
			}
			made := reflect.New(v.Type().Elem()) // set only by whoever changes something in it
			inner := fieldSearch{names: s.names, first: s.first}
			inner.exact(made.Elem(), steps, depth+1)
			for _, way := range inner.ways {
				s.ways = append(s.ways, func() { v.Set(made); way() })
			}
			return
		}
		s.in(v.Elem(), steps, depth)
	case reflect.Interface:
		if !v.IsNil() {
			s.in(v.Elem(), steps, depth)
		}
	case reflect.Struct:
		s.inStruct(v, steps, depth)
	case reflect.Slice:
		s.inSlice(v, steps, depth)
	case reflect.Map:
		s.inMap(v, steps, depth)
	default:
	}
}

// exact looks for the first step among the fields of a structure only, not below them.
func (s *fieldSearch) exact(v reflect.Value, steps []string, depth int) {
	if field := fieldNamed(v, steps[0]); field.IsValid() {
		s.in(field, steps[1:], depth+1)
	}
}

// fieldNamed finds a field whatever the case of its name: the SDK writes MFADelete, the API MfaDelete.
func fieldNamed(v reflect.Value, name string) reflect.Value {
	return v.FieldByNameFunc(func(other string) bool { return strings.EqualFold(other, name) })
}

func (s *fieldSearch) inStruct(v reflect.Value, steps []string, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	if key, value := v.FieldByName("Key"), v.FieldByName("Value"); key.IsValid() && value.IsValid() && textOf(key) == strings.Join(steps, ".") {
		s.ways = append(s.ways, changes(value)...)
		return
	}
	if field := fieldNamed(v, steps[0]); field.IsValid() {
		s.in(field, steps[1:], depth+1)
		return
	}
	if v.Type().Name() == steps[0] || strings.TrimSuffix(v.Type().Name(), "Output") == steps[0] {
		steps = steps[1:]
		if len(steps) == 0 {
			return
		}
		s.exact(v, steps, depth)
		return
	}
	for i := range v.NumField() {
		field := v.Field(i)
		if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "ResultMetadata" && (field.Kind() != reflect.Pointer || !field.IsNil()) {
			s.in(field, steps, depth+1)
		}
	}
}

func (s *fieldSearch) inSlice(v reflect.Value, steps []string, depth int) {
	element := v.Type().Elem()
	if element.Kind() == reflect.Struct {
		if key, ok := element.FieldByName("Key"); ok && key.Type == reflect.TypeFor[*string]() && len(steps) > 0 {
			s.inPairs(v, steps)
			return
		}
	}
	if v.Len() == 0 && s.began(steps) {
		s.ways = append(s.ways, func() {
			made := reflect.New(element).Elem()
			populate(made, 0)
			v.Set(reflect.Append(v, made))
		})
	}
	var own, all []int
	for i := range v.Len() {
		all = append(all, i)
		if s.isOwn(v.Index(i)) {
			own = append(own, i)
		}
	}
	if len(own) == 0 {
		own = all
	}
	for _, i := range own {
		s.in(v.Index(i), steps, depth+1)
	}
}

// inPairs changes the value of a pair of key and value, or adds one.
func (s *fieldSearch) inPairs(v reflect.Value, steps []string) {
	name := strings.Join(steps, ".")
	for i := range v.Len() {
		if textOf(v.Index(i).FieldByName("Key")) == name {
			s.ways = append(s.ways, changes(v.Index(i).FieldByName("Value"))...)
			return
		}
	}
	if !s.began(steps) {
		return
	}
	for _, text := range texts {
		s.ways = append(s.ways, func() {
			pair := reflect.New(v.Type().Elem()).Elem()
			pair.FieldByName("Key").Set(reflect.ValueOf(&name))
			pair.FieldByName("Value").Set(reflect.ValueOf(&text))
			v.Set(reflect.Append(v, pair))
		})
	}
}

// isOwn tells that an element says in one of its own fields whose it is.
func (s *fieldSearch) isOwn(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return false
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() && slices.Contains(s.names, textOf(v.Field(i))) {
			return true
		}
	}
	return false
}

func (s *fieldSearch) inMap(v reflect.Value, steps []string, depth int) {
	if v.Type().Key().Kind() != reflect.String {
		return
	}
	name := reflect.ValueOf(strings.Join(steps, ".")).Convert(v.Type().Key())
	if v.Type().Elem().Kind() == reflect.String {
		if !s.began(steps) && !v.MapIndex(name).IsValid() {
			return
		}
		for _, text := range texts {
			s.ways = append(s.ways, func() {
				if v.IsNil() {
					v.Set(reflect.MakeMap(v.Type()))
				}
				v.SetMapIndex(name, reflect.ValueOf(text))
			})
		}
		return
	}
	for _, key := range v.MapKeys() {
		element := reflect.New(v.Type().Elem()).Elem()
		element.Set(v.MapIndex(key))
		inner := fieldSearch{names: s.names, first: s.first}
		inner.in(element, steps, depth+1)
		for _, way := range inner.ways {
			s.ways = append(s.ways, func() { way(); v.SetMapIndex(key, element) })
		}
	}
}

// inText changes what lies in a text that is a policy: an element of its statement, or the value of a key of its condition.
func (s *fieldSearch) inText(v reflect.Value, steps []string) {
	var policy map[string]any
	if steps[0] != "Statement" || len(steps) < 2 || json.Unmarshal([]byte(v.String()), &policy) != nil {
		return
	}
	statements, _ := policy["Statement"].([]any)
	for _, element := range statements {
		statement, _ := element.(map[string]any)
		if !slices.Contains(s.names, fmt.Sprint(statement["Sid"])) {
			continue
		}
		for _, text := range texts {
			s.ways = append(s.ways, func() {
				statement := maps.Clone(statement)
				if steps[1] == "Condition" {
					statement["Condition"] = changedCondition(statement["Condition"], strings.Join(steps[2:], "."), text)
				} else {
					statement[steps[1]] = text
				}
				encoded, _ := json.Marshal(map[string]any{"Statement": []any{statement}}) // of strings alone
				v.SetString(string(encoded))
			})
		}
	}
}

func changedCondition(condition any, key, text string) map[string]any {
	changed := map[string]any{"Odd": map[string]any{key: text}}
	before, _ := condition.(map[string]any)
	for operator, keys := range before {
		kept, _ := keys.(map[string]any)
		kept = maps.Clone(kept)
		maps.DeleteFunc(kept, func(name string, _ any) bool { return strings.EqualFold(name, key) })
		changed[operator] = kept
	}
	return changed
}

func textOf(v reflect.Value) string {
	switch {
	case !v.IsValid():
		return ""
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.String:
		return v.Elem().String()
	case v.Kind() == reflect.String:
		return v.String()
	}
	return ""
}

// texts are what a text may be changed to: one of them is another value, whatever the text means.
var texts = []string{
	oddText, "true", "false", "777", "10.77.0.0/16", "Disabled", "Enabled",
	`{"Version":"2012-10-17","Statement":[{"Sid":"odd","Effect":"Allow","Principal":{"AWS":"*"},"Action":"` + oddText + `:*","Resource":"*"}]}`,
	`{"odd":["1"]}`,
}

// changes are the ways to change a field.
func changes(v reflect.Value) []func() {
	var ways []func()
	set := func(value reflect.Value) { ways = append(ways, func() { v.Set(value) }) }
	switch kind := v.Type(); kind.Kind() {
	case reflect.Pointer:
		ways = append(ways, pointed(v)...)
	case reflect.Bool:
		set(reflect.ValueOf(!v.Bool()).Convert(kind))
	case reflect.Int32, reflect.Int64:
		set(reflect.ValueOf(777).Convert(kind))
		set(reflect.ValueOf(0).Convert(kind))
	case reflect.Float64:
		set(reflect.ValueOf(777.5))
	case reflect.String:
		for _, text := range slices.Concat(enumerated(kind), texts) {
			if text != v.String() {
				set(reflect.ValueOf(text).Convert(kind))
			}
		}
	case reflect.Slice:
		element := reflect.New(kind.Elem()).Elem()
		populate(element, 0)
		set(reflect.Append(v, element))
		for _, text := range enumerated(kind.Elem()) {
			set(reflect.Append(v, reflect.ValueOf(text).Convert(kind.Elem())))
		}
		if v.Len() > 0 {
			set(v.Slice(1, v.Len()))
		}
		set(reflect.MakeSlice(kind, 0, 0))
	case reflect.Map:
		grown := reflect.MakeMap(kind)
		for _, key := range v.MapKeys() {
			grown.SetMapIndex(key, v.MapIndex(key))
		}
		element := reflect.New(kind.Elem()).Elem()
		populate(element, 0)
		grown.SetMapIndex(reflect.ValueOf(oddText).Convert(kind.Key()), element)
		set(grown)
	case reflect.Struct:
		filled := reflect.New(kind).Elem()
		populate(filled, 0)
		set(filled)
		for i := range v.NumField() {
			if kind.Field(i).IsExported() {
				ways = append(ways, changes(v.Field(i))...)
			}
		}
	default:
	}
	return ways
}

// pointed are the ways to change what is behind a pointer, and to take it away.
func pointed(v reflect.Value) []func() {
	made := reflect.New(v.Type().Elem())
	if !v.IsNil() {
		made.Elem().Set(v.Elem())
	}
	var ways []func()
	if v.IsNil() && v.Type().Elem().Kind() == reflect.Bool {
		ways = append(ways, func() { v.Set(made) }) // false is not absent
	}
	for _, way := range changes(made.Elem()) {
		ways = append(ways, func() { way(); v.Set(made) })
	}
	if !v.IsNil() {
		ways = append(ways, func() { v.SetZero() })
	}
	return ways
}

// enumerated are the values of an enumeration of the SDK.
func enumerated(kind reflect.Type) []string {
	method := reflect.Zero(kind).MethodByName("Values")
	if !method.IsValid() {
		return nil
	}
	all := method.Call(nil)[0]
	var list []string
	for i := range all.Len() {
		list = append(list, all.Index(i).String())
	}
	return list
}

// populate sets every field below v to something.
func populate(v reflect.Value, depth int) {
	if depth > 4 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		made := reflect.New(v.Type().Elem())
		populate(made.Elem(), depth+1)
		v.Set(made)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(77)
	case reflect.Float64:
		v.SetFloat(77)
	case reflect.String:
		v.SetString(oddText)
		if values := enumerated(v.Type()); len(values) > 0 {
			v.SetString(values[0])
		}
	case reflect.Slice:
		element := reflect.New(v.Type().Elem()).Elem()
		populate(element, depth+1)
		v.Set(reflect.Append(reflect.MakeSlice(v.Type(), 0, 1), element))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				populate(v.Field(i), depth+1)
			}
		}
	default:
	}
}

// deepCopy copies an answer, but for what is not exported.
func deepCopy(value any) any { return copied(reflect.ValueOf(value)).Interface() }

func copied(v reflect.Value) reflect.Value {
	made := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			made.Set(reflect.New(v.Type().Elem()))
			made.Elem().Set(copied(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			made.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				made.Index(i).Set(copied(v.Index(i)))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			made.Set(reflect.MakeMap(v.Type()))
			for _, key := range v.MapKeys() {
				made.SetMapIndex(key, copied(v.MapIndex(key)))
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Name != "ResultMetadata" {
				made.Field(i).Set(copied(v.Field(i)))
			}
		}
	default:
		made.Set(v)
	}
	return made
}
