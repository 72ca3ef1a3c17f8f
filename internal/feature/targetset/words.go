package targetset

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// WordCapture reports why a target cannot be captured, at its place in the configuration. Nothing was changed then.
func WordCapture(diags *diag.Diagnostics, name string, spec service.Spec, err error) {
	at := At(name).AtName(spec.Kind)
	m := tfdiag.Message{
		Summary: "The target cannot be captured", Happened: fmt.Sprintf("The target %q (%s) was not captured", name, spec.Kind), Err: err,
		Live: "nothing was changed, and no snapshot was taken.", Facts: []tfdiag.Fact{{Name: "Attribute", Value: at.String()}, {Name: "Region", Value: spec.Region}},
	}
	switch {
	case errors.Is(err, service.ErrMissing):
		m.Summary = "The target does not exist"
		m.Next = "check its name, the account and the Region. If this configuration creates it, let the snapshot depend on it (depends_on), so that it is there first."
	case errors.Is(err, service.ErrUnrestorable):
		m.Summary = "The target could not be put back"
		m.Next = advice[spec.Kind]
	}
	tfdiag.ErrorAt(diags, at, m)
}

// advice is what to do about a target of a kind that is service.ErrUnrestorable.
var advice = map[string]string{
	"cloudfront_distribution": "name a standard distribution (not one of a multi-tenant one), or take the target out of targets.",
	"ecs_service":             "name a service that ECS itself deploys (deployment_controller type ECS), or take the target out of targets.",
	"http_api_stage":          "deploy the API to the stage once, then apply again.",
	"lambda_alias":            "publish a version of the function and point the alias to that version, or set publish = true, then apply again.",
	"s3_bucket":               "enable versioning on the bucket (aws_s3_bucket_versioning) and apply that first, or take the target out of targets.",
	"listener_rule":           "name a rule with conditions of its own: the default rule is switched by reliability_blue_green_switch, not captured.",
	"route53_record":          "capture a record that no traffic policy owns, or take the target out of targets.",
}
