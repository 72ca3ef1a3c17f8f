package drift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// remedies returns what to paste into a shell: remediation puts the world back as the configuration says,
// reconciliation makes the state agree with the world. Lines that begin with "#" tell what the configuration needs.
//
// A rule that was added to a group whose rules are not written inline is not Terraform's to remove: an apply would only
// take it into the state. It is revoked by hand, or imported as a resource of its own.
func remedies(item Item, resource Resource) (remediation, reconciliation []string) {
	targets := "-target=" + shellQuote(string(item.Address))
	if resource.previous != "" { // Terraform moves nothing of which only one end is targeted
		targets += " -target=" + shellQuote(string(resource.previous))
	}
	if item.Kind == Deleted {
		return []string{"terraform apply " + targets},
			[]string{
				"terraform state rm " + shellQuote(string(item.Address)),
				"# and take " + string(item.Address) + " out of the configuration, or the next apply creates it anew;",
				"# in a pipeline, instead of both: a removed block in place of its resource block (Terraform 1.7); configuration of this item has it",
			}
	}
	seen := map[live.Address]bool{}
	var adopted, notes []string
	apply := false
	for _, change := range item.Changes {
		if foreign(change, resource) {
			remediation = append(remediation, revoke(item, change))
			adopted = append(adopted, adoptRule(item, change, resource)...)
			continue
		}
		apply = true
		notes = append(notes, "# "+oneLine(accept(item.Address, change)))
		if change.owner != "" && !seen[change.owner] {
			seen[change.owner] = true
			targets += " -target=" + shellQuote(string(change.owner))
		}
	}
	if apply {
		remediation = append(remediation, "terraform apply "+targets)
		reconciliation = append([]string{"terraform apply -refresh-only " + targets}, notes...)
	}
	return remediation, append(reconciliation, adopted...)
}

// forOpenTofu makes the commands of all items tofu's.
func (r *Result) forOpenTofu() {
	for _, item := range r.Items {
		for _, lines := range [][]string{item.Remediation, item.Reconciliation} {
			for i, line := range lines {
				if arguments, ok := strings.CutPrefix(line, "terraform "); ok {
					lines[i] = "tofu " + arguments
				}
			}
		}
	}
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

// adoptRule takes a rule that was added by hand into the state, as a resource of its own like those that the group has.
func adoptRule(item Item, change Change, resource Resource) []string {
	rule := change.rule
	kind, id := "aws_vpc_security_group_"+change.Path+"_rule", `"  id = \"$(`+ruleID(item, change)+`)\""`
	block := node{}
	if slices.ContainsFunc(resource.Merged, func(adds live.Addition) bool {
		return strings.Contains(string(adds.Source), "aws_security_group_rule.")
	}) {
		// https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/r/security_group_rule.html.markdown#import
		parts := []string{item.ID, change.Path, rule.Protocol, strconv.Itoa(rule.From), strconv.Itoa(rule.To), rule.Peer}
		if rule.Peer == item.ID {
			parts[len(parts)-1] = "self"
		}
		kind, id = "aws_security_group_rule", shellQuote("  id = "+hclQuote(strings.Join(parts, "_")))
		block.set("type", hclQuote(change.Path))
		for _, line := range ruleBlock(change.Path, *rule, item.ID).children {
			if line.name == "security_groups" {
				line.name, line.value = "source_security_group_id", hclQuote(rule.Peer)
			}
			block.set(line.name, line.value)
		}
	} else {
		vpcRule(&block, *rule)
	}
	group := hclQuote(item.ID)
	if !strings.HasPrefix(string(item.Address), "module.") {
		group = string(item.Address) + ".id"
	}
	block.set("security_group_id", group)
	name := identifier(change.Path + "_" + item.ID + "_" + rule.Protocol + "_" + rule.Ports() + "_" + rule.Peer)
	var text strings.Builder
	block.write(&text, 1)
	words := []string{shellQuote("import {"), shellQuote("  to = " + kind + "." + name), id, shellQuote("}"), shellQuote("resource " + hclQuote(kind) + " " + hclQuote(name) + " {")}
	for line := range strings.Lines(text.String()) {
		words = append(words, shellQuote(strings.TrimSuffix(line, "\n")))
	}
	return []string{`printf '%s\n' ` + strings.Join(append(words, shellQuote("}")), " ") + " >> imports.tf", "terraform apply -target=" + shellQuote(kind+"."+name)}
}

// vpcRule writes a rule as aws_vpc_security_group_ingress_rule and _egress_rule have it.
func vpcRule(block *node, rule live.Rule) {
	if rule.Protocol == "all" {
		block.set("ip_protocol", hclQuote("-1"))
	} else {
		block.set("ip_protocol", hclQuote(rule.Protocol))
		block.set("from_port", strconv.Itoa(rule.From))
		block.set("to_port", strconv.Itoa(rule.To))
	}
	peer := map[string]string{"PrefixListIds": "prefix_list_id", "Ipv6Ranges": "cidr_ipv6", "IpRanges": "cidr_ipv4", "UserIdGroupPairs": "referenced_security_group_id"}
	block.set(peer[peerOf(rule).list], hclQuote(rule.Peer))
	if rule.Description != "" {
		block.set("description", hclQuote(rule.Description))
	}
}

// peer is what the API calls the other side of a rule: the list and its member in a permission, and the member of a rule by itself.
type peer struct{ list, name, rule string }

func peerOf(rule live.Rule) peer {
	switch {
	case strings.HasPrefix(rule.Peer, "pl-"):
		return peer{"PrefixListIds", "PrefixListId", "PrefixListId"}
	case strings.Contains(rule.Peer, ":"):
		return peer{"Ipv6Ranges", "CidrIpv6", "CidrIpv6"}
	case strings.Contains(rule.Peer, "/"):
		return peer{"IpRanges", "CidrIp", "CidrIpv4"}
	}
	return peer{"UserIdGroupPairs", "GroupId", "ReferencedGroupInfo.GroupId"}
}

// ruleID is the AWS CLI's command that prints the id of a rule, which AWS tells only where rules are asked for by themselves:
// https://docs.aws.amazon.com/cli/latest/reference/ec2/describe-security-group-rules.html.
func ruleID(item Item, change Change) string {
	rule := change.rule
	protocol, from, to := rule.Protocol, rule.From, rule.To
	if protocol == "all" {
		protocol, from, to = "-1", -1, -1
	}
	query := fmt.Sprintf("SecurityGroupRules[?IsEgress==`%t`&&IpProtocol=='%s'&&FromPort==`%d`&&ToPort==`%d`&&%s=='%s'].SecurityGroupRuleId",
		change.Path == "egress", protocol, from, to, peerOf(*rule).rule, rule.Peer)
	return "aws ec2 describe-security-group-rules --region " + shellQuote(item.Region) + " --filters " + shellQuote("Name=group-id,Values="+item.ID) +
		" --output text --query " + shellQuote(query)
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
	to := peerOf(*rule)
	permission[to.list] = []map[string]string{{to.name: rule.Peer}}
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

// shellQuote writes text as one word of a POSIX shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// oneLine keeps a comment a comment, whatever a live value holds.
func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }
