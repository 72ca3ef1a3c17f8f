// Package checkset is the `checks` attribute with the attributes of a gate around it: schema, validation, and the way from
// what the user typed to gate.Check and gate.Policy. Health gate, switch and rollback share it.
//
// A feature embeds Gate in its model, puts Attributes (resource) or DataSourceAttributes into its schema, calls
// Gate.Validate in ValidateConfig, and Gate.Build before gate.Run.
package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// kind is one kind of check, as the user types it.
type kind struct {
	name      string
	attribute schema.SingleNestedAttribute
	// validate reports what attribute validators cannot see; nil where there is nothing. object is neither null nor
	// unknown, its members may be.
	validate func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics)
	// build returns the probe; everything in object is known.
	build func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe
}

// kinds are all there are, one line each.
var kinds = []kind{
	httpKind(),
	tcpKind(),
	dnsKind(),
	lambdaKind(),
	alarmKind(),
	metricKind(),
	s3ObjectKind(),
	s3WebsiteKind(),
	cloudfrontKind(),
	apiGatewayKind(),
	rdsKind(),
	targetGroupKind(),
	ecsServiceKind(),
	iamKind(),
	corsKind(),
	tlsKind(),
	scanKind(),
	databaseKind(),
	workflowKind(),
}

// decode reads object into a model of a kind. A member that object does not have, as a data source has no write-only
// attributes, is null.
func decode[T any](ctx context.Context, object types.Object, attribute schema.SingleNestedAttribute, diags *diag.Diagnostics) T {
	var model T
	attributes := object.Attributes()
	members := map[string]attr.Type{}
	for name, member := range attribute.Attributes {
		members[name] = member.GetType()
		if _, ok := attributes[name]; ok {
			continue
		}
		null, err := members[name].ValueFromTerraform(ctx, tftypes.NewValue(members[name].TerraformType(ctx), nil))
		if err != nil {
			diags.AddError("Unexpected attribute", "The provider cannot leave out "+name+". This is a bug in the provider; please report it.")
			return model
		}
		attributes[name] = null
	}
	whole, more := types.ObjectValue(members, attributes)
	diags.Append(more...)
	if !diags.HasError() {
		diags.Append(whole.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	}
	return model
}
