package drift

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// node is a block (without a value) or an attribute of HCL.
type node struct {
	name, value string
	children    []*node
}

// set writes an attribute at a path; "0" steps into the only block of its kind.
func (n *node) set(path, value string) {
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		if step != "0" {
			n = n.child(step)
		}
	}
	n.child(steps[len(steps)-1]).value = value
}

func (n *node) child(name string) *node {
	for _, child := range n.children {
		if child.name == name {
			return child
		}
	}
	n.children = append(n.children, &node{name: name})
	return n.children[len(n.children)-1]
}

func (n *node) write(out *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	for _, child := range n.children {
		if len(child.children) == 0 {
			out.WriteString(indent + child.name + " = " + strings.ReplaceAll(child.value, "\n", "\n"+indent) + "\n")
			continue
		}
		out.WriteString(indent + child.name + " {\n")
		child.write(out, depth+1)
		out.WriteString(indent + "}\n")
	}
}

// ruleBlock is an ingress or egress block.
func ruleBlock(name string, rule live.Rule, group string) *node {
	block := &node{name: name}
	protocol, peers := rule.Protocol, "security_groups"
	if protocol == "all" {
		protocol = "-1"
	}
	switch {
	case rule.Peer == group:
		peers = "self"
	case strings.HasPrefix(rule.Peer, "pl-"):
		peers = "prefix_list_ids"
	case strings.Contains(rule.Peer, ":"):
		peers = "ipv6_cidr_blocks"
	case strings.Contains(rule.Peer, "/"):
		peers = "cidr_blocks"
	}
	if rule.Description != "" {
		block.set("description", hclQuote(rule.Description))
	}
	block.set("from_port", strconv.Itoa(rule.From))
	block.set("to_port", strconv.Itoa(rule.To))
	block.set("protocol", hclQuote(protocol))
	if peers == "self" {
		block.set(peers, "true")
	} else {
		block.set(peers, "["+hclQuote(rule.Peer)+"]")
	}
	return block
}

// literal is a value as HCL; null where there is none.
func literal(attribute live.Attribute, value *string) string {
	var list []string
	switch {
	case value == nil:
		return "null"
	case attribute.Kind == live.JSON && json.Valid([]byte(*value)):
		return "jsonencode(" + untemplated(*value) + ")"
	case attribute.Kind != live.Set && attribute.Kind != live.List, json.Unmarshal([]byte(*value), &list) != nil:
		return hclValue(*value)
	}
	for i := range list {
		list[i] = hclQuote(list[i])
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// untemplated is JSON as an expression of HCL, which JSON is but for the templates in its texts.
func untemplated(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}

// hclValue writes a value as HCL: JSON lists of text, numbers and booleans as they are, other text quoted.
func hclValue(text string) string {
	if text == "true" || text == "false" || isNumber(text) || strings.HasPrefix(text, `["`) || text == "[]" {
		return untemplated(text)
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
