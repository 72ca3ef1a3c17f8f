package targetset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var ecsService = named{
	name: "ecs_service",
	description: "An ECS service: its task definition, and how many tasks it wants at least; more tasks than at the capture are left, because they may carry more load. A task definition that was " +
		"deregistered meanwhile is registered again. The rollback waits until the rollout is complete. A service that CodeDeploy or an external controller deploys is refused.",
	attributes: map[string]schema.StringAttribute{
		"cluster": required("Name or ARN of the cluster."),
		"service": required("Name or ARN of the service."),
	},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.ECS(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewECSService(client, data.Clock, names["cluster"], names["service"]), nil
	},
}.kind()
