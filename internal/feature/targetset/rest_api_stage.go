package targetset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var restAPIStage = named{
	name: "rest_api_stage",
	description: "A stage of a REST API (API Gateway): the deployment that it serves, its variables, canary, method settings, access log, cache cluster, tracing and client certificate. Deployments can be deleted by " +
		"later applies, so an OpenAPI export of what the stage serves is kept with the snapshot; when the captured deployment is gone, the plan says so and where the export is, to be imported by hand. " +
		"Values of variables are in the snapshot, but never shown. Tags, web ACL and usage plans are not part of it.",
	attributes: map[string]schema.StringAttribute{
		"rest_api_id": required("ID of the REST API."),
		"stage_name":  required("Name of the stage."),
	},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.APIGateway(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewRESTStage(client, names["rest_api_id"], names["stage_name"]), nil
	},
}.kind()
