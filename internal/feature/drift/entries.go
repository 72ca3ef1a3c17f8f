package drift

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// What an entry of ignore, rules and accounts needs is checked here and not by the schema: the framework asks for what a nested
// object requires even where the whole object is not known yet, as when it comes out of another resource. So each of them is
// judged as far as it is known at validate, and once more, when all of it is, at read.

// eachKnown calls judge for every element of list that is known as an object.
func eachKnown[M any](ctx context.Context, list types.List, at path.Path, diags *diag.Diagnostics, judge func(M, path.Path, *diag.Diagnostics)) {
	for i, element := range list.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			continue
		}
		var entry M
		diags.Append(object.As(ctx, &entry, asOptions)...)
		judge(entry, at.AtListIndex(i), diags)
	}
}

func validateIgnore(ignore ignoreModel, at path.Path, diags *diag.Diagnostics) {
	if ignore.Address.IsNull() && ignore.Type.IsNull() && ignore.Attribute.IsNull() {
		errorAt(diags, at, tfdiag.Message{
			Summary:  "Ignore entry covers everything",
			Happened: "an entry of ignore without address, type and attribute would hide all drift.",
			Next:     "set at least one of them.",
		})
	}
	if ignore.Reason.IsNull() {
		errorAt(diags, at.AtName("reason"), tfdiag.Message{
			Summary: "Ignore entry has no reason", Happened: "an entry of ignore hides drift, and does not say why.", Next: "set reason, for whoever reads this next.",
		})
	}
	if ignore.Expires.IsNull() || ignore.Expires.IsUnknown() {
		return
	}
	if _, err := parseExpiry(ignore.Expires.ValueString()); err != nil {
		errorAt(diags, at.AtName("expires"), tfdiag.Message{
			Summary:  "Expiry is not a date",
			Happened: fmt.Sprintf("%q is neither a date nor an RFC 3339 time.", ignore.Expires.ValueString()),
			Next:     "write a date such as 2030-12-31, or a time such as 2030-12-31T18:00:00Z.",
		})
	}
}

func validateRule(rule ruleModel, at path.Path, diags *diag.Diagnostics) {
	if rule.Category.IsNull() {
		errorAt(diags, at.AtName("category"), tfdiag.Message{
			Summary: "Rule has no category", Happened: "an entry of rules says what it is about, and not how bad that is.", Next: `set category to "critical", "major" or "minor".`,
		})
	}
}

func validateAccount(account accountModel, at path.Path, diags *diag.Diagnostics) {
	for name, value := range map[string]types.String{"account_id": account.AccountID, "role_arn": account.RoleARN} {
		if value.IsNull() {
			errorAt(diags, at.AtName(name), tfdiag.Message{
				Summary: "Account is not complete", Happened: "an entry of accounts needs the account_id whose resources it reads and the role_arn that reads them.", Next: "set " + name + ".",
			})
		}
	}
}
