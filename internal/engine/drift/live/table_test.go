package live

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Every line of every table says where its value comes from, and every type cites its page.
func TestTablesAreSourced(t *testing.T) {
	t.Parallel()
	for _, reader := range Readers(nil) {
		for _, spec := range reader.Types() {
			if !strings.HasPrefix(spec.Doc, "https://docs.aws.amazon.com/") || !strings.HasSuffix(spec.Resource(), "/r/"+strings.TrimPrefix(spec.Type, "aws_")+".html.markdown") {
				t.Errorf("%s has no page", spec.Type)
			}
			for _, attribute := range spec.Attributes {
				if attribute.API == "" {
					t.Errorf("%s.%s has no field", spec.Type, attribute.Path)
				}
			}
		}
	}
}

// Inline blocks, both kinds of standalone rules and the API say the same thing in different ways.
func TestRulesOfEverySourceAgree(t *testing.T) {
	t.Parallel()
	want := []Rule{{Protocol: "tcp", From: 443, To: 443, Peer: "10.0.0.0/8", Description: "d"}}
	check := func(source string, got []Rule) {
		t.Helper()
		for i := range got {
			got[i].Source = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	check("inline", inlineRules(decode(t, `{"v":[{"from_port":443,"to_port":443,"protocol":"6","cidr_blocks":["10.1.2.3/8"],"description":"d","self":false}]}`)["v"], "sg-1"))
	part := Resource{Address: "r", State: ValuesOf(decode(t, `{"security_group_id":"sg-1","type":"ingress","from_port":443,"to_port":443,"protocol":"TCP","cidr_blocks":["10.0.0.0/8"],"description":"d"}`))}
	id, adds := groupRule(part)
	if id != "sg-1" || adds.Path != "ingress" || adds.Rules[0].Source != "r" {
		t.Errorf("%s %+v", id, adds)
	}
	check("aws_security_group_rule", adds.Rules)
	_, adds = vpcRule("ingress")(Resource{State: ValuesOf(decode(t, `{"security_group_id":"sg-1","from_port":443,"to_port":443,"ip_protocol":"tcp","cidr_ipv4":"10.0.0.0/8","description":"d"}`))})
	check("aws_vpc_security_group_ingress_rule", adds.Rules)
	check("API", permissionRules([]ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("d")}},
	}}))
}

func TestRulesOfEveryPeer(t *testing.T) {
	t.Parallel()
	inline := inlineRules(decode(t, `{"v":[{"from_port":0,"to_port":0,"protocol":"-1","self":true,"cidr_blocks":null,"ipv6_cidr_blocks":["2001:DB8::/32"],"prefix_list_ids":["pl-1"],"security_groups":["999999999999/sg-9"]}]}`)["v"], "sg-1")
	all := permissionRules([]ec2types.IpPermission{{
		IpProtocol: aws.String("-1"), Ipv6Ranges: []ec2types.Ipv6Range{{CidrIpv6: aws.String("2001:db8::/32")}}, PrefixListIds: []ec2types.PrefixListId{{PrefixListId: aws.String("pl-1")}},
		UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String("sg-9"), UserId: aws.String("999999999999")}, {GroupId: aws.String("sg-1")}},
	}})
	if diff := cmp.Diff(all, inline); diff != "" {
		t.Error(diff)
	}
	if _, adds := groupRule(Resource{State: ValuesOf(decode(t, `{"security_group_id":"sg-1","type":"egress","protocol":"all","self":true,"source_security_group_id":"sg-1"}`))}); len(adds.Rules) != 1 || adds.Rules[0].Peer != "sg-1" || adds.Rules[0].Protocol != "all" {
		t.Errorf("%+v", adds)
	}
}

