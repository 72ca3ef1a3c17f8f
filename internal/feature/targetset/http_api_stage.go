package targetset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var httpAPIStage = named{
	name: "http_api_stage",
	description: "A stage of an HTTP or WebSocket API (API Gateway v2): the deployment that it serves, its variables, route settings, access log and client certificate. A stage with `auto_deploy` cannot be set to a " +
		"deployment: when it has moved on since the snapshot, the rollback turns `auto_deploy` off, so that the stage holds the captured deployment, and says so. Routes and integrations belong to the API and are not captured. " +
		"Values of variables are in the snapshot, but never shown.",
	attributes: map[string]schema.StringAttribute{
		"api_id":     required("ID of the API."),
		"stage_name": required("Name of the stage, such as `$default`."),
	},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.APIGatewayV2(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewHTTPStage(client, names["api_id"], names["stage_name"]), nil
	},
}.kind()
