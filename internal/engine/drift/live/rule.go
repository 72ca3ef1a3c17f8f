package live

import (
	"net/netip"
	"strconv"
	"strings"
)

// Rule is one security group rule with one peer, in the one form in which rules compare: every inline block, standalone
// rule and API permission is taken apart into these. The forms are those of
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html.
type Rule struct {
	Protocol string // "tcp", "udp", "icmp", "icmpv6", a number, or "all"
	From, To int    // ports; type and code for ICMP; zero for "all"
	Peer     string // a CIDR block, a security group's id or a prefix list's id
	// Description is compared by itself.
	Description string
	// Source is the address of the standalone rule that it comes from; empty for inline and live rules.
	Source Address
}

// RuleKey is what makes two rules the same rule.
type RuleKey struct {
	Protocol string
	From, To int
	Peer     string
}

// Key returns the rule without its description.
func (r Rule) Key() RuleKey { return RuleKey{r.Protocol, r.From, r.To, r.Peer} }

// String writes the rule for people: "tcp 443 with 10.0.0.0/8".
func (r Rule) String() string {
	switch {
	case r.Protocol == allProtocols:
		return "all traffic, " + r.Peer
	case strings.HasPrefix(r.Protocol, "icmp"):
		return r.Protocol + " type " + strconv.Itoa(r.From) + " code " + strconv.Itoa(r.To) + ", " + r.Peer
	default:
		return r.Protocol + " " + r.Ports() + ", " + r.Peer
	}
}

// Ports writes the ports: "443" or "8000-8099".
func (r Rule) Ports() string {
	if r.From == r.To {
		return strconv.Itoa(r.From)
	}
	return strconv.Itoa(r.From) + "-" + strconv.Itoa(r.To)
}

// Anyone tells that the peer is the whole internet, over IPv4 or IPv6.
func (r Rule) Anyone() bool { return r.Peer == "0.0.0.0/0" || r.Peer == "::/0" }

// Covers tells that the rule lets traffic to port through.
func (r Rule) Covers(port int) bool {
	if r.Protocol == allProtocols {
		return true
	}
	return (r.Protocol == "tcp" || r.Protocol == "udp") && r.From <= port && port <= r.To
}

const allProtocols = "all"

// protocols are the names that AWS uses for the numbers that it also takes.
var protocols = map[string]string{
	"-1": allProtocols, "": allProtocols, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6",
}

// newRule brings a rule to its one form.
func newRule(protocol string, from, to int, peer, description string) Rule {
	protocol = strings.ToLower(protocol)
	if name, ok := protocols[protocol]; ok {
		protocol = name
	}
	if protocol == allProtocols {
		from, to = 0, 0
	}
	return Rule{Protocol: protocol, From: from, To: to, Peer: canonicalPeer(peer), Description: description}
}

// canonicalPeer writes a CIDR block as AWS does (host bits cleared, IPv6 compressed) and a group of another account
// without the account: its id is unique by itself.
func canonicalPeer(peer string) string {
	if prefix, err := netip.ParsePrefix(peer); err == nil {
		return prefix.Masked().String()
	}
	return peer[strings.LastIndexByte(peer, '/')+1:]
}

// inlineRules takes the ingress or egress attribute of aws_security_group apart.
func inlineRules(value any, groupID string) []Rule {
	blocks, _ := value.([]any)
	rules := make([]Rule, 0, len(blocks))
	for _, element := range blocks {
		if block, ok := element.(map[string]any); ok {
			rules = append(rules, blockRules(block, groupID)...)
		}
	}
	return rules
}

// blockRules takes one inline block, or one aws_security_group_rule, which has the same attributes, apart.
func blockRules(block map[string]any, groupID string) []Rule {
	var peers []string
	for _, name := range []string{"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"} {
		peers = append(peers, texts(block[name])...)
	}
	if source := scalar(block["source_security_group_id"]); source != "" && block["self"] != true {
		peers = append(peers, source)
	}
	if block["self"] == true {
		peers = append(peers, groupID)
	}
	rules := make([]Rule, 0, len(peers))
	for _, peer := range peers {
		rules = append(rules, newRule(scalar(block["protocol"]), number(block["from_port"]), number(block["to_port"]), peer, scalar(block["description"])))
	}
	return rules
}

func number(value any) int {
	n, err := strconv.Atoi(scalar(value))
	if err != nil {
		return 0
	}
	return n
}
