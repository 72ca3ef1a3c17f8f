package drift

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Every attribute of every table has a rule of its own with a reason, and every rule is for something.
func TestEveryAttributeHasARule(t *testing.T) {
	t.Parallel()
	used := map[int]bool{}
	for kind, spec := range Specs(live.Readers(nil)) {
		for _, attribute := range spec.Attributes {
			paths := []string{attribute.Name()}
			switch attribute.Kind {
			case live.Map:
				paths = []string{attribute.Name() + ".key"}
			case live.Rules:
				paths = append(paths, attribute.Name()+".description")
			default:
			}
			for _, path := range paths {
				matched := false
				for _, actual := range []string{"true", "other"} {
					change := Change{Path: path, Actual: &actual}
					if i := slices.IndexFunc(rules, func(r rule) bool { return r.matches(kind, change) }); i >= 0 {
						used[i], matched = true, true
						if rules[i].Reason == "" || rules[i].Category.rank() > 2 {
							t.Errorf("rule %d has no reason or category", i)
						}
					}
				}
				if !matched {
					t.Errorf("no rule for %s.%s", kind, path)
				}
			}
		}
	}
	for i, rule := range rules {
		if !used[i] {
			t.Errorf("rule %d, %s.%s, is never used", i, rule.Type, rule.Attribute)
		}
	}
}

