package emulator

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Moto keeps some fields of a distribution's configuration and drops the others (functions, policies, access controls,
// continuous deployment, ...). CloudFront keeps all of them, so the rules keep what was asked for, and lay it over moto's
// answer, which has the defaults of what was left out.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html

// node is an element of an XML document.
type node struct {
	name     string
	text     string
	children []*node
}

// configElement is what holds a configuration.
const configElement = "DistributionConfig"

// parseNode reads the first element of that name out of a document.
func parseNode(document []byte, name string) (*node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("no element %s", name)
		}
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == name {
			return readNode(decoder, name)
		}
	}
}

func readNode(decoder *xml.Decoder, name string) (*node, error) {
	read := &node{name: name}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := readNode(decoder, token.Name.Local)
			if err != nil {
				return nil, err
			}
			read.children = append(read.children, child)
		case xml.CharData:
			read.text += string(token)
		case xml.EndElement:
			if len(read.children) > 0 {
				read.text = ""
			}
			return read, nil
		}
	}
}

func (n *node) write(out *bytes.Buffer) {
	out.WriteString("<" + n.name + ">")
	_ = xml.EscapeText(out, []byte(n.text)) // a buffer takes everything
	for _, child := range n.children {
		child.write(out)
	}
	out.WriteString("</" + n.name + ">")
}

// child returns the first child of that name, or nil; a nil node has none.
func (n *node) child(path ...string) *node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name })
		if i < 0 {
			return nil
		}
		n = n.children[i]
	}
	return n
}

// value is the text of a child; "" where there is none.
func (n *node) value(path ...string) string {
	if found := n.child(path...); found != nil {
		return strings.TrimSpace(found.text)
	}
	return ""
}

// each calls do with every element below n that has that name.
func (n *node) each(name string, do func(*node)) {
	if n == nil {
		return
	}
	for _, child := range n.children {
		if child.name == name {
			do(child)
		}
		child.each(name, do)
	}
}

func (n *node) remove(names ...string) {
	n.children = slices.DeleteFunc(n.children, func(c *node) bool { return slices.Contains(names, c.name) })
}

// overlay returns n with what asked says; n keeps what asked is silent about. Lists of one length are laid over each
// other item by item.
func (n *node) overlay(asked *node) *node {
	if n == nil || len(asked.children) == 0 || (asked.name == "Items" && len(asked.children) != len(n.children)) {
		return asked
	}
	laid := &node{name: n.name}
	if n.name == "Items" {
		for i, child := range asked.children {
			laid.children = append(laid.children, n.children[i].overlay(child))
		}
		return laid
	}
	for _, child := range n.children {
		if asked.child(child.name) == nil {
			laid.children = append(laid.children, child)
		}
	}
	for _, child := range asked.children {
		laid.children = append(laid.children, n.child(child.name).overlay(child))
	}
	laid.withoutLegacyCache(asked)
	return laid
}

// withoutLegacyCache: a behaviour with a cache policy has none of the older settings:
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html
func (n *node) withoutLegacyCache(asked *node) {
	if n.value("CachePolicyId") == "" {
		return
	}
	for _, name := range []string{"ForwardedValues", "MinTTL", "MaxTTL", "DefaultTTL"} {
		if asked.child(name) == nil {
			n.remove(name)
		}
	}
}

// withConfig lays the configuration that was asked for over the one in moto's answer.
func withConfig(document []byte, asked *node) ([]byte, error) {
	if asked == nil {
		return document, nil
	}
	from := bytes.Index(document, []byte("<"+configElement))
	end := []byte("</" + configElement + ">")
	to := bytes.Index(document, end)
	if from < 0 || to < from {
		return document, nil
	}
	has, err := parseNode(document, configElement)
	if err != nil {
		return nil, fmt.Errorf("read moto's distribution: %w", err)
	}
	var out bytes.Buffer
	out.Write(document[:from])
	has.overlay(asked).write(&out)
	out.Write(document[to+len(end):])
	return out.Bytes(), nil
}
