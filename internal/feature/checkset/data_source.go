package checkset

import (
	"fmt"

	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// forDataSource turns attributes of a resource into those of a data source, so that each is written once. What is
// write-only, and its version, is left out.
func forDataSource(attributes map[string]schema.Attribute) map[string]datasource.Attribute {
	converted := make(map[string]datasource.Attribute, len(attributes))
	for name, attribute := range attributes {
		if !attribute.IsWriteOnly() && name != writeOnlyVersion {
			converted[name] = toDataSource(attribute)
		}
	}
	return converted
}

func toDataSource(attribute schema.Attribute) datasource.Attribute {
	switch a := attribute.(type) {
	case schema.StringAttribute:
		return datasource.StringAttribute{Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.BoolAttribute:
		return datasource.BoolAttribute{Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.Int64Attribute:
		return datasource.Int64Attribute{Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.Float64Attribute:
		return datasource.Float64Attribute{Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.ListAttribute:
		return datasource.ListAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.SetAttribute:
		return datasource.SetAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.MapAttribute:
		return datasource.MapAttribute{ElementType: a.ElementType, Required: a.Required, Optional: a.Optional, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.SingleNestedAttribute:
		attributes := forDataSource(a.Attributes)
		return datasource.SingleNestedAttribute{Attributes: attributes, CustomType: objectOf(attributes), Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case schema.ListNestedAttribute:
		attributes := forDataSource(a.NestedObject.Attributes)
		object := objectOf(attributes)
		return datasource.ListNestedAttribute{
			CustomType:   types.ListType{ElemType: object},
			NestedObject: datasource.NestedAttributeObject{Attributes: attributes, CustomType: object, Validators: a.NestedObject.Validators},
			Required:     a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case schema.MapNestedAttribute:
		attributes := forDataSource(a.NestedObject.Attributes)
		object := objectOf(attributes)
		return datasource.MapNestedAttribute{
			CustomType:   types.MapType{ElemType: object},
			NestedObject: datasource.NestedAttributeObject{Attributes: attributes, CustomType: object},
			Required:     a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	default:
		panic(fmt.Sprintf("checkset: a data source cannot have a %T yet", attribute)) // a schema is fixed: any test finds it
	}
}
