package drift

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
			return &StateError{Problem: ShowOutput}
		case "serial":
			err = r.decoder.Decode(&r.state.Serial)
		case "lineage":
			err = r.decoder.Decode(&r.state.Lineage)
		case "resources":
			err = r.resources()
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
		return &StateError{Problem: NotState, At: `it has no "version"`}
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

// resources reads the array, one resource in memory at a time.
func (r *stateReader) resources() error {
	opening, err := r.decoder.Token()
	if err != nil {
		return err
	}
	if opening == nil { // null
		return nil
	}
	if opening != json.Delim('[') {
		return &StateError{Problem: NotState, At: `"resources" is not a list`}
	}
	for r.decoder.More() {
		var resource stateResource
		if err := r.decoder.Decode(&resource); err != nil {
			return err
		}
		if err := r.resource(resource); err != nil {
			return err
		}
	}
	_, err = r.decoder.Token()
	return err
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
