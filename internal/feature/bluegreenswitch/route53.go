package bluegreenswitch

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
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
			"blue":  records.attribute("The blue record.", "Set identifier of the record.", stringvalidator.LengthBetween(1, 128)),
			"green": records.attribute("The green record.", "Set identifier of the record.", stringvalidator.LengthBetween(1, 128)),
		},
	},
	validate: func(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
		records.differ(value, at, diags)
	},
	build: buildRoute53,
	usage: "route53,ZONE_ID,NAME,TYPE,BLUE_SET_IDENTIFIER,GREEN_SET_IDENTIFIER",
	read:  readRoute53,
	blame: blameRoute53,
}

func required(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: validators}
}

// records are told apart by their set identifiers.
var records = colours{member: "set_identifier", what: "set identifier"}

func buildRoute53(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.Route53(ctx, region)
	if err != nil {
		noClient(diags, "Route 53", err)
		return nil
	}
	return traffic.NewRoute53(client, data.Clock, traffic.Route53Target{
		ZoneID: text(value, "zone_id"), Name: text(value, "name"), Type: text(value, "type"),
		BlueID: records.name(value, traffic.Blue).ValueString(), GreenID: records.name(value, traffic.Green).ValueString(),
	})
}

func readRoute53(fields []string) (types.Object, error) {
	if len(fields) > 2 {
		fields = append([]string{strings.TrimPrefix(fields[0], "/hostedzone/"), fields[1], strings.ToUpper(fields[2])}, fields[3:]...)
	}
	return records.imported([]string{"zone_id", "name", "type"}, fields)
}

func blameRoute53(reason traffic.UnfitReason) (attribute, remedy string) {
	switch reason {
	case traffic.UnfitTTL:
		return "green", "give both records the same TTL (an alias counts as 60 seconds), best 60 seconds or less."
	case traffic.UnfitCloudFront:
		return "green", "switch the origin of one distribution instead of the name in front of two."
	case traffic.UnfitThird:
		return "name", "delete the record, or set its weight to 0: the switch moves traffic between two colours."
	case traffic.DoubtHealth:
		return "green", "give both records a health check (evaluate_target_health for both aliases), or neither."
	case traffic.DoubtSame:
		return "green", "let the two records lead to the two colours."
	default:
		return "type", "use weighted records (a weighted_routing_policy in hashicorp/aws) for both colours."
	}
}
