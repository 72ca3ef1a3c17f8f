package targetset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// edgeRegion is where all Lambda@Edge functions live:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-restrictions.html
const edgeRegion = "us-east-1"

var cloudfrontDistribution = named{
	name: "cloudfront_distribution",
	description: "A CloudFront distribution: its whole configuration (origins, cache behaviors, names, certificate, error pages, ...). Functions, policies and access controls are captured by name: one that was deleted " +
		"meanwhile cannot be brought back and is named in the plan, one that was changed under its name stays as it is now. The cache is not part of it. The snapshot holds the values of custom origin headers, which `warnings` " +
		"point out; they are never shown. The rollback waits until the configuration is deployed, usually a few minutes.",
	attributes: map[string]schema.StringAttribute{"id": required("ID of the distribution, such as `E1A2B3C4D5E6F7`.")},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.CloudFront(ctx, region)
		if err != nil {
			return nil, err
		}
		edge := func(ctx context.Context) (service.EdgeFunctionAPI, error) { return data.AWS.Lambda(ctx, edgeRegion) }
		return service.NewCloudFrontDistribution(client, edge, data.Clock, names["id"]), nil
	},
}.kind()
