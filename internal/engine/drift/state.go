// Package drift finds what differs between a Terraform state and AWS, says how bad each difference is and what to do
// about it. Comparing is pure; drift/live does the reading.
package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unique"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// State is what detection needs of a Terraform state: format version 4 (https://developer.hashicorp.com/terraform/language/state)
// or what terraform show -json prints of a state (https://developer.hashicorp.com/terraform/internals/json-format).
// terraform_version is not checked: the format's own number is.
type State struct {
	// Serial and Lineage are not in the output of terraform show.
	Serial  int64
	Lineage string
	// Managed is how many managed resource instances it holds.
	Managed int
	// Resources are the instances that a reader knows, with only the attributes that reading and comparing need.
	Resources []Resource
	// OpenTofu: providers in it come from OpenTofu's registry, so it is tofu that applies it.
	OpenTofu bool
	// Unread are the other managed instances, by type: how many, and why nothing is known of them.
	Unread map[string]map[string]int
}

// Resource is one instance of the state.
type Resource struct {
	live.Resource
	// Sensitive are the paths that the state marks as sensitive, in the form of Change.Path. What lies below one is
	// sensitive too.
	Sensitive []string

	provider string
	previous live.Address // what the state calls it, where the configuration has moved it
}

// Reasons why an instance of the state is not looked at.
const (
	noReader  = "no reader for this type"
	deposed   = "deposed, waiting to be destroyed"
	noID      = "no id in the state"
	unwanted  = "left out by types or exclude_types"
	elsewhere = "outside of the regions asked for"
)

// fromOpenTofu tells that a provider is from OpenTofu's registry, which is the one that it takes a provider from whose source names none
// (https://opentofu.org/docs/language/providers/requirements/#source-addresses).
func fromOpenTofu(provider string) bool { return strings.Contains(provider, "registry.opentofu.org/") }

// noOwner is why a piece is not looked at whose owner the state does not hold: AWS tells of it only together with that.
func noOwner(ownerType string) string {
	return "the " + ownerType + " that it belongs to is not in this state"
}

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
	reading.state.placeByProvider()
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
	case counted.zip:
		return &StateError{Problem: BinaryPlan}
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
	zip     bool // it begins as a zip file does, which a saved plan is
	failure error
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.source.Read(p)
	if c.read == 0 {
		c.blank = true
		c.zip = bytes.HasPrefix(p[:n], []byte("PK\x03\x04"))
	}
	c.blank = c.blank && len(bytes.TrimSpace(p[:n])) == 0
	c.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failure = err
	}
	return n, err
}

// stateInstance is what is used of one instance, in either form.
type stateInstance struct {
	address    live.Address
	provider   string // the provider's configuration, "provider[\"...\"].alias"
	attributes map[string]json.RawMessage
	sensitive  func() []string
}

// add keeps what is needed of a managed instance of a type that a reader knows.
func (r *stateReader) add(spec live.Spec, instance stateInstance) error {
	kept, err := live.PackValues(r.keep(spec), instance.attributes)
	if err != nil {
		return &StateError{Problem: NotState, At: "the attributes of " + string(instance.address) + " cannot be read"}
	}
	found := Resource{Resource: live.Resource{Address: instance.address, Type: spec.Type, State: kept}, provider: instance.provider}
	found.ID = found.Text("id")
	if found.ID == "" {
		r.state.skip(spec.Type, noID, 1)
		return nil
	}
	place(&found.Resource)
	found.Sensitive = instance.sensitive()
	r.state.Resources = append(r.state.Resources, found)
	return nil
}

// place finds Region and account in the attributes: region itself (hashicorp/aws 6 and newer), else the ARN.
func place(resource *live.Resource) {
	parsed, err := arn.Parse(resource.Text("arn"))
	if err == nil {
		resource.Region, resource.AccountID = shared(parsed.Region), shared(parsed.AccountID)
	}
	if region := resource.Text("region"); region != "" {
		resource.Region = shared(region)
	}
	if resource.AccountID == "" {
		resource.AccountID = shared(resource.Text("owner_id"))
	}
}

// shared is one copy of a text that many resources have.
func shared(text string) string { return unique.Make(text).Value() }

// placeByProvider gives a resource that says neither Region nor account those of the others of its provider configuration (an
// alias has one Region and one role), where all of them agree.
func (s *State) placeByProvider() {
	type place struct{ region, account map[string]bool }
	places := map[string]place{}
	for _, resource := range s.Resources {
		if resource.provider == "" {
			continue
		}
		if places[resource.provider].region == nil {
			places[resource.provider] = place{map[string]bool{}, map[string]bool{}}
		}
		at := places[resource.provider]
		if resource.Region != "" {
			at.region[resource.Region] = true
		}
		if resource.AccountID != "" {
			at.account[resource.AccountID] = true
		}
	}
	only := func(set map[string]bool) string {
		if len(set) != 1 {
			return ""
		}
		for text := range set {
			return text
		}
		return ""
	}
	for i := range s.Resources {
		resource, at := &s.Resources[i], places[s.Resources[i].provider]
		if resource.Region == "" {
			resource.Region = only(at.region)
		}
		if resource.AccountID == "" {
			resource.AccountID = only(at.account)
		}
	}
}

// address writes an instance's address as Terraform does.
func address(module, kind, name string, key any) live.Address {
	var text strings.Builder
	if module != "" {
		text.WriteString(module + ".")
	}
	text.WriteString(kind + "." + name)
	switch key := key.(type) {
	case json.Number:
		text.WriteString("[" + key.String() + "]")
	case string:
		text.WriteString("[" + hclQuote(key) + "]")
	}
	return live.Address(text.String())
}
