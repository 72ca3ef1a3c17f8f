package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	// https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html
	stageForm = stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9_-]+$`), "must be the name of a stage: letters, digits, hyphens and underscores")
	idForm    = stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9]+$`), "must be an id, such as id of an aws_api_gateway_rest_api or an aws_api_gateway_deployment")
	// deployments are the colours of a stage.
	deployments = colours{member: "deployment_id", what: "deployment"}
)

var apiGatewayCanaryKind = kind{
	name: "api_gateway_canary",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Two deployments of a stage of a REST API (API Gateway v1): the one that the stage itself serves, and its canary. The canary gets its share up to 100 %, and once the switch has gone well it is " +
			"promoted: the stage serves its deployment with its stage variables, and the canary is left with 0 %. Moving back at any step before that only sets the canary's share to 0. With `blue` and `green` the switch " +
			"puts the deployment that is not served into the canary by itself, and can go to and fro. Without them, the deployment that the stage serves is the colour that had everything last (blue at first), and the other colour is whatever " +
			"deployment you put into the canary with 0 %; each release then takes the colour that is idle. API Gateway has no conditional update: the stage is read again right before it is changed, and the " +
			"switch stops when it is not as it was left, but a change that somebody makes within those milliseconds is overwritten. Where hashicorp/aws manages the stage, give it " +
			"`lifecycle { ignore_changes = [deployment_id, canary_settings, variables] }` (`variables` only when the canary overrides some): the switch owns them.",
		Attributes: map[string]schema.Attribute{
			"rest_api_id": required("ID of the REST API.", idForm),
			"stage_name":  required("Name of the stage. When it is made in the same configuration, refer to it (`aws_api_gateway_stage.prod.stage_name`).", stageForm),
			"blue":        optionalDeployment("The blue deployment. Give both colours, or none."),
			"green":       optionalDeployment("The green deployment. Give both colours, or none."),
		},
	},
	validate: validateAPIGatewayCanary,
	build:    buildAPIGatewayCanary,
	usage:    "api_gateway_canary,REST_API_ID,STAGE_NAME[,BLUE_DEPLOYMENT_ID,GREEN_DEPLOYMENT_ID]",
	read:     readAPIGatewayCanary,
	blame:    blameAPIGatewayCanary,
}

func optionalDeployment(description string) schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{deployments.member: required("ID of the deployment.", idForm)},
	}
}

func validateAPIGatewayCanary(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
	deployments.differ(value, at, diags)
	attributes := value.Attributes()
	blue, green := attributes["blue"], attributes["green"]
	if blue.IsUnknown() || green.IsUnknown() || blue.IsNull() == green.IsNull() {
		return
	}
	missing := "green"
	if blue.IsNull() {
		missing = "blue"
	}
	tfdiag.ErrorAt(diags, at.AtName(missing), tfdiag.Message{
		Summary: "One colour is missing", Happened: fmt.Sprintf("One deployment is named, and the %s one is not.", missing),
		Next: "name both deployments, or none: then the stage and its canary tell which they are.",
	})
}

func buildAPIGatewayCanary(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.APIGateway(ctx, region)
	if err == nil {
		region, err = data.AWS.Region(ctx, region)
	}
	account := ""
	if err == nil {
		account, err = data.AWS.AccountID(ctx)
	}
	if err != nil {
		noClient(diags, "API Gateway", err)
		return nil
	}
	target := traffic.APIGatewayCanaryTarget{Account: account, Region: region, RestAPI: text(value, "rest_api_id"), Stage: text(value, "stage_name")}
	if !value.Attributes()["blue"].IsNull() {
		target.BlueDeployment = deployments.name(value, traffic.Blue).ValueString()
		target.GreenDeployment = deployments.name(value, traffic.Green).ValueString()
	}
	return traffic.NewAPIGatewayCanary(client, target)
}

func readAPIGatewayCanary(fields []string) (types.Object, error) {
	names := []string{"rest_api_id", "stage_name"}
	if len(fields) != len(names) {
		return deployments.imported(names, fields)
	}
	if slices.Contains(fields, "") {
		return types.Object{}, errors.New("a field is empty")
	}
	colour := map[string]attr.Type{deployments.member: types.StringType}
	return types.ObjectValueMust(
		map[string]attr.Type{"rest_api_id": types.StringType, "stage_name": types.StringType, "blue": types.ObjectType{AttrTypes: colour}, "green": types.ObjectType{AttrTypes: colour}},
		map[string]attr.Value{
			"rest_api_id": types.StringValue(fields[0]), "stage_name": types.StringValue(fields[1]),
			"blue": types.ObjectNull(colour), "green": types.ObjectNull(colour),
		},
	), nil
}

func blameAPIGatewayCanary(reason traffic.UnfitReason) (attribute, remedy string) {
	if reason == traffic.UnfitForeignDeployment {
		return "blue", "name the deployment that the stage serves as the colour that serves, and the new release as the other; set the share of a canary that is neither to 0."
	}
	return "stage_name", "put the new deployment into the canary with 0 % (canary_settings { deployment_id = aws_api_gateway_deployment.next.id, percent_traffic = 0 } of the aws_api_gateway_stage), " +
		"or name both deployments in blue and green."
}
