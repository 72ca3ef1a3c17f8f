package live

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// hashicorp/terraform-provider-aws#710: a refresh of 300 groups and 1,400 rules took 10 minutes, a call or more each. Here the groups and
// all of their rules are one page.
func TestPredecessors300GroupsAnd1400RulesInOneCall(t *testing.T) {
	t.Parallel()
	const groups, rules = 300, 1400
	fake := &fakeEC2{page: ec2Page}
	var state []Resource
	for i := range groups {
		id := fmt.Sprintf("sg-%d", i)
		fake.groups = append(fake.groups, ec2types.SecurityGroup{GroupId: &id})
		state = append(state, Resource{Address: Address(id), Type: "aws_security_group", ID: id, State: ValuesOf(map[string]any{"id": id, "ingress": []any{}, "egress": []any{}})})
	}
	for i := range rules {
		port := int32(1000 + i)
		at := i % groups
		fake.groups[at].IpPermissions = append(fake.groups[at].IpPermissions, ec2types.IpPermission{
			IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}},
		})
		part := Resource{Address: Address(fmt.Sprintf("rule-%d", i)), State: ValuesOf(map[string]any{
			"security_group_id": state[at].ID, "type": "ingress", "protocol": "tcp", "from_port": int(port), "to_port": int(port), "cidr_blocks": []any{"10.0.0.0/8"},
		})}
		_, adds := groupRule(part)
		state[at].Merged = append(state[at].Merged, adds)
	}
	caller := caller(16, account)
	outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_security_group", Region: "us-east-1", Resources: state, Caller: caller})
	if err != nil || len(outcomes) != groups || caller.Calls() != 1 {
		t.Fatalf("%d outcomes, %d calls, %v", len(outcomes), caller.Calls(), err)
	}
	compared := 0
	for _, resource := range state {
		for _, field := range groupTable {
			if expected, _ := field.Expected(resource); field.Path == "ingress" {
				live, _ := outcomes[resource.Address].Attributes["ingress"].([]Rule)
				wanted, _ := expected.([]Rule)
				if len(live) != len(wanted) {
					t.Errorf("%s: %d rules, %d expected", resource.Address, len(live), len(wanted))
				}
				compared += len(live)
			}
		}
	}
	if compared != rules {
		t.Errorf("%d rules were compared", compared)
	}
}

// What AWS made by itself is left out for one of the documented reasons, and of every type that is not listed it is said why.
func TestEveryTypeIsListedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, reader := range Readers(nil) {
		for _, spec := range reader.Types() {
			known[spec.Type] = true
			if why := Unlisted(spec.Type); (spec.Listed || spec.Part != nil) == (why != "") {
				t.Errorf("%s: listed %v, a piece %v, and why not: %q", spec.Type, spec.Listed, spec.Part != nil, why)
			}
		}
	}
	for kind := range unlisted {
		if !known[kind] {
			t.Errorf("%s has no reader", kind)
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`Excluded(?: =|:) *(\S+)`)
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range set.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(match[1], "excluded") {
				t.Errorf("%s leaves something out for a reason that exclusions.go does not have: %s", name, match[1])
			}
		}
	}
	if all := Exclusions(); len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Error("a reason is listed twice")
	}
}

// The guide names every reason for which something does not count as unmanaged.
func TestTheGuideNamesEveryExclusion(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "templates", "guides", "continuous-drift.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range Exclusions() {
		if !strings.Contains(string(guide), "- "+reason+"\n") {
			t.Errorf("the guide does not say: %s", reason)
		}
	}
}
