package targetset

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// named is a kind of target that a few required strings name; its configuration is a JSON object of just those.
type named struct {
	name, description string
	attributes        map[string]schema.StringAttribute
	service           func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error)
}

func (n named) kind() kind {
	attributes := make(map[string]schema.Attribute, len(n.attributes))
	for name, attribute := range n.attributes {
		attributes[name] = attribute
	}
	return kind{
		name:      n.name,
		attribute: schema.SingleNestedAttribute{Optional: true, MarkdownDescription: n.description, Attributes: attributes},
		config: func(_ context.Context, object types.Object) (any, diag.Diagnostics) {
			names := make(map[string]string, len(n.attributes))
			for name := range n.attributes {
				if value, ok := object.Attributes()[name].(types.String); ok {
					names[name] = value.ValueString()
				}
			}
			return names, nil
		},
		object: func(raw json.RawMessage) (map[string]attr.Value, error) {
			names, err := n.decode(raw)
			values := make(map[string]attr.Value, len(names))
			for name, value := range names {
				values[name] = types.StringValue(value)
			}
			return values, err
		},
		service: func(ctx context.Context, data *configured.Data, region string, raw json.RawMessage) (service.Service, error) {
			names, err := n.decode(raw)
			if err != nil {
				return nil, err
			}
			return n.service(ctx, data, region, names)
		},
	}
}

// decode returns exactly the names that the kind has.
func (n named) decode(raw json.RawMessage) (map[string]string, error) {
	var kept map[string]string
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, err
	}
	names := make(map[string]string, len(n.attributes))
	for name := range n.attributes {
		value := kept[name]
		if value == "" {
			return nil, fmt.Errorf("a %s without %s", n.name, name)
		}
		names[name] = value
	}
	return names, nil
}
