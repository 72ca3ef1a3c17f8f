package checkset

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// typed returns the attribute with its type worked out. The framework asks for it at every step of every path of a
// value and would make it anew each time: a third of what a gate of hundreds of checks costs.
func typed(attribute schema.Attribute) schema.Attribute {
	switch a := attribute.(type) {
	case schema.SingleNestedAttribute:
		a.Attributes = allTyped(a.Attributes)
		a.CustomType = objectOf(a.Attributes)
		return a
	case schema.ListNestedAttribute:
		a.NestedObject.Attributes = allTyped(a.NestedObject.Attributes)
		a.NestedObject.CustomType = objectOf(a.NestedObject.Attributes)
		a.CustomType = types.ListType{ElemType: a.NestedObject.CustomType}
		return a
	case schema.MapNestedAttribute:
		a.NestedObject.Attributes = allTyped(a.NestedObject.Attributes)
		a.NestedObject.CustomType = objectOf(a.NestedObject.Attributes)
		a.CustomType = types.MapType{ElemType: a.NestedObject.CustomType}
		return a
	default:
		return attribute
	}
}

func allTyped(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	all := make(map[string]schema.Attribute, len(attributes))
	for name, attribute := range attributes {
		all[name] = typed(attribute)
	}
	return all
}

func objectOf[A interface{ GetType() attr.Type }](attributes map[string]A) types.ObjectType {
	members := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		members[name] = attribute.GetType()
	}
	return types.ObjectType{AttrTypes: members}
}
