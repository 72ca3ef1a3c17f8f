package checkset

import (
	"fmt"

	action "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ActionAttributes are Attributes for an action. Terraform has no sensitive attributes in an action, and refuses
// write-only ones that are not at its root: what is sensitive in a resource says here that its value must be marked.
func ActionAttributes() map[string]action.Attribute { return forAction(Attributes()) }

func forAction(attributes map[string]schema.Attribute) map[string]action.Attribute {
	converted := make(map[string]action.Attribute, len(attributes))
	for name, attribute := range attributes {
		if !attribute.IsWriteOnly() && name != writeOnlyVersion {
			converted[name] = toAction(attribute)
		}
	}
	return converted
}

// marked is added to what is sensitive elsewhere.
const marked = " Terraform shows an action's configuration in its plan: give a value that is marked sensitive, such as a variable with `sensitive = true`."

func toAction(attribute schema.Attribute) action.Attribute {
	hint := ""
	if attribute.IsSensitive() {
		hint = marked
	}
	switch a := attribute.(type) {
	case schema.StringAttribute:
		return action.StringAttribute{Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription + hint, Validators: a.Validators}
	case schema.BoolAttribute:
		return action.BoolAttribute{Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.Int64Attribute:
		return action.Int64Attribute{Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.Float64Attribute:
		return action.Float64Attribute{Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.ListAttribute:
		return action.ListAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.SetAttribute:
		return action.SetAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.MapAttribute:
		return action.MapAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription + hint, Validators: a.Validators}
	case schema.SingleNestedAttribute:
		attributes := forAction(a.Attributes)
		return action.SingleNestedAttribute{Attributes: attributes, CustomType: objectOf(attributes), Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.ListNestedAttribute:
		attributes := forAction(a.NestedObject.Attributes)
		object := objectOf(attributes)
		return action.ListNestedAttribute{
			CustomType:   types.ListType{ElemType: object},
			NestedObject: action.NestedAttributeObject{Attributes: attributes, CustomType: object, Validators: a.NestedObject.Validators},
			Required:     a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case schema.MapNestedAttribute:
		attributes := forAction(a.NestedObject.Attributes)
		object := objectOf(attributes)
		return action.MapNestedAttribute{
			CustomType:   types.MapType{ElemType: object},
			NestedObject: action.NestedAttributeObject{Attributes: attributes, CustomType: object, Validators: a.NestedObject.Validators},
			Required:     a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	default:
		panic(fmt.Sprintf("checkset: an action cannot have a %T yet", attribute)) // a schema is fixed: any test finds it
	}
}
