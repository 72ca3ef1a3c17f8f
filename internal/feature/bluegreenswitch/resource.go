// Package bluegreenswitch is reliability_blue_green_switch.
package bluegreenswitch

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ resource.ResourceWithConfigure      = (*switchResource)(nil)
	_ resource.ResourceWithImportState    = (*switchResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*switchResource)(nil)
	_ resource.ResourceWithValidateConfig = (*switchResource)(nil)
)

type switchResource struct{ data *configured.Data }

// NewResource returns reliability_blue_green_switch.
func NewResource() resource.Resource { return &switchResource{} }

func (r *switchResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_blue_green_switch"
}

func (r *switchResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = switchSchema(ctx)
}

func (r *switchResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

// importedKey names the route of an import that gives it no name.
const importedKey = "main"

// ImportState takes ROUTER,FIELD,... with an optional name of the route in front (NAME=ROUTER,...), and several of them
// separated by semicolons. Read fills in the rest: active is the colour that has more traffic.
func (r *switchResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	routes := map[string]attr.Value{}
	for text := range strings.SplitSeq(req.ID, ";") {
		key, value, err := importedRoute(text)
		if err == nil && routes[key] != nil {
			err = fmt.Errorf("the route %q is named twice", key)
		}
		if err != nil {
			tfdiag.Error(&resp.Diagnostics, tfdiag.Message{Summary: "Invalid import identifier", Happened: fmt.Sprintf("%q cannot be imported", text), Err: err, Next: importUsage()})
			return
		}
		routes[key] = value
	}
	value, diags := types.MapValue(routeType(), routes)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("routes"), value)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_failure"), string(traffic.OnFailureRevert))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("max_recovery_time"), defaultRecovery(routesOf(value, &resp.Diagnostics)))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), req.ID)...)
}

func importUsage() string {
	var forms []string
	for _, kind := range kinds {
		forms = append(forms, kind.usage)
	}
	return "import by " + strings.Join(forms, " or ") + `, with the name of the route in front where it is not "` + importedKey + `" (www=route53,...).`
}

func importedRoute(text string) (key string, value attr.Value, err error) {
	key = importedKey
	if name, rest, ok := strings.Cut(text, "="); ok && !strings.Contains(name, ",") {
		key, text = strings.TrimSpace(name), rest
	}
	fields := strings.Split(text, ",")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	attributes := map[string]attr.Value{}
	found := false
	for _, kind := range kinds {
		attributes[kind.name] = types.ObjectNull(kind.members())
		if kind.name != fields[0] {
			continue
		}
		object, err := kind.read(fields[1:])
		if err != nil {
			return "", nil, err
		}
		attributes[kind.name], found = object, true
	}
	if !found {
		return "", nil, fmt.Errorf("%q is not a router", fields[0])
	}
	object, diags := types.ObjectValue(routeType().AttrTypes, attributes)
	if diags.HasError() {
		return "", nil, fmt.Errorf("%s", diags[0].Detail())
	}
	return key, object, nil
}
