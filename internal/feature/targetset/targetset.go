// Package targetset is the `targets` attribute: what a deployment snapshot captures and a rollback puts back. A kind of
// target is one file here, one file in engine/service, and one line in kinds.
package targetset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// kind is one kind of target.
type kind struct {
	name      string
	attribute schema.SingleNestedAttribute
	// config turns the user's object, which is known, into the configuration that a manifest keeps.
	config func(ctx context.Context, object types.Object) (any, diag.Diagnostics)
	// object is config backwards, for an import.
	object func(raw json.RawMessage) (map[string]attr.Value, error)
	// service makes the service of a target in a Region.
	service func(ctx context.Context, data *configured.Data, region string, raw json.RawMessage) (service.Service, error)
}

// kinds are all kinds of targets, one a line.
var kinds = []kind{
	cloudfrontDistribution,
	ecsService,
	httpAPIStage,
	lambdaAlias,
	listenerRule,
	restAPIStage,
	route53Record,
	s3Bucket,
	ssmParameter,
}

// Attribute is the targets attribute of a resource.
func Attribute() schema.MapNestedAttribute {
	attributes := map[string]schema.Attribute{}
	for _, k := range kinds {
		attributes[k.name] = k.attribute
	}
	return schema.MapNestedAttribute{
		Required: true,
		MarkdownDescription: "What is captured: a map of your own names to exactly one kind of target each (" + strings.Join(names(), ", ") + "). " +
			"A target has to exist when it is captured.",
		NestedObject: schema.NestedAttributeObject{Attributes: attributes},
		Validators:   []validator.Map{mapvalidator.SizeAtLeast(1)},
	}
}

func names() []string {
	quoted := make([]string, 0, len(kinds))
	for _, k := range kinds {
		quoted = append(quoted, "`"+k.name+"`")
	}
	return quoted
}

// Type is the type of the targets attribute.
func Type() types.MapType {
	return types.MapType{ElemType: objectType()}
}

func objectType() types.ObjectType {
	object := types.ObjectType{AttrTypes: map[string]attr.Type{}}
	for _, k := range kinds {
		object.AttrTypes[k.name] = k.attribute.GetType()
	}
	return object
}

// Validate reports each target that is not of exactly one kind.
func Validate(targets types.Map, diags *diag.Diagnostics) {
	for name, element := range targets.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() {
			continue
		}
		var set []string
		unknown := false
		for _, k := range kinds {
			value := object.Attributes()[k.name]
			switch {
			case value == nil || value.IsNull():
			case value.IsUnknown():
				unknown = true
			default:
				set = append(set, k.name)
			}
		}
		if len(set) == 1 || len(set) == 0 && unknown {
			continue
		}
		happened := fmt.Sprintf("The target %q names no kind. (Terraform silently drops names that it does not know inside a nested attribute, so a misspelt kind looks like none.)", name)
		if len(set) > 1 {
			happened = fmt.Sprintf("The target %q is of %d kinds at once: %s.", name, len(set), strings.Join(set, ", "))
		}
		tfdiag.ErrorAt(diags, At(name), tfdiag.Message{
			Summary: "A target is of exactly one kind", Happened: happened, Next: "set one of " + strings.Join(names(), ", ") + "; give each of several its own name in the map.",
			Facts: []tfdiag.Fact{{Name: "Attribute", Value: At(name).String()}},
		})
	}
}

// At is the path of a target.
func At(name string) path.Path { return path.Root("targets").AtMapKey(name) }

// Specs returns what the targets are. Those that are not wholly known yet are left out, and whole is false.
func Specs(ctx context.Context, targets types.Map, region string, diags *diag.Diagnostics) (specs map[string]service.Spec, whole bool) {
	specs, whole = map[string]service.Spec{}, !targets.IsUnknown()
	for name, element := range targets.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			whole = false
			continue
		}
		for _, k := range kinds {
			value, ok := object.Attributes()[k.name].(types.Object)
			if !ok || value.IsNull() {
				continue
			}
			if !wholly(ctx, value) {
				whole = false
				continue
			}
			config, problems := k.config(ctx, value)
			diags.Append(problems...)
			spec, err := service.NewSpec(k.name, region, config)
			if err != nil {
				tfdiag.ErrorAt(diags, At(name), tfdiag.Message{Summary: "The target cannot be written down", Err: err})
				continue
			}
			specs[name] = spec
		}
	}
	return specs, whole
}

func wholly(ctx context.Context, value attr.Value) bool {
	raw, err := value.ToTerraformValue(ctx)
	return err == nil && raw.IsFullyKnown()
}

// Value is Specs backwards, for an import.
func Value(specs map[string]service.Spec) (types.Map, error) {
	objects := map[string]attr.Value{}
	for name, spec := range specs {
		attributes := map[string]attr.Value{}
		found := false
		for _, k := range kinds {
			typ, ok := k.attribute.GetType().(types.ObjectType)
			if !ok {
				return types.MapNull(objectType()), fmt.Errorf("the kind %s is no object", k.name)
			}
			attributes[k.name] = types.ObjectNull(typ.AttrTypes)
			if k.name != spec.Kind {
				continue
			}
			values, err := k.object(spec.Config)
			if err != nil {
				return types.MapNull(objectType()), fmt.Errorf("target %q: %w", name, err)
			}
			attributes[k.name], found = basetypes.NewObjectValueMust(typ.AttrTypes, values), true
		}
		if !found {
			return types.MapNull(objectType()), &UnknownKindError{Kind: spec.Kind}
		}
		objects[name] = basetypes.NewObjectValueMust(objectType().AttrTypes, attributes)
	}
	return basetypes.NewMapValueMust(objectType(), objects), nil
}

// UnknownKindError says that a manifest holds a kind of target that this version does not know.
type UnknownKindError struct{ Kind string }

// Error names the kind and what is known.
func (e *UnknownKindError) Error() string {
	return fmt.Sprintf("this version of the provider does not know targets of the kind %s; it knows %s", e.Kind, strings.Join(names(), ", "))
}

// Services returns what makes the service of a captured or configured target with the clients of the provider block: the
// Services of a restore.Request. The clients are made when a service is asked for.
func Services(data *configured.Data) func(ctx context.Context, spec service.Spec) (service.Service, error) {
	return func(ctx context.Context, spec service.Spec) (service.Service, error) {
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == spec.Kind })
		if i < 0 {
			return nil, &UnknownKindError{Kind: spec.Kind}
		}
		return kinds[i].service(ctx, data, spec.Region, spec.Config)
	}
}

// Names returns the names of a map of targets in order.
func Names[T any](targets map[string]T) []string { return slices.Sorted(maps.Keys(targets)) }
