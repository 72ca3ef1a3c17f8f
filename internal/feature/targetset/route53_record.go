package targetset

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type route53RecordConfig struct {
	ZoneID string `json:"zone_id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
}

type route53RecordModel struct {
	ZoneID types.String `tfsdk:"zone_id"`
	Name   types.String `tfsdk:"name"`
	Type   types.String `tfsdk:"type"`
}

// recordTypes: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
var recordTypes = []string{"A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"}

var route53Record = kind{
	name: "route53_record",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Every Route 53 record of one name and type, whatever its set identifier, alias records too. All of them are put back in one change batch; " +
			"one that is newer than the snapshot is deleted, because it would go on taking traffic.",
		Attributes: map[string]schema.Attribute{
			"zone_id": required("ID of the hosted zone."),
			"name":    required("Name of the record, with or without the last dot."),
			"type": schema.StringAttribute{
				Required: true, MarkdownDescription: "Type of the record, such as `A` or `CNAME`.", Validators: []validator.String{stringvalidator.OneOf(recordTypes...)},
			},
		},
	},
	config: func(ctx context.Context, object types.Object) (any, diag.Diagnostics) {
		var m route53RecordModel
		diags := object.As(ctx, &m, basetypes.ObjectAsOptions{})
		return route53RecordConfig{ZoneID: m.ZoneID.ValueString(), Name: m.Name.ValueString(), Type: m.Type.ValueString()}, diags
	},
	object: func(raw json.RawMessage) (map[string]attr.Value, error) {
		var c route53RecordConfig
		err := json.Unmarshal(raw, &c)
		return map[string]attr.Value{"zone_id": types.StringValue(c.ZoneID), "name": types.StringValue(c.Name), "type": types.StringValue(c.Type)}, err
	},
	service: func(ctx context.Context, data *configured.Data, region string, raw json.RawMessage) (service.Service, error) {
		var c route53RecordConfig
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		client, err := data.AWS.Route53(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewRoute53Record(client, data.Clock, c.ZoneID, c.Name, c.Type), nil
	},
}