func TestExpected(t *testing.T) {
	t.Parallel()
	resource := Resource{State: ValuesOf(decode(t, `{"memory_size":256,"tracing_config":[],"vpc_config":[{"subnet_ids":["b","a"]}],"layers":null,"tags":null,"tags_all":{"a":"b"}}`))}
	for path, want := range map[string]any{
		"memory_size": "256", "tracing_config.0.mode": "PassThrough", "vpc_config.0.subnet_ids": []string{"a", "b"}, "layers": []string{},
	} {
		for _, field := range functionTable {
			if field.Path != path {
				continue
			}
			got, known := field.Expected(resource)
			if diff := cmp.Diff(want, got); diff != "" || !known {
				t.Errorf("%s: %s", path, diff)
			}
		}
	}
	if got, _ := tagsAttribute("").Expected(resource); !cmp.Equal(got, map[string]string{"a": "b"}) {
		t.Errorf("tags: %v", got)
	}
	if _, known := tagsAttribute("").Expected(Resource{State: ValuesOf(map[string]any{})}); known {
		t.Error("a state without tags and tags_all says nothing about tags")
	}
	if _, known := (Attribute{Path: "timeout"}).Expected(resource); known {
		t.Error("what the state does not hold is compared")
	}
	if name := (Attribute{Path: "vpc_config.0.subnet_ids"}).Name(); name != "vpc_config.subnet_ids" {
		t.Error(name)
	}
}

func TestSystemTagsDoNotCount(t *testing.T) {
	t.Parallel()
	got := ec2Tags([]ec2types.Tag{{Key: aws.String("aws:cloudformation:stack-name"), Value: aws.String("x")}, {Key: aws.String("a"), Value: aws.String("b")}})
	if diff := cmp.Diff(map[string]string{"a": "b"}, got); diff != "" {
		t.Error(diff)
	}
}

func fetched(t *testing.T, state string, instance rdstypes.DBInstance, path string) (expected, actual any) {
	t.Helper()
	resource := Resource{State: ValuesOf(decode(t, state))}
	attributes := fetch(instanceTable, instance, resource)
	for _, field := range instanceTable {
		if field.Path == path {
			expected, _ = field.Expected(resource)
		}
	}
	return expected, attributes[path]
}

func TestWhatIsNotDriftOfADatabase(t *testing.T) {
	t.Parallel()
	pending := func(p rdstypes.PendingModifiedValues, i rdstypes.DBInstance) rdstypes.DBInstance {
		i.PendingModifiedValues = &p
		return i
	}
	small, large := aws.String("db.t3.micro"), aws.String("db.m5.large")
	for name, c := range map[string]struct {
		state, path string
		live        rdstypes.DBInstance
		same        bool
	}{
		"the state's class is pending":       {`{"instance_class":"db.m5.large"}`, "instance_class", pending(rdstypes.PendingModifiedValues{DBInstanceClass: large}, rdstypes.DBInstance{DBInstanceClass: small}), true},
		"another class is pending":           {`{"instance_class":"db.t3.micro"}`, "instance_class", pending(rdstypes.PendingModifiedValues{DBInstanceClass: large}, rdstypes.DBInstance{DBInstanceClass: small}), true},
		"another class runs":                 {`{"instance_class":"db.t3.micro"}`, "instance_class", rdstypes.DBInstance{DBInstanceClass: large}, false},
		"multi-AZ is pending":                {`{"multi_az":true}`, "multi_az", pending(rdstypes.PendingModifiedValues{MultiAZ: aws.Bool(true)}, rdstypes.DBInstance{MultiAZ: aws.Bool(false)}), true},
		"the state holds a version's prefix": {`{"engine_version":"16"}`, "engine_version", rdstypes.DBInstance{EngineVersion: aws.String("16.3")}, true},
		"the version is another":             {`{"engine_version":"16.3"}`, "engine_version", rdstypes.DBInstance{EngineVersion: aws.String("16.31")}, false},
		"the version is pending":             {`{"engine_version":"16.4"}`, "engine_version", pending(rdstypes.PendingModifiedValues{EngineVersion: aws.String("16.4")}, rdstypes.DBInstance{EngineVersion: aws.String("16.3")}), true},
		"storage grew by itself":             {`{"allocated_storage":20,"max_allocated_storage":100}`, "allocated_storage", rdstypes.DBInstance{AllocatedStorage: aws.Int32(50)}, true},
		"storage grew beyond its limit":      {`{"allocated_storage":20,"max_allocated_storage":100}`, "allocated_storage", rdstypes.DBInstance{AllocatedStorage: aws.Int32(200)}, false},
		"storage grew without autoscaling":   {`{"allocated_storage":20,"max_allocated_storage":0}`, "allocated_storage", rdstypes.DBInstance{AllocatedStorage: aws.Int32(50)}, false},
		"windows differ in case":             {`{"maintenance_window":"Wed:06:38-Wed:07:08"}`, "maintenance_window", rdstypes.DBInstance{PreferredMaintenanceWindow: aws.String("wed:06:38-wed:07:08")}, true},
		"absent is zero":                     {`{"iops":0}`, "iops", rdstypes.DBInstance{}, true},
		"a group is being taken away": {
			`{"vpc_security_group_ids":["sg-1"]}`, "vpc_security_group_ids",
			rdstypes.DBInstance{VpcSecurityGroups: []rdstypes.VpcSecurityGroupMembership{
				{VpcSecurityGroupId: aws.String("sg-1"), Status: aws.String("active")}, {VpcSecurityGroupId: aws.String("sg-2"), Status: aws.String("removing")},
			}},
			true,
		},
		"an option group is pending": {
			`{"option_group_name":"new"}`, "option_group_name",
			rdstypes.DBInstance{OptionGroupMemberships: []rdstypes.OptionGroupMembership{{OptionGroupName: aws.String("old")}, {OptionGroupName: aws.String("new")}}},
			true,
		},
	} {
		expected, actual := fetched(t, c.state, c.live, c.path)
		if cmp.Equal(expected, actual) != c.same {
			t.Errorf("%s: %v and %v", name, expected, actual)
		}
	}
}

