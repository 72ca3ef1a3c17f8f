package bluegreenswitch

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// The forms of https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html.
var (
	functionForm = stringvalidator.RegexMatches(regexp.MustCompile(`^(arn:[^:]+:lambda:[^:]+:\d{12}:function:|\d{12}:function:|function:)?[A-Za-z0-9-_]+$`),
		"must be the name or the ARN of a function, without a version or an alias")
	aliasForm   = stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9-_]*[A-Za-z-_][A-Za-z0-9-_]*$`), "must be the name of an alias, which is not a number")
	versionForm = stringvalidator.RegexMatches(regexp.MustCompile(`^[1-9][0-9]*$`),
		"must be the number of a published version, such as \"7\" (version of an aws_lambda_function with publish = true): $LATEST cannot share an alias")
	accountForm = regexp.MustCompile(`\b\d{12}\b`)
	versions    = colours{member: "version", what: "version"}
)

var lambdaAliasKind = kind{
	name: "lambda_alias",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Two published versions of a Lambda function behind one alias, with the same execution role and the same dead-letter queue (or none), as AWS demands of versions that share an alias. " +
			"Each step is one call, which Lambda refuses when anybody changed the alias meanwhile. With all traffic on one colour the alias points to that version alone. A new release goes into the colour " +
			"that is idle. An alias that points to any other version, as a deployment of CodeDeploy does that was stopped half-way, is refused at plan. Where hashicorp/aws manages the alias, give it " +
			"`lifecycle { ignore_changes = [function_version, routing_config] }`: the switch owns both, and only them.",
		Attributes: map[string]schema.Attribute{
			"function_name": required("Name or ARN of the function, without a version or an alias. When it is made in the same configuration, take the versions from it (`aws_lambda_function.shop.version`).", functionForm),
			"name":          required("Name of the alias.", stringvalidator.LengthBetween(1, 128), aliasForm),
			"blue":          versions.attribute("The blue version.", "Number of the published version.", versionForm),
			"green":         versions.attribute("The green version.", "Number of the published version.", versionForm),
		},
	},
	validate: func(_ context.Context, value types.Object, at path.Path, diags *diag.Diagnostics) {
		versions.differ(value, at, diags)
	},
	build: buildLambdaAlias,
	usage: "lambda_alias,FUNCTION_NAME,NAME,BLUE_VERSION,GREEN_VERSION",
	read: func(fields []string) (types.Object, error) {
		return versions.imported([]string{"function_name", "name"}, fields)
	},
	blame: blameLambdaAlias,
}

func buildLambdaAlias(ctx context.Context, data *configured.Data, region string, value types.Object, diags *diag.Diagnostics) traffic.Router {
	client, err := data.AWS.Lambda(ctx, region)
	if err == nil {
		region, err = data.AWS.Region(ctx, region)
	}
	account := accountIn(text(value, "function_name"))
	if err == nil && account == "" {
		account, err = data.AWS.AccountID(ctx)
	}
	if err != nil {
		noClient(diags, "Lambda", err)
		return nil
	}
	return traffic.NewLambdaAlias(client, traffic.LambdaAliasTarget{
		Account: account, Region: region, Function: text(value, "function_name"), Alias: text(value, "name"),
		BlueVersion: versions.name(value, traffic.Blue).ValueString(), GreenVersion: versions.name(value, traffic.Green).ValueString(),
	})
}

// accountIn is the account in an ARN or a partial ARN of a function; empty for a name.
func accountIn(function string) string {
	return accountForm.FindString(function)
}

func blameLambdaAlias(reason traffic.UnfitReason) (attribute, remedy string) {
	if reason == traffic.UnfitForeignVersion {
		return "name", "when a deployment of CodeDeploy is under way, let it end; when it was stopped half-way, put the alias back to one of the two versions " +
			"(aws lambda update-alias --function-name NAME --name ALIAS --function-version VERSION --routing-config AdditionalVersionWeights={}). " +
			"When that other version is the one that serves, name it as the colour that serves, and the new release as the other."
	}
	return "green", "publish both versions with the same execution role and the same dead-letter queue: AWS lets no others share an alias."
}
