package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// route53Types are the types of records that lead clients somewhere.
var route53Types = []string{"A", "AAAA", "CNAME"}

var route53Kind = kind{
	name: "route53",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Two weighted Route 53 records of one name and type, one a colour: values or aliases, with the same TTL. Both weights change in one batch, " +
			"which Route 53 refuses when anybody changed one of the records meanwhile. The weights are whole percent afterwards. Where hashicorp/aws manages the records, " +
			"give them `lifecycle { ignore_changes = [weighted_routing_policy] }`: the switch owns the weights, and only them.",
		Attributes: map[string]schema.Attribute{
			"zone_id": required("ID of the hosted zone.", stringvalidator.LengthBetween(1, 44)),
			"name": required("Name of the records, such as `www.example.com`. Case and a trailing dot do not matter. When the records are made in the same configuration, take it "+
				"from them (`aws_route53_record.blue.fqdn`), so that the plan does not look for them before they are there.", stringvalidator.LengthBetween(1, 1024)),
			"type":  required("Type of the records: `A`, `AAAA` or `CNAME`.", stringvalidator.OneOf(route53Types...)),
			"blue":  route53Colour("blue"),
			"green": route53Colour("green"),
		},
	},
	validate: validateRoute53,
	build:    buildRoute53,
	usage:    "route53,ZONE_ID,NAME,TYPE,BLUE_SET_IDENTIFIER,GREEN_SET_IDENTIFIER",
	read:     readRoute53,
	blame:    blameRoute53,
}

func required(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: validators}
}

func route53Colour(colour string) schema.Attribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "The " + colour + " record.",
		Attributes: map[string]schema.Attribute{
			"set_identifier": required("Set identifier of the record.", stringvalidator.LengthBetween(1, 128)),
		},
	}
}

type route53Model struct {
	ZoneID types.String       `tfsdk:"zone_id"`
	Name   types.String       `tfsdk:"name"`
	Type   types.String       `tfsdk:"type"`
	Blue   route53ColourModel `tfsdk:"blue"`
	Green  route53ColourModel `tfsdk:"green"`
}

type route53ColourModel struct {
	SetIdentifier types.String `tfsdk:"set_identifier"`
}

var (
	route53ColourType = types.ObjectType{AttrTypes: map[string]attr.Type{"set_identifier": types.StringType}}
	route53Type       = types.ObjectType{AttrTypes: map[string]attr.Type{
		"zone_id": types.StringType, "name": types.StringType, "type": types.StringType, "blue": route53ColourType, "green": route53ColourType,
	}}
)

func buildRoute53(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	var model route53Model
	diags.Append(value.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	if diags.HasError() {
		return nil
	}
	client, err := data.AWS.Route53(ctx, region)
	if err != nil {
		tfdiag.Error(diags, tfdiag.Message{Summary: "AWS cannot be used", Happened: "No Route 53 client could be made", Err: err, Next: "set credentials and a Region for the provider, as for hashicorp/aws."})
		return nil
	}
	return traffic.NewRoute53(client, data.Clock, traffic.Route53Target{
		ZoneID: model.ZoneID.ValueString(), Name: model.Name.ValueString(), Type: model.Type.ValueString(),
		BlueID: model.Blue.SetIdentifier.ValueString(), GreenID: model.Green.SetIdentifier.ValueString(),
	})
}

// validateRoute53 looks at both colours, of which either may be unknown still.
func validateRoute53(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
	identifier := func(colour string) types.String {
		object, ok := value.Attributes()[colour].(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			return types.StringUnknown()
		}
		text, _ := object.Attributes()["set_identifier"].(types.String)
		return text
	}
	blue, green := identifier("blue"), identifier("green")
	if blue.IsUnknown() || green.IsUnknown() || blue.ValueString() != green.ValueString() {
		return
	}
	tfdiag.ErrorAt(diags, at.AtName("green").AtName("set_identifier"), tfdiag.Message{
		Summary: "Blue and green are the same", Happened: fmt.Sprintf("Both colours have the set identifier %q, so there is nothing to switch between.", blue.ValueString()),
		Next: "name the set identifiers of two different records.",
	})
}

func readRoute53(fields []string) (types.Object, error) {
	if len(fields) != 5 {
		return types.Object{}, fmt.Errorf("%d fields come after the router, and there must be 5", len(fields))
	}
	if slices.Contains(fields, "") {
		return types.Object{}, errors.New("a field is empty")
	}
	colour := func(id string) attr.Value {
		return types.ObjectValueMust(route53ColourType.AttrTypes, map[string]attr.Value{"set_identifier": types.StringValue(id)})
	}
	object, diags := types.ObjectValue(route53Type.AttrTypes, map[string]attr.Value{
		"zone_id": types.StringValue(strings.TrimPrefix(fields[0], "/hostedzone/")), "name": types.StringValue(fields[1]),
		"type": types.StringValue(strings.ToUpper(fields[2])), "blue": colour(fields[3]), "green": colour(fields[4]),
	})
	if diags.HasError() {
		return types.Object{}, errors.New(diags[0].Detail())
	}
	return object, nil
}

func blameRoute53(reason traffic.UnfitReason) (attribute, remedy string) {
	switch reason {
	case traffic.UnfitTTL:
		return "green", "give both records the same TTL (an alias counts as 60 seconds), best 60 seconds or less."
	case traffic.UnfitCloudFront:
		return "green", "switch the origin of one distribution instead of the name in front of two."
	case traffic.UnfitThird:
		return "name", "delete the record, or set its weight to 0: the switch moves traffic between two colours."
	default:
		return "type", "use weighted records (a weighted_routing_policy in hashicorp/aws) for both colours."
	}
}