// A whole answer of AWS, with everything set, is taken over attribute by attribute.
func TestFunctionTableReadsEverything(t *testing.T) {
	t.Parallel()
	got := fetch(functionTable, liveFunction{tags: map[string]string{"t": "u"}, FunctionConfiguration: lambdatypes.FunctionConfiguration{
		Description: aws.String("d"), Handler: aws.String("h"), Runtime: lambdatypes.RuntimePython312, MemorySize: aws.Int32(128), Timeout: aws.Int32(3), Role: aws.String("r"),
		KMSKeyArn: aws.String("k"), Architectures: []lambdatypes.Architecture{"arm64"}, Layers: []lambdatypes.Layer{{Arn: aws.String("l2")}, {Arn: aws.String("l1")}},
		Environment:   &lambdatypes.EnvironmentResponse{Variables: map[string]string{"A": "b"}},
		TracingConfig: &lambdatypes.TracingConfigResponse{Mode: "Active"}, EphemeralStorage: &lambdatypes.EphemeralStorage{Size: aws.Int32(1024)},
		DeadLetterConfig: &lambdatypes.DeadLetterConfig{TargetArn: aws.String("q")},
		VpcConfig:        &lambdatypes.VpcConfigResponse{SubnetIds: []string{"s2", "s1"}, SecurityGroupIds: []string{"g"}},
		LoggingConfig:    &lambdatypes.LoggingConfig{LogFormat: "JSON", LogGroup: aws.String("/g")},
	}}, Resource{State: ValuesOf(map[string]any{"logging_config": []any{map[string]any{}}})})
	want := Attributes{
		"description": "d", "handler": "h", "runtime": "python3.12", "memory_size": "128", "timeout": "3", "role": "r", "kms_key_arn": "k",
		"architectures": []string{"arm64"}, "layers": []string{"l2", "l1"}, "environment.0.variables": map[string]string{"A": "b"}, "tracing_config.0.mode": "Active",
		"ephemeral_storage.0.size": "1024", "dead_letter_config.0.target_arn": "q", "vpc_config.0.subnet_ids": []string{"s1", "s2"},
		"vpc_config.0.security_group_ids": []string{"g"}, "logging_config.0.log_format": "JSON", "logging_config.0.log_group": "/g",
		"tags": map[string]string{"t": "u"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVPCIPv6(t *testing.T) {
	t.Parallel()
	vpc := liveVPC{Vpc: ec2types.Vpc{Ipv6CidrBlockAssociationSet: []ec2types.VpcIpv6CidrBlockAssociation{{
		AssociationId: aws.String("a-1"), Ipv6CidrBlock: aws.String("2001:db8::/56"), Ipv6CidrBlockState: &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeAssociated},
	}}}}
	for state, want := range map[string]any{`{}`: nil, `{"ipv6_association_id":"a-1"}`: "2001:db8::/56", `{"ipv6_association_id":"a-2"}`: ""} {
		got := fetch(vpcTable, vpc, Resource{State: ValuesOf(decode(t, state))})["ipv6_cidr_block"]
		if got != want {
			t.Errorf("%s: %v", state, got)
		}
	}
}
