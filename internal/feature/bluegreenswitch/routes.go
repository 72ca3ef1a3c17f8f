package bluegreenswitch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// kind is one kind of router as a user types it: one file each, and one line in kinds.
type kind struct {
	name      string
	attribute schema.SingleNestedAttribute
	// validate reports what is wrong with a configuration whatever AWS says.
	validate func(ctx context.Context, value types.Object, at path.Path, diags *diag.Diagnostics)
	// build returns the router of a fully known value.
	build func(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router
	// usage is the form of an import identifier, and read takes the fields after the router's name.
	usage string
	read  func(fields []string) (types.Object, error)
	// blame returns the attribute, below the router's, that a reason is about, and what to do.
	blame func(reason traffic.UnfitReason) (attribute, remedy string)
	// largestStep is what traffic.Limited says of its routers; nil when any step can be done.
	largestStep *int
	// maxRecovery is the default of max_recovery_time with such a route, when it is longer than that of others.
	maxRecovery string
}

// members are the types of the kind's own attributes.
func (k kind) members() map[string]attr.Type {
	members := map[string]attr.Type{}
	for name, attribute := range k.attribute.Attributes {
		members[name] = attribute.GetType()
	}
	return members
}

// kinds are the routers on offer.
var kinds = []kind{
	route53Kind,
	lambdaAliasKind,
	apiGatewayCanaryKind,
	listenerKind,
	cloudfrontOriginKind,
	cloudfrontKVSKind,
	cloudfrontStagingKind,
}

func kindNames() string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.name)
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// routeAttributes are the attributes of one route: one a kind.
func routeAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, kind := range kinds {
		attributes[kind.name] = kind.attribute
	}
	return attributes
}

// routeType is the type of one route.
func routeType() types.ObjectType {
	attributes := map[string]attr.Type{}
	for _, kind := range kinds {
		attributes[kind.name] = kind.attribute.GetType()
	}
	return types.ObjectType{AttrTypes: attributes}
}

// route is one route of a configuration, taken apart.
type route struct {
	key   string
	kind  kind
	value types.Object
	at    path.Path // of the kind's attribute
}

// routesOf takes the map of routes apart, in the order of their names, and reports routes without exactly one kind.
// Routes of which not enough is known yet are left out.
func routesOf(routes types.Map, diags *diag.Diagnostics) (found []route) {
	elements := routes.Elements()
	for _, key := range slices.Sorted(maps.Keys(elements)) {
		object, ok := elements[key].(types.Object)
		if !ok || object.IsUnknown() {
			continue
		}
		at := path.Root("routes").AtMapKey(key)
		var chosen []route
		pending := false
		for _, kind := range kinds {
			value, ok := object.Attributes()[kind.name].(types.Object)
			switch {
			case !ok || value.IsNull():
			case value.IsUnknown():
				pending = true
			default:
				chosen = append(chosen, route{key: key, kind: kind, value: value, at: at.AtName(kind.name)})
			}
		}
		switch {
		case len(chosen) == 0 && !pending:
			tfdiag.ErrorAt(diags, at, tfdiag.Message{
				Summary: "Invalid route", Happened: fmt.Sprintf("The route %q names no router; a route is exactly one.", key),
				Next: "give the route one of " + strings.ReplaceAll(kindNames(), "`", "") + ". Check the spelling too: Terraform silently drops names that it does not know inside a nested attribute, so a misspelt router looks like none.",
			})
		case len(chosen) > 1:
			tfdiag.ErrorAt(diags, at, tfdiag.Message{
				Summary: "Invalid route", Happened: fmt.Sprintf("The route %q names %d routers; a route is exactly one.", key, len(chosen)),
				Next: "give the route one of " + strings.ReplaceAll(kindNames(), "`", "") + ", and another route a name of its own.",
			})
		case len(chosen) == 1 && !pending:
			found = append(found, chosen[0])
		}
	}
	return found
}

// known tells whether everything in the route is known.
func (r route) known(ctx context.Context) bool {
	value, err := r.value.ToTerraformValue(ctx)
	return err == nil && value.IsFullyKnown()
}

// routersOf builds the routers of all routes that are fully known, with where each stands in the configuration. Two
// routes over one target are an error: they would fight.
func routersOf(ctx context.Context, data *configured.Data, region string, routes types.Map, diags *diag.Diagnostics) (found []traffic.Route, where map[string]route) {
	list := routesOf(routes, diags)
	where = map[string]route{}
	taken := map[string]string{}
	for _, route := range list {
		if !route.known(ctx) {
			continue
		}
		router := route.kind.build(ctx, data, region, route.value, diags)
		if router == nil {
			continue
		}
		if other, ok := taken[router.Target()]; ok {
			tfdiag.ErrorAt(diags, route.at, tfdiag.Message{
				Summary: "Two routes over one target", Happened: fmt.Sprintf("The routes %q and %q both move %s.", other, route.key, router.Name()),
				Next: "remove one of them.",
			})
			continue
		}
		taken[router.Target()] = route.key
		where[route.key] = route
		found = append(found, traffic.Route{Key: route.key, Router: router})
	}
	return found, where
}

// idOf names the switch by the targets of its routes.
func idOf(routes []traffic.Route) string {
	var targets []string
	for _, route := range routes {
		targets = append(targets, route.Router.Target())
	}
	slices.Sort(targets)
	return strings.Join(targets, ";")
}
