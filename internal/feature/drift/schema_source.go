package drift

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

func sourceAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional: true, Validators: []validator.String{stringvalidator.OneOf("live", "refresh", "config")},
		MarkdownDescription: "Where the truth comes from: `live` (the default) reads AWS in batches; `refresh` runs `terraform plan -refresh-only` in `state.working_dir` and takes what it finds, for every provider " +
			"and every type, at its speed. The child has a data directory of its own, takes no lock and changes nothing; in it, this data source answers empty. " +
			"`config` asks AWS Config what it has recorded: with `aggregator`, many accounts and Regions in one query. It knows " + recordedTypes() + "; other types are counted in `skipped`. What it does not tell of a resource, " +
			"such as the trust policy of a role, leaves that resource unverified, unless `ignore` covers those attributes. Each item tells in `recorded_at` how old its values are.",
	}
}

func aggregatorAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Configuration aggregator for `source = \"config\"`. Without it, AWS Config is asked in each account and Region by itself, through `accounts` where they are not the provider's own.",
		Attributes: map[string]schema.Attribute{
			"name":   schema.StringAttribute{Required: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Name of the aggregator."},
			"region": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "AWS Region that it is in (default: the provider's)."},
		},
	}
}

// recordedTypes names every type that AWS Config is asked for, for people.
func recordedTypes() string {
	names := ownTypes(engine.Specs(live.Recorded(nil, live.Aggregator{})))
	for i := range names {
		names[i] = "`" + names[i] + "`"
	}
	return strings.Join(names, ", ")
}
