package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// stateReader walks through a state's document.
type stateReader struct {
	decoder *json.Decoder
	specs   map[string]live.Spec
	kept    map[string][]string // Spec.Keep of the types seen so far
	state   *State
}

// keep is spec.Keep, made once a type: all resources of a type share it.
func (r *stateReader) keep(spec live.Spec) []string {
	if r.kept == nil {
		r.kept = map[string][]string{}
	}
	if r.kept[spec.Type] == nil {
		r.kept[spec.Type] = spec.Keep()
	}
	return r.kept[spec.Type]
}

func (r *stateReader) document() error {
	first, err := r.decoder.Token()
	if err != nil {
		return err
	}
	if first != json.Delim('{') {
		return &StateError{Problem: NotState, At: "it is not an object"}
	}
	version := ""
	for r.decoder.More() {
		name, err := r.decoder.Token()
		if err != nil {
			return err
		}
		switch name {
		case "version":
			version, err = r.version()
		case "encrypted_data", "encryption_version":
			return &StateError{Problem: Encrypted}
		case "format_version":
			version, err = r.showVersion()
		case "planned_values", "resource_changes", "resource_drift":
			return &StateError{Problem: PlanOutput}
		case "values":
			err = r.members(map[string]func() error{"root_module": r.showModule})
		case "serial":
			err = r.decoder.Decode(&r.state.Serial)
		case "lineage":
			err = r.decoder.Decode(&r.state.Lineage)
		case "resources":
			err = r.each("resources", r.resource)
		default:
			err = r.ignore()
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil { // the closing brace
		return err
	}
	if version == "" {
		return &StateError{Problem: NotState, At: `it has neither "version" nor "format_version"`}
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return &StateError{Problem: NotState, At: "something follows the state"}
	}
	return nil
}

func (r *stateReader) version() (string, error) {
	var version any
	if err := r.decoder.Decode(&version); err != nil {
		return "", err
	}
	text := fmt.Sprint(version)
	if text != "4" {
		return "", &StateError{Problem: OtherVersion, Version: text}
	}
	return text, nil
}

// showVersion accepts the major versions 0 and 1 of the output of terraform show.
func (r *stateReader) showVersion() (string, error) {
	var version string
	if err := r.decoder.Decode(&version); err != nil {
		return "", err
	}
	if !strings.HasPrefix(version, "0.") && !strings.HasPrefix(version, "1.") {
		return "", &StateError{Problem: OtherVersion, Version: version}
	}
	return version, nil
}

// each reads an array, one element in memory at a time; null is an empty one.
func (r *stateReader) each(name string, element func() error) error {
	opening, err := r.decoder.Token()
	switch {
	case err != nil:
		return err
	case opening == nil:
		return nil
	case opening != json.Delim('['):
		return &StateError{Problem: NotState, At: `"` + name + `" is not a list`}
	}
	for r.decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err = r.decoder.Token()
	return err
}

// members reads an object; what it has no reader for is passed over, and null is an empty object.
func (r *stateReader) members(readers map[string]func() error) error {
	opening, err := r.decoder.Token()
	switch {
	case err != nil:
		return err
	case opening == nil:
		return nil
	case opening != json.Delim('{'):
		return &StateError{Problem: NotState, At: "something else than an object"}
	}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		read := r.ignore
		if name, ok := token.(string); ok && readers[name] != nil {
			read = readers[name]
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err = r.decoder.Token()
	return err
}

func (r *stateReader) text(into *string) func() error {
	return func() error { return r.decoder.Decode(into) }
}

// stateResource is the head of one of a state's "resources".
type stateResource struct{ module, mode, kind, name, provider string }

// resource reads one of "resources", instance by instance: one may have thousands.
func (r *stateReader) resource() error {
	var head stateResource
	var held []json.RawMessage // instances that came before what says whose they are
	err := r.members(map[string]func() error{
		"module": r.text(&head.module), "mode": r.text(&head.mode), "type": r.text(&head.kind), "name": r.text(&head.name), "provider": r.text(&head.provider),
		"instances": func() error {
			if head.mode == "" || head.kind == "" || head.name == "" {
				return r.decoder.Decode(&held)
			}
			return r.each("instances", func() error { return r.instance(head, r.decoder) })
		},
	})
	for _, raw := range held {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if err == nil {
			err = r.instance(head, decoder)
		}
	}
	r.state.OpenTofu = r.state.OpenTofu || fromOpenTofu(head.provider)
	return err
}

func (r *stateReader) instance(head stateResource, decoder *json.Decoder) error {
	spec, known := r.specs[head.kind]
	if head.mode != "managed" || !known {
		if head.mode == "managed" {
			r.state.Managed++
			r.state.skip(head.kind, noReader, 1)
		}
		return decoder.Decode(&passedOver{})
	}
	r.state.Managed++
	var instance struct {
		IndexKey   any                        `json:"index_key"`
		Deposed    string                     `json:"deposed"`
		Attributes map[string]json.RawMessage `json:"attributes"`
		Sensitive  json.RawMessage            `json:"sensitive_attributes"`
	}
	if err := decoder.Decode(&instance); err != nil {
		return err
	}
	if instance.Deposed != "" {
		r.state.skip(head.kind, deposed, 1)
		return nil
	}
	return r.add(spec, stateInstance{
		address: address(head.module, head.kind, head.name, instance.IndexKey), provider: shared(head.provider), attributes: instance.Attributes,
		sensitive: func() []string { return sensitivePaths(instance.Sensitive) },
	})
}

// passedOver decodes anything, and keeps nothing.
type passedOver struct{}

// UnmarshalJSON keeps nothing.
func (*passedOver) UnmarshalJSON([]byte) error { return nil }

// showModule reads a module of the output of terraform show, and those below it.
func (r *stateReader) showModule() error {
	return r.members(map[string]func() error{
		"resources":     func() error { return r.each("resources", r.showResource) },
		"child_modules": func() error { return r.each("child_modules", r.showModule) },
	})
}

func (r *stateReader) showResource() error {
	var resource struct {
		Address   live.Address               `json:"address"`
		Mode      string                     `json:"mode"`
		Type      string                     `json:"type"`
		Deposed   string                     `json:"deposed_key"`
		Provider  string                     `json:"provider_name"`
		Values    map[string]json.RawMessage `json:"values"`
		Sensitive any                        `json:"sensitive_values"`
	}
	if err := r.decoder.Decode(&resource); err != nil {
		return err
	}
	if resource.Mode != "managed" {
		return nil
	}
	r.state.Managed++
	r.state.OpenTofu = r.state.OpenTofu || fromOpenTofu(resource.Provider)
	spec, known := r.specs[resource.Type]
	switch {
	case !known:
		r.state.skip(resource.Type, noReader, 1)
		return nil
	case resource.Deposed != "":
		r.state.skip(resource.Type, deposed, 1)
		return nil
	}
	return r.add(spec, stateInstance{
		address: resource.Address, attributes: resource.Values, sensitive: func() []string { return sensitiveMarks("", resource.Sensitive) },
	})
}

// ignore passes over a value without keeping it.
func (r *stateReader) ignore() error {
	depth := 0
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// sensitivePaths reads the paths that a state marks as sensitive. What cannot be read is taken for "everything".
func sensitivePaths(raw json.RawMessage) []string {
	var marked [][]struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &marked); err != nil {
		return []string{""}
	}
	paths := make([]string, 0, len(marked))
	for _, steps := range marked {
		path := ""
		for _, step := range steps {
			name, ok := stepName(step.Type, step.Value)
			if !ok {
				break // what cannot be named hides all below where we are
			}
			path = join(path, name)
		}
		paths = append(paths, path)
	}
	return paths
}

// stepName is a step's part of a path; block indexes have none, as in live.Attribute.Name.
func stepName(kind string, raw json.RawMessage) (name string, ok bool) {
	if kind == "get_attr" {
		return name, json.Unmarshal(raw, &name) == nil
	}
	var key struct {
		Value any `json:"value"`
	}
	if json.Unmarshal(raw, &key) != nil {
		return "", false
	}
	switch key := key.Value.(type) {
	case string:
		return key, true
	case float64:
		return "", true
	}
	return "", false
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}
