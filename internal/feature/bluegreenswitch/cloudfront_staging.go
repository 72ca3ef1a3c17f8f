package bluegreenswitch

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var cloudfrontStagingKind = kind{
	name: "cloudfront_staging",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The configuration of a CloudFront distribution, and the one of its staging distribution: CloudFront's continuous deployment. The primary distribution serves the colour that had everything " +
			"last, and `blue` at first; the other colour is what the staging distribution is configured with. A continuous-deployment policy gives it a share of up to 15 % (a larger step is an error at plan), and then its " +
			"configuration is promoted: behaviors, origins, error pages, restrictions, logging, root object and comment are copied to the primary distribution. Each of these takes about five minutes. The next " +
			"release goes into the staging distribution, and so into the colour that is idle.\n\n" +
			"Right after a promotion both distributions are configured alike. The other colour then is what the primary distribution was configured with before, which the journal in the store of the provider block keeps, " +
			"with the custom headers of its origins: protect that store as you protect the Terraform state. Switching back puts it into the primary distribution again, or first into the staging " +
			"distribution when the strategy has steps; a switch that fails after the promotion does so by itself. Without a journal that remembers (another store, an import) there is nothing to switch back to, and " +
			"the plan says so: a `reliability_deployment_snapshot` of the distribution, and its `snapshot_id` here, is the way back that does not depend on it.\n\n" +
			"Where the primary distribution has no policy, one is made and attached. A policy for requests with a header stays until the first share is given, so that checks which send the header reach the other " +
			"colour before anybody else does. Where hashicorp/aws manages the distributions, give both `lifecycle { ignore_changes = [...] }` for what is copied, the primary one for " +
			"`continuous_deployment_policy_id` too where the switch makes the policy, and the `aws_cloudfront_continuous_deployment_policy` for `enabled` and `traffic_config`.",
		Attributes: map[string]schema.Attribute{
			"distribution_id":         required("ID of the primary distribution.", distributionForm),
			"staging_distribution_id": required("ID of its staging distribution.", distributionForm),
		},
	},
	validate: validateCloudfrontStaging,
	build:    buildCloudfrontStaging,
	usage:    "cloudfront_staging,DISTRIBUTION_ID,STAGING_DISTRIBUTION_ID",
	read: func(fields []string) (types.Object, error) {
		return imported([]string{"distribution_id", "staging_distribution_id"}, fields)
	},
	blame:       blameCloudfrontStaging,
	largestStep: new(15),
	maxRecovery: slowRecovery,
}

func validateCloudfrontStaging(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
	if primary := text(value, "distribution_id"); primary != "" && primary == text(value, "staging_distribution_id") {
		tfdiag.ErrorAt(diags, at.AtName("staging_distribution_id"), tfdiag.Message{
			Summary: "Blue and green are the same", Happened: fmt.Sprintf("The distribution %q is its own staging distribution, so there is nothing to switch between.", primary),
			Next: "name the staging distribution.",
		})
	}
}

func buildCloudfrontStaging(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.CloudFront(ctx, region)
	if err != nil {
		noClient(diags, "CloudFront", err)
		return nil
	}
	return traffic.NewCloudFrontStaging(client, data.Clock, traffic.CloudFrontStagingTarget{
		Primary: text(value, "distribution_id"), Staging: text(value, "staging_distribution_id"),
	})
}

func blameCloudfrontStaging(reason traffic.UnfitReason) (attribute, remedy string) {
	switch reason {
	case traffic.UnfitSame:
		return "staging_distribution_id", "configure the staging distribution with the next release. To go back to an earlier configuration, put it into the staging distribution, or restore a snapshot of the distribution (reliability_rollback)."
	case traffic.UnfitPolicy:
		return "staging_distribution_id", "name the staging distribution that the policy is about, or give the policy this one."
	default:
		return "staging_distribution_id", "name a primary distribution without HTTP/3 (http_version) and an enabled distribution with staging = true."
	}
}
