package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var (
	distributionForm = stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Z0-9]+$`), "must be the ID of a distribution, such as id of an aws_cloudfront_distribution")
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
	behaviorForm = stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9_.*?$/~"'@:+&-]{1,255}$`), `must be "default" or a path pattern, such as "/api/*"`)
	origins      = colours{member: "origin_id", what: "origin"}
)

var cloudfrontOriginKind = kind{
	name: "cloudfront_origin",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Two origins of a CloudFront distribution, to one of which cache behaviors lead: origins or origin groups that the distribution has both all the time. A behavior has one origin, so " +
			"everything moves at once: a `strategy` with steps is an error at plan. The configuration is replaced on condition that nobody changed it meanwhile; when somebody changed anything but these " +
			"origins, the switch goes on with what it finds, and otherwise it stops. It then waits until CloudFront says Deployed, which generally takes about five minutes. What is cached stays cached: a " +
			"colour whose answers differ under one path needs a cache policy with a short TTL, paths of its own, or an invalidation. Behaviors that disagree show up in `live` as the share of them that leads " +
			"to each colour. Where hashicorp/aws manages the distribution, give it `lifecycle { ignore_changes = [default_cache_behavior[0].target_origin_id] }` (and the same of `ordered_cache_behavior`): " +
			"the switch owns the origins of these behaviors, and only them.",
		Attributes: map[string]schema.Attribute{
			"distribution_id": required("ID of the distribution.", distributionForm),
			"behaviors": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Cache behaviors to move: `default` for the default one, and path patterns of others, such as `/api/*`. Default `[\"default\"]`.",
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(behaviorForm)},
			},
			"blue":  origins.attribute("The blue origin.", "ID of the origin or the origin group within the distribution.", stringvalidator.LengthBetween(1, 128)),
			"green": origins.attribute("The green origin.", "ID of the origin or the origin group within the distribution.", stringvalidator.LengthBetween(1, 128)),
		},
	},
	validate: func(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
		origins.differ(value, at, diags)
	},
	build:       buildCloudfrontOrigin,
	usage:       "cloudfront_origin,DISTRIBUTION_ID,BLUE_ORIGIN_ID,GREEN_ORIGIN_ID[,BEHAVIOR...]",
	read:        readCloudfrontOrigin,
	blame:       blameCloudfrontOrigin,
	largestStep: new(0),
	maxRecovery: slowRecovery,
}

func buildCloudfrontOrigin(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.CloudFront(ctx, region)
	if err != nil {
		noClient(diags, "CloudFront", err)
		return nil
	}
	target := traffic.CloudFrontOriginTarget{
		Distribution: text(value, "distribution_id"),
		BlueOriginID: origins.name(value, traffic.Blue).ValueString(), GreenOriginID: origins.name(value, traffic.Green).ValueString(),
	}
	if behaviors, ok := value.Attributes()["behaviors"].(types.Set); ok {
		diags.Append(behaviors.ElementsAs(ctx, &target.Behaviors, false)...)
	}
	return traffic.NewCloudFrontOrigin(client, data.Clock, target)
}

func readCloudfrontOrigin(fields []string) (types.Object, error) {
	if len(fields) < 3 {
		return types.Object{}, fmt.Errorf("%d fields come after the router, and there must be at least 3", len(fields))
	}
	if slices.Contains(fields, "") {
		return types.Object{}, errors.New("a field is empty")
	}
	router, err := origins.imported([]string{"distribution_id"}, fields[:3])
	if err != nil {
		return types.Object{}, err
	}
	behaviors := types.SetNull(types.StringType)
	if len(fields) > 3 {
		var elements []attr.Value
		for _, behavior := range fields[3:] {
			elements = append(elements, types.StringValue(behavior))
		}
		behaviors = types.SetValueMust(types.StringType, elements)
	}
	kinds, values := router.AttributeTypes(context.Background()), router.Attributes()
	kinds["behaviors"], values["behaviors"] = types.SetType{ElemType: types.StringType}, behaviors
	return types.ObjectValueMust(kinds, values), nil
}

func blameCloudfrontOrigin(reason traffic.UnfitReason) (attribute, remedy string) {
	if reason == traffic.UnfitMethods {
		return "behaviors", "allow only GET, HEAD and OPTIONS in the behavior, or name an origin instead of the group: CloudFront refuses a behavior with other methods before an origin group."
	}
	return "behaviors", "let the behavior lead to one of the two colours, name the origin that it leads to as the colour that serves, or leave the behavior out."
}
