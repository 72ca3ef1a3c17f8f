package drift

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// remedies returns what to paste into a shell: remediation puts the world back as the configuration says,
// reconciliation makes the state agree with the world. Lines that begin with "#" tell what the configuration needs.
//
// A rule that was added to a group whose rules are not written inline is not Terraform's to remove: an apply would only
// take it into the state. It is revoked by hand.
func remedies(item Item, resource Resource) (remediation, reconciliation []string) {
	if item.Kind == Deleted {
		return []string{"terraform apply -target=" + shellQuote(string(item.Address))},
			[]string{
				"terraform state rm " + shellQuote(string(item.Address)),
				"# and take " + string(item.Address) + " out of the configuration, or the next apply creates it anew;",
				"# in a pipeline, instead of both: removed { from = " + WithoutKeys(string(item.Address)) + " lifecycle { destroy = false } } (Terraform 1.7)",
			}
	}
	targets := "-target=" + shellQuote(string(item.Address))
	seen := map[live.Address]bool{}
	apply := false
	for _, change := range item.Changes {
		if foreign(change, resource) {
			remediation = append(remediation, revoke(item, change))
		} else {
			apply = true
		}
		if change.owner != "" && !seen[change.owner] {
			seen[change.owner] = true
			targets += " -target=" + shellQuote(string(change.owner))
		}
	}
	reconciliation = []string{"terraform apply -refresh-only " + targets}
	for _, change := range item.Changes {
		reconciliation = append(reconciliation, "# "+oneLine(accept(item.Address, change)))
	}
	if apply {
		remediation = append(remediation, "terraform apply "+targets)
	}
	return remediation, reconciliation
}

// WithoutKeys is an address as a removed block takes it, and as it is written in a configuration: without instance keys, so for all
// instances.
func WithoutKeys(address string) string {
	var out strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range address {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case depth > 0 && r == '"':
			quoted = !quoted
		case !quoted && r == '[':
			depth++
		case !quoted && r == ']':
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return oneLine(out.String())
}

// foreign tells that a change is a rule that came to a group whose rules are not inline.
func foreign(change Change, resource Resource) bool {
	if change.rule == nil || change.Expected != nil || strings.HasSuffix(change.Path, ".description") {
		return false
	}
	inline, _ := resource.Value(change.Path).([]any)
	return len(inline) == 0 || slices.ContainsFunc(resource.Merged, func(adds live.Addition) bool { return adds.Path == change.Path })
}

// revoke is the AWS CLI's command that takes a rule away,
// https://docs.aws.amazon.com/cli/latest/reference/ec2/revoke-security-group-ingress.html.
func revoke(item Item, change Change) string {
	rule := change.rule
	permission := map[string]any{"IpProtocol": rule.Protocol}
	if rule.Protocol == "all" {
		permission["IpProtocol"] = "-1"
	} else {
		permission["FromPort"], permission["ToPort"] = rule.From, rule.To
	}
	list, name := "UserIdGroupPairs", "GroupId"
	switch {
	case strings.HasPrefix(rule.Peer, "pl-"):
		list, name = "PrefixListIds", "PrefixListId"
	case strings.Contains(rule.Peer, ":"):
		list, name = "Ipv6Ranges", "CidrIpv6"
	case strings.Contains(rule.Peer, "/"):
		list, name = "IpRanges", "CidrIp"
	}
	permission[list] = []map[string]string{{name: rule.Peer}}
	encoded, err := json.Marshal([]any{permission})
	if err != nil {
		return "# revoke by hand: " + rule.String()
	}
	return "aws ec2 revoke-security-group-" + change.Path + " --region " + shellQuote(item.Region) + " --group-id " + shellQuote(item.ID) +
		" --ip-permissions " + shellQuote(string(encoded))
}

// accept says what to write into the configuration to keep a change.
func accept(address live.Address, change Change) string {
	where := string(address)
	if change.owner != "" {
		where = string(change.owner)
	}
	switch {
	case change.statement != "" && change.Expected == nil:
		return "and add to the " + change.Path + " in the configuration of " + where + " the statement " + change.statement
	case change.statement != "":
		return "and remove from the " + change.Path + " in the configuration of " + where + " the statement " + change.statement
	case change.rule != nil && change.Expected == nil:
		return "and add to the configuration of " + where + ": " + change.Path + " " + oneLine(change.rule.String())
	case change.rule != nil && change.Actual == nil:
		return "and remove from the configuration of " + where + ": " + change.Path + " " + oneLine(change.rule.String())
	case change.Actual == nil:
		return "and remove from the configuration of " + where + ": " + change.Path
	case change.sensitive:
		return "and set in the configuration of " + where + ": " + change.Path + ", to its live value"
	}
	return "and set in the configuration of " + where + ": " + change.Path + " = " + hclValue(*change.Actual)
}

// hclValue writes a value as HCL: JSON lists of text, numbers and booleans as they are, other text quoted.
func hclValue(text string) string {
	if text == "true" || text == "false" || isNumber(text) || strings.HasPrefix(text, `["`) || text == "[]" {
		return text
	}
	return hclQuote(text)
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == "" && (text == "0" || text[0] != '0')
}

// hclQuote writes text as a quoted string of HCL, as Terraform writes instance keys.
func hclQuote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for i, r := range text {
		switch r {
		case '"':
			quoted.WriteString(`\"`)
		case '\\':
			quoted.WriteString(`\\`)
		case '\n':
			quoted.WriteString(`\n`)
		case '\r':
			quoted.WriteString(`\r`)
		case '\t':
			quoted.WriteString(`\t`)
		case '$', '%':
			quoted.WriteRune(r)
			if strings.HasPrefix(text[i+1:], "{") {
				quoted.WriteRune(r)
			}
		default:
			quoted.WriteRune(r)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// shellQuote writes text as one word of a POSIX shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// oneLine keeps a comment a comment, whatever a live value holds.
func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }
