package drift

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// ownerState is a state of a table and a group, whose own attributes repeat what their pieces were when they were last read.
func ownerState(t *testing.T, pieces string) []Resource {
	t.Helper()
	text := `{"version":4,"resources":[
	{"mode":"managed","type":"aws_route_table","name":"t","instances":[{"attributes":{"id":"rtb-1","propagating_vgws":[],"tags":{},"tags_all":{},"route":[
	  {"cidr_block":"10.1.0.0/16","gateway_id":"igw-1"},{"cidr_block":"10.2.0.0/16","gateway_id":"igw-1"}]}}]},
	{"mode":"managed","type":"aws_security_group","name":"g","instances":[{"attributes":{"id":"sg-1","egress":[],"tags":{},"tags_all":{},"ingress":[
	  {"protocol":"tcp","from_port":80,"to_port":80,"cidr_blocks":["10.0.0.0/8"],"description":""}]}}]}` + pieces + `]}`
	state, err := ReadState(strings.NewReader(text), Specs(live.Readers(nil)))
	if err != nil {
		t.Fatal(err)
	}
	plan := arrange(Options{State: state}, Specs(live.Readers(nil)), "us-east-1")
	return plan.resources
}

func foundOf(t *testing.T, resource Resource, routes []map[string]any, rules []live.Rule) []string {
	t.Helper()
	spec := Specs(live.Readers(nil))[resource.Type]
	fetched := live.Attributes{}
	for _, attribute := range spec.Attributes {
		switch attribute.Path {
		case "route":
			fetched[attribute.Path] = attribute.Normalise(routes)
		case "ingress":
			fetched[attribute.Path] = rules
		}
	}
	var found []string
	for _, change := range Compare(resource, spec.Attributes, fetched) {
		found = append(found, fmt.Sprintf("%s %v %v", change.Path, change.Expected != nil, change.Actual != nil))
	}
	return found
}

const (
	routePiece = `,{"mode":"managed","type":"aws_route","name":"r","instances":[{"attributes":{"id":"r-1","route_table_id":"rtb-1","destination_cidr_block":"10.1.0.0/16","gateway_id":"igw-1"}}]}`
	rulePiece  = `,{"mode":"managed","type":"aws_security_group_rule","name":"s","instances":[{"attributes":{"id":"s-1","security_group_id":"sg-1","type":"ingress","protocol":"tcp","from_port":81,"to_port":81,"cidr_blocks":["10.0.0.0/8"]}}]}`
)

// A piece was destroyed or changed since its owner was last read: the owner's own attribute still has it, and nothing has drifted.
func TestAnOldOwnerIsNoDrift(t *testing.T) {
	t.Parallel()
	resources := ownerState(t, routePiece+rulePiece)
	// The route to 10.2.0.0/16 was another aws_route, which is destroyed; port 80 was what the rule was before.
	if found := foundOf(t, resources[0], []map[string]any{{"cidr_block": "10.1.0.0/16", "gateway_id": "igw-1"}}, nil); len(found) != 0 {
		t.Errorf("route table: %q", found)
	}
	if found := foundOf(t, resources[1], nil, []live.Rule{{Protocol: "tcp", From: 81, To: 81, Peer: "10.0.0.0/8"}}); len(found) != 0 {
		t.Errorf("group: %q", found)
	}
	// What a piece says is still missed, and what nobody says is still found.
	if found := foundOf(t, resources[0], []map[string]any{{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}}, nil); !slices.Equal(found, []string{"route.0.0.0.0/0.gateway_id false true", "route.10.1.0.0/16.gateway_id true false"}) {
		t.Errorf("route table: %q", found)
	}
	if found := foundOf(t, resources[1], nil, []live.Rule{{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0"}}); !slices.Equal(found, []string{"ingress true false", "ingress false true"}) {
		t.Errorf("group: %q", found)
	}
}

// Without pieces the owner's own attribute is what the configuration says.
func TestAnOwnerWithoutPiecesMissesItsRules(t *testing.T) {
	t.Parallel()
	resources := ownerState(t, "")
	if found := foundOf(t, resources[0], nil, nil); len(found) != 2 {
		t.Errorf("route table: %q", found)
	}
	if found := foundOf(t, resources[1], nil, nil); len(found) != 1 {
		t.Errorf("group: %q", found)
	}
}

// The order in which a state lists pieces and owners means nothing.
func TestPiecesBeforeTheirOwner(t *testing.T) {
	t.Parallel()
	text := `{"version":4,"resources":[` + strings.TrimPrefix(routePiece, ",") + `,{"mode":"managed","type":"aws_route_table","name":"t","instances":[{"attributes":{"id":"rtb-1","route":[]}}]}]}`
	state, err := ReadState(bytes.NewReader([]byte(text)), Specs(live.Readers(nil)))
	if err != nil {
		t.Fatal(err)
	}
	plan := arrange(Options{State: state}, Specs(live.Readers(nil)), "us-east-1")
	if len(plan.resources) != 1 || len(plan.resources[0].Merged) != 1 || plan.parts["aws_route_table.t"] != 1 {
		t.Errorf("%+v", plan.resources)
	}
}
