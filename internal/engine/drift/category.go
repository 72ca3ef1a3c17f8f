package drift

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Category is how bad a difference is.
type Category string

// The categories, worst first.
const (
	Critical Category = "critical"
	Major    Category = "major"
	Minor    Category = "minor"
)

// Categories are all of them, worst first.
var Categories = []Category{Critical, Major, Minor}

// rank is 0 for the worst.
func (c Category) rank() int {
	for i, category := range Categories {
		if c == category {
			return i
		}
	}
	return len(Categories)
}

// AtLeast tells that c is as bad as other, or worse.
func (c Category) AtLeast(other Category) bool { return c.rank() <= other.rank() }

// Override is a user's own rule; it comes before the built-in ones. Type and Attribute are globs, empty for all.
type Override struct {
	Type, Attribute string
	Category        Category
}

func (o Override) matches(kind, path string) bool {
	return matchOrAll(o.Type, kind) && matchOrAll(o.Attribute, path)
}

// classify gives a change its category and the reason for it: the first of overrides that matches, else the first
// built-in rule.
func classify(kind string, change Change, overrides []Override) (Category, string) {
	for i, override := range overrides {
		if override.matches(kind, change.Path) {
			return override.Category, fmt.Sprintf("rules[%d] says so%s", i, withWords(change))
		}
	}
	for _, table := range [][]rule{rules, anyRules} {
		for _, rule := range table {
			if rule.matches(kind, change) {
				return rule.Category, cmp.Or(inWords(change), rule.Reason)
			}
		}
	}
	return Major, "no rule knows this attribute"
}

func withWords(change Change) string {
	if words := inWords(change); words != "" {
		return "; " + words
	}
	return ""
}

// services are the ports whose opening to everybody is worth a name.
var services = []struct {
	port int
	name string
}{
	{22, "SSH"},
	{3389, "Remote Desktop"},
	{3306, "MySQL"},
	{5432, "PostgreSQL"},
	{1433, "SQL Server"},
	{1521, "Oracle"},
	{27017, "MongoDB"},
	{6379, "Redis"},
	{9200, "Elasticsearch"},
	{11211, "memcached"},
	{445, "SMB"},
	{23, "Telnet"},
	{21, "FTP"},
	{80, "HTTP"},
	{443, "HTTPS"},
}

// inWords says what a changed security group rule or policy statement means, or "".
func inWords(change Change) string {
	if change.statement != "" {
		return statementWords(change)
	}
	rule := change.rule
	if rule == nil || strings.HasSuffix(change.Path, ".description") {
		return ""
	}
	inbound := change.Path == "ingress"
	switch {
	case change.Expected == nil && inbound && rule.Anyone():
		return "open to the whole internet: anyone (" + rule.Peer + ") can now reach " + what(*rule)
	case change.Expected == nil && inbound:
		return "access was opened: " + rule.Peer + " can now reach " + what(*rule)
	case change.Expected == nil:
		return "access was opened: it can now reach " + what(*rule) + " of " + rule.Peer
	case inbound:
		return "access was cut off: " + rule.Peer + " can no longer reach " + what(*rule)
	default:
		return "access was cut off: it can no longer reach " + what(*rule) + " of " + rule.Peer
	}
}

// what names the ports of a rule: "port 22 (SSH)", "ports 20-30 (SSH among them)", "every port".
func what(rule live.Rule) string {
	if rule.Protocol == "all" {
		return "every port"
	}
	if rule.Protocol != "tcp" && rule.Protocol != "udp" {
		return "it over " + rule.Protocol
	}
	if rule.From == 0 && rule.To == 65535 {
		return "every " + strings.ToUpper(rule.Protocol) + " port"
	}
	if rule.From == rule.To {
		for _, service := range services {
			if service.port == rule.From {
				return fmt.Sprintf("port %d (%s)", rule.From, service.name)
			}
		}
		return "port " + rule.Ports() + " over " + strings.ToUpper(rule.Protocol)
	}
	for _, service := range services {
		if rule.Covers(service.port) {
			return fmt.Sprintf("ports %s (%d, %s, among them)", rule.Ports(), service.port, service.name)
		}
	}
	return "ports " + rule.Ports()
}
