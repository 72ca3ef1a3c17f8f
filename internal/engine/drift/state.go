// Package drift finds what differs between a Terraform state and AWS, says how bad each difference is and what to do
// about it. Comparing is pure; drift/live does the reading.
package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// State is what detection needs of a Terraform state, format version 4,
// https://developer.hashicorp.com/terraform/internals/json-format and
// https://developer.hashicorp.com/terraform/language/state. terraform_version is not checked: the format's own number is.
type State struct {
	Serial  int64
	Lineage string
	// Managed is how many managed resource instances it holds.
	Managed int
	// Resources are the instances that a reader knows, with only the attributes that reading and comparing need.
	Resources []Resource
	// Unread are the other managed instances, by type: how many, and why nothing is known of them.
	Unread map[string]map[string]int
}

// Resource is one instance of the state.
type Resource struct {
	live.Resource
	// Sensitive are the paths that the state marks as sensitive, in the form of Change.Path. What lies below one is
	// sensitive too.
	Sensitive []string
}

// Reasons why an instance of the state is not looked at.
const (
	noReader  = "no reader for this type"
	deposed   = "deposed, waiting to be destroyed"
	noID      = "no id in the state"
	noOwner   = "its security group is not in this state"
	unwanted  = "left out by types or exclude_types"
	elsewhere = "outside of the regions asked for"
)

func (s *State) skip(kind, reason string, count int) {
	if s.Unread[kind] == nil {
		s.Unread[kind] = map[string]int{}
	}
	s.Unread[kind][reason] += count
}

// ReadState reads a state, one resource at a time, and keeps what specs ask for. The error is a *StateError, or the
// reader's own.
func ReadState(source io.Reader, specs map[string]live.Spec) (*State, error) {
	counted := &countingReader{source: source}
	decoder := json.NewDecoder(counted)
	decoder.UseNumber()
	reading := &stateReader{decoder: decoder, specs: specs, state: &State{Unread: map[string]map[string]int{}}}
	err := reading.document()
	if counted.failure != nil {
		return nil, counted.failure
	}
	if err != nil {
		return nil, explain(err, counted, decoder)
	}
	return reading.state, nil
}

// explain turns what the JSON decoder says into a StateError.
func explain(err error, counted *countingReader, decoder *json.Decoder) error {
	var state *StateError
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &state):
		return state
	case counted.blank:
		return &StateError{Problem: EmptyFile}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &StateError{Problem: Truncated, Offset: counted.read}
	case errors.As(err, &mismatch):
		return &StateError{Problem: NotState, At: mismatch.Field}
	case errors.As(err, &syntax):
		return &StateError{Problem: NotJSON, Offset: decoder.InputOffset()}
	}
	return &StateError{Problem: NotJSON, Offset: decoder.InputOffset()}
}

// countingReader notes how much was read, whether it was blank, and the source's own failure.
type countingReader struct {
	source  io.Reader
	read    int64
	blank   bool
	failure error
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.source.Read(p)
	if c.read == 0 {
		c.blank = true
	}
	c.blank = c.blank && len(bytes.TrimSpace(p[:n])) == 0
	c.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failure = err
	}
	return n, err
}

// stateResource and stateInstance are the parts of a state's "resources" that are used.
type stateResource struct {
	Module    string            `json:"module"`
	Mode      string            `json:"mode"`
	Type      string            `json:"type"`
	Name      string            `json:"name"`
	Instances []json.RawMessage `json:"instances"`
}

type stateInstance struct {
	IndexKey   any                        `json:"index_key"`
	Deposed    string                     `json:"deposed"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Sensitive  json.RawMessage            `json:"sensitive_attributes"`
}

func (r *stateReader) resource(resource stateResource) error {
	if resource.Mode != "managed" {
		return nil
	}
	r.state.Managed += len(resource.Instances)
	spec, known := r.specs[resource.Type]
	if !known {
		r.state.skip(resource.Type, noReader, len(resource.Instances))
		return nil
	}
	for _, raw := range resource.Instances {
		instance := stateInstance{}
		if err := unmarshal(raw, &instance); err != nil {
			return &StateError{Problem: NotState, At: "an instance of " + resource.Type + "." + resource.Name + " cannot be read"}
		}
		if instance.Deposed != "" {
			r.state.skip(resource.Type, deposed, 1)
			continue
		}
		kept, err := live.PackValues(r.keep(spec), instance.Attributes)
		if err != nil {
			return &StateError{Problem: NotState, At: "the attributes of " + resource.Type + "." + resource.Name + " cannot be read"}
		}
		found := Resource{Resource: live.Resource{Address: address(resource, instance.IndexKey), Type: resource.Type, State: kept}}
		found.ID = found.Text("id")
		if found.ID == "" {
			r.state.skip(resource.Type, noID, 1)
			continue
		}
		place(&found.Resource)
		found.Sensitive = sensitivePaths(instance.Sensitive)
		r.state.Resources = append(r.state.Resources, found)
	}
	return nil
}

func unmarshal(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// place finds Region and account in the attributes: region itself (hashicorp/aws 6 and newer), else the ARN.
func place(resource *live.Resource) {
	parsed, err := arn.Parse(resource.Text("arn"))
	if err == nil {
		resource.Region, resource.AccountID = parsed.Region, parsed.AccountID
	}
	if region := resource.Text("region"); region != "" {
		resource.Region = region
	}
	if resource.AccountID == "" {
		resource.AccountID = resource.Text("owner_id")
	}
}

// address writes an instance's address as Terraform does.
func address(resource stateResource, key any) live.Address {
	var text strings.Builder
	if resource.Module != "" {
		text.WriteString(resource.Module + ".")
	}
	text.WriteString(resource.Type + "." + resource.Name)
	switch key := key.(type) {
	case json.Number:
		text.WriteString("[" + key.String() + "]")
	case string:
		text.WriteString("[" + hclQuote(key) + "]")
	}
	return live.Address(text.String())
}
