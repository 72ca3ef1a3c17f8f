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
)

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfrontkeyvaluestore.html
var storeForm = stringvalidator.RegexMatches(regexp.MustCompile(`^arn:[^:]+:cloudfront::\d{12}:key-value-store/[A-Za-z0-9-]+$`),
	"must be the ARN of a key value store, such as arn of an aws_cloudfront_key_value_store")

var cloudfrontKVSKind = kind{
	name: "cloudfront_kvs",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Weights in a CloudFront KeyValueStore for a CloudFront function that chooses the colour of each visitor, in any share from 0 to 100 %. The value of the key is a JSON object with whole numbers, " +
			"`{\"version\":1,\"blue\":90,\"green\":10}`; without `version` it is 1, and other members stay as they are. Make the key with `{\"blue\":100,\"green\":0}`. A function that follows the weights ships with this " +
			"provider as an example: it keeps visitors with their colour and falls back to one colour when the weights cannot be read. A new value reaches all edge locations within seconds; AWS says neither how many " +
			"nor when, so each step waits five seconds. The store has one version for all of its keys: when somebody changes another key meanwhile the switch goes on, and when they change the weights it stops. Where " +
			"hashicorp/aws manages the key, give the `aws_cloudfrontkeyvaluestore_key` `lifecycle { ignore_changes = [value] }`: the switch owns the value.",
		Attributes: map[string]schema.Attribute{
			"kvs_arn": required("ARN of the key value store.", storeForm),
			"key":     required("Key whose value holds the weights. When it is made in the same configuration, refer to it (`aws_cloudfrontkeyvaluestore_key.weights.key`).", stringvalidator.LengthBetween(1, 512)),
		},
	},
	validate: func(context.Context, types.Object, path.Path, *diag.Diagnostics) {},
	build:    buildCloudfrontKVS,
	usage:    "cloudfront_kvs,KVS_ARN,KEY",
	read: func(fields []string) (types.Object, error) {
		return imported([]string{"kvs_arn", "key"}, fields)
	},
	blame: func(traffic.UnfitReason) (attribute, remedy string) {
		return "key", `give the key a value such as {"version":1,"blue":100,"green":0}, with the share that each colour has now.`
	},
}

// imported returns a router's value, of strings only, from the fields of an import identifier.
func imported(names, fields []string) (types.Object, error) {
	if len(fields) != len(names) {
		return types.Object{}, fmt.Errorf("%d fields come after the router, and there must be %d", len(fields), len(names))
	}
	if slices.Contains(fields, "") {
		return types.Object{}, errors.New("a field is empty")
	}
	kinds, values := map[string]attr.Type{}, map[string]attr.Value{}
	for i, name := range names {
		kinds[name], values[name] = types.StringType, types.StringValue(fields[i])
	}
	return types.ObjectValueMust(kinds, values), nil
}

func buildCloudfrontKVS(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.CloudFrontKeyValueStore(ctx, region)
	if err != nil {
		noClient(diags, "CloudFront KeyValueStore", err)
		return nil
	}
	return traffic.NewCloudFrontKVS(client, traffic.CloudFrontKVSTarget{ARN: text(value, "kvs_arn"), Key: text(value, "key")})
}
