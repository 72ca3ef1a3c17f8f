package inprocess

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// evaluate returns a block's attributes as an object of its schema's type; what is not set is null.
func (r *run) evaluate(block *hclsyntax.Block, schema *tfprotov6.Schema) cty.Value {
	r.t.Helper()
	if schema == nil {
		r.t.Fatalf("the provider has no %s %s", block.Type, strings.Join(block.Labels, " "))
	}
	kind := r.typeOf(schema)
	values := map[string]cty.Value{}
	for name, attribute := range block.Body.Attributes {
		value, diags := attribute.Expr.Value(r.scope())
		if diags.HasErrors() {
			r.t.Fatalf("%s: %v", name, diags)
		}
		values[name] = value
	}
	value, err := convert.Convert(filled(cty.ObjectVal(values), kind), kind)
	if err != nil {
		r.t.Fatalf("%s %s: %v", block.Type, strings.Join(block.Labels, " "), err)
	}
	return value
}

// typeOf is the type of a schema's values.
func (s *Session) typeOf(schema *tfprotov6.Schema) cty.Type {
	s.t.Helper()
	encoded, err := schema.ValueType().MarshalJSON() //nolint:staticcheck // the only way from one library's types to the other's
	if err != nil {
		s.t.Fatal(err)
	}
	kind, err := ctyjson.UnmarshalType(encoded)
	if err != nil {
		s.t.Fatal(err)
	}
	return kind
}

// scope is what expressions may refer to.
func (r *run) scope() *hcl.EvalContext {
	byType, dataByType := map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}
	add := func(to map[string]map[string]cty.Value, address string, value cty.Value) {
		kind, name, _ := strings.Cut(address, ".")
		if to[kind] == nil {
			to[kind] = map[string]cty.Value{}
		}
		to[kind][name] = value
	}
	for address, value := range r.states {
		add(byType, address, value)
	}
	for address, value := range r.outcome.Values {
		if data, ok := strings.CutPrefix(address, "data."); ok {
			add(dataByType, data, value)
		}
	}
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}}
	for kind, named := range byType {
		scope.Variables[kind] = cty.ObjectVal(named)
	}
	data := map[string]cty.Value{}
	for kind, named := range dataByType {
		data[kind] = cty.ObjectVal(named)
	}
	scope.Variables["data"] = cty.ObjectVal(data)
	return scope
}

// filled gives an object what its type has and it has not, as null, as far down as it goes.
func filled(value cty.Value, kind cty.Type) cty.Value {
	if value.IsNull() || !value.IsKnown() {
		return value
	}
	switch {
	case kind.IsObjectType() && value.Type().IsObjectType():
		values := value.AsValueMap()
		if values == nil {
			values = map[string]cty.Value{}
		}
		for name, inner := range kind.AttributeTypes() {
			if given, ok := values[name]; ok {
				values[name] = filled(given, inner)
			} else {
				values[name] = cty.NullVal(inner)
			}
		}
		return cty.ObjectVal(values)
	case kind.IsMapType() && (value.Type().IsObjectType() || value.Type().IsMapType()):
		values := map[string]cty.Value{}
		for name, inner := range value.AsValueMap() {
			values[name] = filled(inner, kind.ElementType())
		}
		return cty.ObjectVal(values)
	case (kind.IsListType() || kind.IsSetType()) && value.CanIterateElements():
		var values []cty.Value
		for _, inner := range value.AsValueSlice() {
			values = append(values, filled(inner, kind.ElementType()))
		}
		return cty.TupleVal(values)
	}
	return value
}

// proposed is what Terraform proposes to the plan: the configuration, and the prior value where it says nothing of what the provider computes.
func proposed(attributes []*tfprotov6.SchemaAttribute, prior, config cty.Value) cty.Value {
	if prior.IsNull() || config.IsNull() || !config.IsKnown() {
		return config
	}
	values := config.AsValueMap()
	for _, attribute := range attributes {
		before, now := prior.GetAttr(attribute.Name), values[attribute.Name]
		switch {
		case now.IsNull() && attribute.Computed:
			values[attribute.Name] = before
		case attribute.NestedType != nil && attribute.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			values[attribute.Name] = proposed(attribute.NestedType.Attributes, before, now)
		case attribute.NestedType != nil && attribute.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeMap && !now.IsNull() && now.IsKnown() && now.LengthInt() > 0:
			inner := map[string]cty.Value{}
			for key, element := range now.AsValueMap() {
				inner[key] = element
				if old, ok := before.AsValueMap()[key]; !before.IsNull() && ok {
					inner[key] = proposed(attribute.NestedType.Attributes, old, element)
				}
			}
			values[attribute.Name] = cty.MapVal(inner)
		}
	}
	return cty.ObjectVal(values)
}

func (s *Session) pack(value cty.Value) *tfprotov6.DynamicValue {
	s.t.Helper()
	packed, err := msgpack.Marshal(value, value.Type())
	if err != nil {
		s.t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: packed}
}

func (s *Session) unpack(value *tfprotov6.DynamicValue, kind cty.Type) cty.Value {
	s.t.Helper()
	if value == nil {
		return cty.NullVal(kind)
	}
	unpacked, err := msgpack.Unmarshal(value.MsgPack, kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return unpacked
}
