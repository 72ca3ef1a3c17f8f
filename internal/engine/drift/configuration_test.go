package drift

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// hclOf is what an item of a resource says of the configuration, which must be HCL whatever the values are.
func hclOf(t *testing.T, state map[string]any, table []live.Attribute, fetched live.Attributes, merged ...live.Addition) string {
	t.Helper()
	resource := Resource{Resource: live.Resource{Address: "aws_x.y", Type: "aws_x", ID: "sg-1", State: live.ValuesOf(state), Merged: merged}}
	if sensitive, ok := state["secret"].(string); ok {
		resource.Sensitive = []string{sensitive}
	}
	item := Item{Address: resource.Address, Type: resource.Type, ID: resource.ID, Kind: Changed, Changes: Compare(resource, table, fetched)}
	text := configuration(item, resource, table)
	if _, diags := hclsyntax.ParseConfig([]byte(text), "x.tf", hcl.InitialPos); diags.HasErrors() {
		t.Errorf("%v in\n%s", diags, text)
	}
	return text
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	routes := live.Attribute{Path: "route", Kind: live.Map, Blocks: &live.Blocks{Key: []string{"cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"}, Fields: []string{"gateway_id", "nat_gateway_id"}}}
	tags := live.Attribute{Path: "tags", Kind: live.Map}
	rules := live.Attribute{Path: "ingress", Kind: live.Rules}
	policy := live.Attribute{Path: "policy", Kind: live.Policy}
	route := func(key, value, gateway string) map[string]any {
		return map[string]any{key: value, "gateway_id": gateway}
	}
	https := map[string]any{"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": []any{"10.0.0.0/8"}}
	for name, c := range map[string]struct {
		state   map[string]any
		table   []live.Attribute
		fetched live.Attributes
		want    string
	}{
		"values": {
			map[string]any{"size": "a", "count": 1, "on": false, "gone": "x", "list": []any{"a"}},
			[]live.Attribute{{Path: "size"}, {Path: "count"}, {Path: "on"}, {Path: "gone"}, {Path: "list", Kind: live.List}},
			live.Attributes{"size": "b${x}\"", "count": "2", "on": "true", "gone": "", "list": []string{"b", "%{x}"}},
			"# in aws_x.y\nsize = \"b$${x}\\\"\"\ncount = 2\non = true\ngone = null\nlist = [\"b\", \"%%{x}\"]\n",
		},
		"blocks of one": {
			map[string]any{"a": []any{map[string]any{"b": 1, "c": []any{map[string]any{"d": "x"}}}}},
			[]live.Attribute{{Path: "a.0.b"}, {Path: "a.0.c.0.d"}},
			live.Attributes{"a.0.b": "2", "a.0.c.0.d": "y"},
			"# in aws_x.y\na {\n  b = 2\n  c {\n    d = \"y\"\n  }\n}\n",
		},
		"a map, without what default_tags give": {
			map[string]any{"tags": map[string]any{"Name": "a", "old": "x"}},
			[]live.Attribute{tags},
			live.Attributes{"tags": map[string]string{"Name": "b", "new \"one\"": "y"}},
			"# in aws_x.y\ntags = {\n  \"Name\" = \"b\"\n  \"new \\\"one\\\"\" = \"y\"\n}\n",
		},
		"a secret in a map": {
			map[string]any{"tags": map[string]any{"Token": "a", "Name": "x"}, "secret": "tags.Token"},
			[]live.Attribute{tags},
			live.Attributes{"tags": map[string]string{"Token": "b", "Name": "y"}},
			"# in aws_x.y\n# set tags.Name to \"y\"\n# set tags.Token to its live value, which is not shown\n",
		},
		"routes": {
			map[string]any{"route": []any{route("cidr_block", "10.1.0.0/16", "igw-1"), route("cidr_block", "10.2.0.0/16", "igw-1")}},
			[]live.Attribute{routes},
			live.Attributes{"route": map[string]string{"10.1.0.0/16.nat_gateway_id": "nat-1", "2001:db8::/32.gateway_id": "igw-2", "pl-1.gateway_id": "igw-3"}},
			"# in aws_x.y\n# it stands for the route 10.1.0.0/16, if there is one\n# take out the route 10.2.0.0/16\n# it stands for the route 2001:db8::/32, if there is one\n# it stands for the route pl-1, if there is one\n" +
				"route {\n  cidr_block = \"10.1.0.0/16\"\n  nat_gateway_id = \"nat-1\"\n}\nroute {\n  ipv6_cidr_block = \"2001:db8::/32\"\n  gateway_id = \"igw-2\"\n}\nroute {\n  destination_prefix_list_id = \"pl-1\"\n  gateway_id = \"igw-3\"\n}\n",
		},
		"rules": {
			map[string]any{"ingress": []any{https}},
			[]live.Attribute{rules},
			live.Attributes{"ingress": []live.Rule{{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0", Description: "hi"}, {Protocol: "all", Peer: "sg-1"}, {Protocol: "udp", From: 53, To: 53, Peer: "2001:db8::/32"}}},
			"# in aws_x.y\n# take out: ingress tcp 443, 10.0.0.0/8\n" +
				"ingress {\n  from_port = 0\n  to_port = 0\n  protocol = \"-1\"\n  self = true\n}\n" +
				"ingress {\n  description = \"hi\"\n  from_port = 22\n  to_port = 22\n  protocol = \"tcp\"\n  cidr_blocks = [\"0.0.0.0/0\"]\n}\n" +
				"ingress {\n  from_port = 53\n  to_port = 53\n  protocol = \"udp\"\n  ipv6_cidr_blocks = [\"2001:db8::/32\"]\n}\n",
		},
		"a policy": {
			map[string]any{"policy": `{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"s3:Get","Resource":"a"}]}`},
			[]live.Attribute{policy},
			live.Attributes{"policy": []string{`{"Action":["s3:*"],"Effect":"Deny","Resource":["*"]}`, `{"Action":["s3:put"],"Effect":"Allow","Resource":["${aws:username}"]}`}},
			"# in aws_x.y\npolicy = jsonencode({\n  \"Version\" = \"2012-10-17\"\n  \"Statement\" = [\n" +
				"    {\"Action\":[\"s3:*\"],\"Effect\":\"Deny\",\"Resource\":[\"*\"]},\n    {\"Action\":[\"s3:put\"],\"Effect\":\"Allow\",\"Resource\":[\"$${aws:username}\"]}\n  ]\n})\n",
		},
		"what nobody knows the form of": {
			map[string]any{"a": "x"}, []live.Attribute{{Path: "a"}}, live.Attributes{"a": `[{"b":1}]`}, "# in aws_x.y\n# set a to [{\"b\":1}]\n",
		},
		"hostile": {
			map[string]any{"a": "x", "tags": map[string]any{}},
			[]live.Attribute{{Path: "a"}, tags},
			live.Attributes{"a": "\"\n}\nresource \"x\" \"y\" {}", "tags": map[string]string{"a\n}": "b\n}"}},
			"# in aws_x.y\na = \"\\\"\\n}\\nresource \\\"x\\\" \\\"y\\\" {}\"\ntags = {\n  \"a\\n}\" = \"b\\n}\"\n}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, hclOf(t, c.state, c.table, c.fetched)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is another resource's in the state is put right in that one's block, and a rule that came to rules of their own is one too.
func TestConfigurationOfPieces(t *testing.T) {
	t.Parallel()
	rule := live.Rule{Protocol: "tcp", From: 443, To: 443, Peer: "10.0.0.0/8", Source: "aws_vpc_security_group_ingress_rule.https"}
	adds := live.Addition{Path: "ingress", Rules: []live.Rule{rule}, Source: rule.Source}
	table := []live.Attribute{{Path: "ingress", Kind: live.Rules}}
	came := live.Rule{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0"}
	if got := hclOf(t, map[string]any{"ingress": []any{}}, table, live.Attributes{"ingress": []live.Rule{rule, came}}, adds); got != "" {
		t.Error(got)
	}
	other := rule
	other.Description = "new"
	if got := hclOf(t, map[string]any{"ingress": []any{}}, table, live.Attributes{"ingress": []live.Rule{other}}, adds); got != "# in aws_vpc_security_group_ingress_rule.https\ndescription = \"new\"\n" {
		t.Error(got)
	}
	if got := hclOf(t, map[string]any{"ingress": []any{}}, table, live.Attributes{"ingress": []live.Rule{}}, adds); !strings.Contains(got, "after a state rm of 'aws_vpc_security_group_ingress_rule.https'") {
		t.Error(got)
	}

	change := Change{Path: "ingress", Actual: present(came.String()), rule: &came}
	item := Item{Address: "aws_security_group.a", ID: "sg-1", Region: "us-east-1", Kind: Changed, Changes: []Change{change}}
	for kind, want := range map[string]string{
		"aws_security_group_rule.r": `'import {' '  to = aws_security_group_rule.ingress_sg-1_tcp_22_0_0_0_0_0' '  id = "sg-1_ingress_tcp_22_22_0.0.0.0/0"' '}' 'resource "aws_security_group_rule" "ingress_sg-1_tcp_22_0_0_0_0_0" {' ` +
			`'  type = "ingress"' '  from_port = 22' '  to_port = 22' '  protocol = "tcp"' '  cidr_blocks = ["0.0.0.0/0"]' '  security_group_id = aws_security_group.a.id' '}' >> imports.tf`,
		string(rule.Source): `  id = \"$(aws ec2 describe-security-group-rules --region 'us-east-1' --filters 'Name=group-id,Values=sg-1' --output text --query 'SecurityGroupRules[?IsEgress==` + "`false`&&IpProtocol=='\\''tcp'\\''&&FromPort==`22`&&ToPort==`22`" +
			`&&CidrIpv4=='\''0.0.0.0/0'\''].SecurityGroupRuleId')\"" '}' 'resource "aws_vpc_security_group_ingress_rule" "ingress_sg-1_tcp_22_0_0_0_0_0" {' '  ip_protocol = "tcp"' '  from_port = 22' '  to_port = 22' '  cidr_ipv4 = "0.0.0.0/0"' '  security_group_id = aws_security_group.a.id' '}' >> imports.tf`,
	} {
		_, lines := remedies(item, Resource{Resource: live.Resource{Merged: []live.Addition{{Path: "ingress", Source: live.Address(kind)}}}})
		if len(lines) != 2 || !strings.HasSuffix(lines[0], want) || !strings.HasPrefix(lines[1], "terraform apply -target='aws_") {
			t.Errorf("%q, want %s", lines, want)
		}
	}
}

// What was deleted and made anew by hand has another id and the same name: the state can take it in the other's place.
func TestMadeAnew(t *testing.T) {
	t.Parallel()
	vpc := func(address, name string) Item {
		return Item{Kind: Deleted, Type: "aws_vpc", Address: live.Address(address), resource: Resource{Resource: live.Resource{State: live.ValuesOf(map[string]any{"tags": map[string]any{"Name": name}})}}}
	}
	result := &Result{Items: []Item{
		vpc(`aws_vpc.a["x"]`, "a"), vpc("aws_vpc.b", "b"), {Kind: Unmanaged, Type: "aws_vpc", ID: "vpc-1", name: "a"}, {Kind: Unmanaged, Type: "aws_vpc", ID: "vpc-2", name: "b"}, {Kind: Unmanaged, Type: "aws_vpc", ID: "vpc-3", name: "b"},
	}}
	result.remade("aws_vpc")
	gone := result.Items[0]
	if !strings.Contains(gone.Reason, "vpc-1 has the same name") || gone.Reconciliation[1] != `terraform state rm 'aws_vpc.a["x"]'` || gone.Configuration != "import {\n  to = aws_vpc.a[\"x\"]\n  id = \"vpc-1\"\n}\n" {
		t.Errorf("%+v", gone)
	}
	if len(result.Items[1].Reconciliation) != 0 || len(result.Items[3].Reconciliation) != 0 { // two bear the name
		t.Errorf("%+v", result.Items[1])
	}
	if result.Items[2].Reconciliation[0] != `# see aws_vpc.a["x"]` {
		t.Errorf("%+v", result.Items[2])
	}
}
