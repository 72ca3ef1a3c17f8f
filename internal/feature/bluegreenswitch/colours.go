package bluegreenswitch

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// colours are the attributes "blue" and "green" of a router, each an object with one attribute that names the colour.
type colours struct {
	member string // the name of that attribute
	what   string // what it names, for people: "set identifier"
}

// attribute returns the attribute of one colour. it says what the colour is, and member what its name is.
func (c colours) attribute(it, member string, validators ...validator.String) schema.Attribute {
	return schema.SingleNestedAttribute{
		Required: true, MarkdownDescription: it,
		Attributes: map[string]schema.Attribute{c.member: required(member, validators...)},
	}
}

// name is what names colour in a router's value; unknown when it is not known yet.
func (c colours) name(router types.Object, colour traffic.Colour) types.String {
	object, ok := router.Attributes()[string(colour)].(types.Object)
	if !ok || object.IsNull() || object.IsUnknown() {
		return types.StringUnknown()
	}
	text, _ := object.Attributes()[c.member].(types.String)
	return text
}

// differ reports colours that are the same. Either may be unknown still.
func (c colours) differ(router types.Object, at path.Path, diags *diag.Diagnostics) {
	blue, green := c.name(router, traffic.Blue), c.name(router, traffic.Green)
	if blue.IsUnknown() || green.IsUnknown() || blue.ValueString() != green.ValueString() {
		return
	}
	tfdiag.ErrorAt(diags, at.AtName("green").AtName(c.member), tfdiag.Message{
		Summary: "Blue and green are the same", Happened: fmt.Sprintf("Both colours have the %s %q, so there is nothing to switch between.", c.what, blue.ValueString()),
		Next: fmt.Sprintf("name two different %ss.", c.what),
	})
}

// imported returns a router's value from the fields of an import identifier: those of names, then blue and green.
func (c colours) imported(names, fields []string) (types.Object, error) {
	if len(fields) != len(names)+2 {
		return types.Object{}, fmt.Errorf("%d fields come after the router, and there must be %d", len(fields), len(names)+2)
	}
	if slices.Contains(fields, "") {
		return types.Object{}, errors.New("a field is empty")
	}
	colourType := types.ObjectType{AttrTypes: map[string]attr.Type{c.member: types.StringType}}
	kinds := map[string]attr.Type{"blue": colourType, "green": colourType}
	values := map[string]attr.Value{}
	for i, name := range names {
		kinds[name], values[name] = types.StringType, types.StringValue(fields[i])
	}
	for i, colour := range []string{"blue", "green"} {
		values[colour] = types.ObjectValueMust(colourType.AttrTypes, map[string]attr.Value{c.member: types.StringValue(fields[len(names)+i])})
	}
	object, diags := types.ObjectValue(kinds, values)
	if diags.HasError() {
		return types.Object{}, errors.New(diags[0].Detail())
	}
	return object, nil
}

// text is a string attribute of a router's value.
func text(router types.Object, name string) string {
	value, _ := router.Attributes()[name].(types.String)
	return value.ValueString()
}

// noClient words that no client of an AWS service could be made.
func noClient(diags *diag.Diagnostics, service string, err error) {
	tfdiag.Error(diags, tfdiag.Message{
		Summary: "AWS cannot be used", Happened: "No " + service + " client could be made", Err: err,
		Next: "set credentials and a Region for the provider, as for hashicorp/aws.",
	})
}