func TestWordsOfARule(t *testing.T) {
	t.Parallel()
	shown := "x"
	opened := func(path string, rule live.Rule) Change { return Change{Path: path, Actual: &shown, rule: &rule} }
	for _, c := range []struct {
		change Change
		want   string
	}{
		{opened("ingress", live.Rule{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0"}), "open to the whole internet: anyone (0.0.0.0/0) can now reach port 22 (SSH)"},
		{opened("ingress", live.Rule{Protocol: "tcp", From: 22, To: 22, Peer: "::/0"}), "open to the whole internet: anyone (::/0) can now reach port 22 (SSH)"},
		{opened("ingress", live.Rule{Protocol: "tcp", From: 20, To: 30, Peer: "0.0.0.0/0"}), "open to the whole internet: anyone (0.0.0.0/0) can now reach ports 20-30 (22, SSH, among them)"},
		{opened("ingress", live.Rule{Protocol: "all", Peer: "0.0.0.0/0"}), "open to the whole internet: anyone (0.0.0.0/0) can now reach every port"},
		{opened("ingress", live.Rule{Protocol: "tcp", To: 65535, Peer: "sg-1"}), "access was opened: sg-1 can now reach every TCP port"},
		{opened("ingress", live.Rule{Protocol: "icmp", From: -1, To: -1, Peer: "10.0.0.0/8"}), "access was opened: 10.0.0.0/8 can now reach it over icmp"},
		{opened("egress", live.Rule{Protocol: "udp", From: 9, To: 9, Peer: "0.0.0.0/0"}), "access was opened: it can now reach port 9 over UDP of 0.0.0.0/0"},
		{Change{Path: "ingress", Expected: &shown, rule: &live.Rule{Protocol: "tcp", From: 443, To: 443, Peer: "10.0.0.0/8"}}, "access was cut off: 10.0.0.0/8 can no longer reach port 443 (HTTPS)"},
		{Change{Path: "egress", Expected: &shown, rule: &live.Rule{Protocol: "tcp", From: 100, To: 200, Peer: "pl-1"}}, "access was cut off: it can no longer reach ports 100-200 of pl-1"},
	} {
		category, reason := classify("aws_security_group", c.change, nil)
		if category != Critical || reason != c.want {
			t.Errorf("got %s: %s\nwant %s", category, reason, c.want)
		}
	}
}

func TestOverridesComeFirst(t *testing.T) {
	t.Parallel()
	overrides := []Override{{Type: "aws_vpc", Category: Minor}, {Attribute: "memory_*", Category: Critical}, {Type: "*", Attribute: "memory_size", Category: Minor}}
	actual := "x"
	if category, reason := classify("aws_lambda_function", Change{Path: "memory_size", Actual: &actual}, overrides); category != Critical || !strings.Contains(reason, "rules[1]") {
		t.Errorf("got %s: %s", category, reason)
	}
	if category, _ := classify("aws_lambda_function", Change{Path: "timeout", Actual: &actual}, overrides); category != Major {
		t.Errorf("got %s", category)
	}
	if category, _ := classify("aws_unheard_of", Change{Path: "x", Actual: &actual}, nil); category != Major {
		t.Errorf("what no rule knows is %s", category)
	}
	if got := wholeCategory("aws_vpc", Critical, overrides); got != Minor {
		t.Errorf("a rule for the whole type does not cover its deletion: %s", got)
	}
	if got := wholeCategory("aws_lambda_function", Critical, overrides); got != Critical {
		t.Errorf("a rule for an attribute covers a deletion: %s", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glob, text string
		want       bool
	}{
		{"", "", true},
		{"*", "", true},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"a*c", "abbc", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"a", "ab", false},
		{"*.*", "a.b", true},
		{"module.*.aws_vpc.a", `module.n["x"].aws_vpc.a`, true},
		{`a["x"]`, `a["x"]`, true},
		{"a[0]", "a0", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b", "ab ba", false},
	} {
		if got := match(c.glob, c.text); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.glob, c.text, got)
		}
	}
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if (Ignore{}).Expired(now) || !(Ignore{Expires: now}).Expired(now) || (Ignore{Expires: now.Add(time.Second)}).Expired(now) {
		t.Error("an ignore ends at its expiry")
	}
	tags := Ignore{Type: "aws_vpc", Attribute: "tags"}
	for path, want := range map[string]bool{"tags.Name": true, "tags": true, "tagsx": false, "": false, "enable_dns_support": false} {
		if got := tags.covers("aws_vpc.a", "aws_vpc", path); got != want {
			t.Errorf("tags covers %q: %v", path, got)
		}
	}
	if tags.covers("aws_vpc.a", "aws_subnet", "tags.Name") {
		t.Error("another type is covered")
	}
	if whole := (Ignore{Address: "module.*"}); !whole.covers("module.a.aws_vpc.a", "aws_vpc", "") || whole.covers("aws_vpc.a", "aws_vpc", "") {
		t.Error("a whole resource is covered by its address, its deletion too")
	}
}

func TestRemedies(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	open := live.Rule{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0"}
	change := Change{Path: "ingress", Actual: text("tcp 22, 0.0.0.0/0"), rule: &open}
	group := Item{Address: `aws_security_group.a["it's"]`, Type: "aws_security_group", ID: "sg-1", Region: "us-east-1", Kind: Changed, Changes: []Change{change}}
	inline := Resource{Resource: live.Resource{State: live.ValuesOf(map[string]any{"ingress": []any{map[string]any{}}})}}

	world, state := remedies(group, inline)
	if diff := cmp.Diff([]string{`terraform apply -target='aws_security_group.a["it'\''s"]'`}, world); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		`terraform apply -refresh-only -target='aws_security_group.a["it'\''s"]'`,
		`# and add to the configuration of aws_security_group.a["it's"]: ingress tcp 22, 0.0.0.0/0`,
	}, state); diff != "" {
		t.Error(diff)
	}

	world, _ = remedies(group, Resource{})
	if diff := cmp.Diff([]string{
		`aws ec2 revoke-security-group-ingress --region 'us-east-1' --group-id 'sg-1' --ip-permissions '[{"FromPort":22,"IpProtocol":"tcp","IpRanges":[{"CidrIp":"0.0.0.0/0"}],"ToPort":22}]'`,
	}, world); diff != "" {
		t.Error(diff)
	}

	lost := Item{Address: "aws_security_group.a", Kind: Changed, Changes: []Change{{Path: "ingress", Expected: text("x"), rule: &open, owner: "aws_security_group_rule.r"}}}
	world, _ = remedies(lost, Resource{})
	if diff := cmp.Diff([]string{"terraform apply -target='aws_security_group.a' -target='aws_security_group_rule.r'"}, world); diff != "" {
		t.Error(diff)
	}

	world, state = remedies(Item{Address: "aws_vpc.a", Kind: Deleted}, Resource{})
	if world[0] != "terraform apply -target='aws_vpc.a'" || state[0] != "terraform state rm 'aws_vpc.a'" {
		t.Errorf("%q %q", world, state)
	}

	// What an attacker put into a tag stays inside a comment.
	_, state = remedies(Item{Address: "aws_vpc.a", Kind: Changed, Changes: []Change{{Path: "tags.a\nrm -rf /", Actual: text("b\nreboot")}}}, Resource{})
	for _, line := range state {
		if strings.Contains(line, "\n") {
			t.Errorf("two lines: %q", line)
		}
	}
}

func TestWhatNoTableKnows(t *testing.T) {
	t.Parallel()
	yes, no := "true", "false"
	for _, c := range []struct {
		kind, path string
		actual     *string
		want       Category
	}{
		{"aws_iam_role", "assume_role_policy", &no, Critical},
		{"aws_s3_bucket_policy", "policy", &no, Critical},
		{"aws_s3_bucket_public_access_block", "block_public_acls", &no, Critical},
		{"aws_ebs_volume", "encrypted", &no, Critical},
		{"aws_lb", "enable_deletion_protection", &no, Critical},
		{"aws_lb", "enable_deletion_protection", &yes, Minor},
		{"aws_instance", "vpc_security_group_ids", &no, Critical},
		{"aws_thing", "engine_version", &no, Major},
		{"aws_thing", "long_description", &no, Minor},
		{"google_thing", "tags.a", &no, Minor},
	} {
		if got, reason := classify(c.kind, Change{Path: c.path, Actual: c.actual}, nil); got != c.want || reason == "" {
			t.Errorf("%s.%s: %s, %s", c.kind, c.path, got, reason)
		}
	}
}

func TestWordsOfAStatement(t *testing.T) {
	t.Parallel()
	shown := "x"
	for statement, want := range map[string][2]string{
		`{"Action":["s3:getobject"],"Effect":"Allow","Principal":{"AWS":["*"]}}`: {
			"open to the whole world: anyone may now do s3:getobject", "access was cut off: anyone may no longer do s3:getobject",
		},
		`{"Action":["*"],"Effect":"Allow","Principal":{"AWS":["*"]},"Condition":{"Bool":{"a":["b"]}}}`: {
			"access was opened: anyone under a condition may now do everything", "access was cut off: anyone under a condition may no longer do everything",
		},
		`{"Action":["a:a","b:b","c:c","d:d","e:e"],"Effect":"Allow"}`: {
			"access was opened: it may now do a:a, b:b, c:c and 2 more", "access was cut off: it may no longer do a:a, b:b, c:c and 2 more",
		},
		`{"NotAction":["a:a"],"Effect":"Deny","Principal":{"Service":["x"],"AWS":["y"]}}`: {
			"access was cut off: x, y is now denied all but a:a", "access was opened: x, y is no longer denied all but a:a",
		},
		`no JSON`: {"", ""},
	} {
		if got := statementWords(Change{Actual: &shown, statement: statement}); got != want[0] {
			t.Errorf("%s came: %s", statement, got)
		}
		if got := statementWords(Change{Expected: &shown, statement: statement}); got != want[1] {
			t.Errorf("%s went: %s", statement, got)
		}
	}
}
