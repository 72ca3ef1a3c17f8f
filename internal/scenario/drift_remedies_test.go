package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// answer ends the test when a call failed, and hands its answer on.
func answer[T any](s *sources) func(T, error) T {
	return func(value T, err error) T {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		return value
	}
}

func (s *sources) groups() map[string]string {
	s.t.Helper()
	ids := map[string]string{}
	for _, group := range answer[*ec2.DescribeSecurityGroupsOutput](s)(s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{})).SecurityGroups {
		ids[aws.ToString(group.GroupName)] = aws.ToString(group.GroupId)
	}
	return ids
}

func opened(port int32, peer string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &peer}}}}
}

// open lets somebody into a group.
func (s *sources) open(group string, port int32, peer string) {
	s.t.Helper()
	answer[*ec2.AuthorizeSecurityGroupIngressOutput](s)(s.ec2.AuthorizeSecurityGroupIngress(s.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: opened(port, peer)}))
}

// changeByHand does to each resource of the stack what people do.
func (s *sources) changeByHand() {
	s.t.Helper()
	ids := s.groups()
	for name, port := range map[string]int32{"both-web": 22, "both-moved": 22, "both-split": 22, "both-classic": 8080} {
		s.open(ids[name], port, "0.0.0.0/0")
	}
	s.open(ids["both-split"], 9090, "10.9.0.0/16")
	answer[*ec2.AuthorizeSecurityGroupEgressOutput](s)(s.ec2.AuthorizeSecurityGroupEgress(s.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: aws.String(ids["both-split"]), IpPermissions: opened(25, "10.9.0.0/16")}))
	vpc := *answer[*ec2.DescribeVpcsOutput](s)(s.ec2.DescribeVpcs(s.ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("tag:Name"), Values: []string{"main"}}}})).Vpcs[0].VpcId
	answer[*ec2.CreateTagsOutput](s)(s.ec2.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: []string{vpc}, Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("by hand")}}}))
	for _, name := range []string{"both-gone", "both-anew"} {
		answer[*ec2.DeleteSecurityGroupOutput](s)(s.ec2.DeleteSecurityGroup(s.ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(ids[name])}))
	}
	for _, name := range []string{"both-anew", "both-lab"} {
		answer[*ec2.CreateSecurityGroupOutput](s)(s.ec2.CreateSecurityGroup(s.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("Managed by Terraform"), VpcId: &vpc}))
	}
	table := answer[*ec2.DescribeRouteTablesOutput](s)(s.ec2.DescribeRouteTables(s.ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{vpc}}, {Name: aws.String("association.main"), Values: []string{"false"}},
	}}))
	gateway := *answer[*ec2.DescribeInternetGatewaysOutput](s)(s.ec2.DescribeInternetGateways(s.ctx, &ec2.DescribeInternetGatewaysInput{Filters: []ec2types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{vpc}}}})).InternetGateways[0].InternetGatewayId
	for _, table := range table.RouteTables {
		if len(table.Associations) == 0 {
			answer[*ec2.CreateRouteOutput](s)(s.ec2.CreateRoute(s.ctx, &ec2.CreateRouteInput{RouteTableId: table.RouteTableId, GatewayId: &gateway, DestinationCidrBlock: aws.String("203.0.113.0/24")}))
		}
	}
	answer[*cloudwatchlogs.PutRetentionPolicyOutput](s)(cloudwatchlogs.NewFromConfig(s.aws).PutRetentionPolicy(s.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("both-app"), RetentionInDays: aws.Int32(30)}))
	answer[*iam.UpdateAssumeRolePolicyOutput](s)(iam.NewFromConfig(s.aws).UpdateAssumeRolePolicy(s.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("both-app"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}},{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}`,
	)}))
}

// edit changes the configuration.
func (s *sources) edit(change func(text string) string) {
	s.t.Helper()
	name := filepath.Join(s.w.Dir, "main.tf")
	text := string(answer[[]byte](s)(os.ReadFile(name)))
	changed := change(text)
	if changed == text {
		s.t.Fatal("the configuration is as it was")
	}
	answer[any](s)(nil, os.WriteFile(name, []byte(changed), 0o600))
}

// accept pastes the HCL of an item in the place of the lines that bear its address.
func (s *sources) accept(item drift.Item) {
	s.t.Helper()
	s.edit(func(text string) string {
		var lines []string
		pasted := false
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasSuffix(line, "# "+string(item.Address)) {
				lines = append(lines, line)
				continue
			}
			if !pasted {
				lines = append(lines, item.Configuration)
			}
			pasted = true
		}
		return strings.Join(lines, "\n")
	})
}

// client is the name under which people type the client that the test runs.
func (s *sources) client() string {
	if strings.HasPrefix(filepath.Base(s.w.Command(s.ctx).Path), "tofu") {
		return "tofu"
	}
	return "terraform"
}

// paste runs lines of an item, as they stand, in the directory of the configuration.
func (s *sources) paste(lines []string) {
	s.t.Helper()
	if err := s.tryPaste(lines); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sources) tryPaste(lines []string) error {
	s.t.Helper()
	bin, client := s.t.TempDir(), s.w.Command(s.ctx)
	answer[any](s)(nil, os.Symlink(client.Path, filepath.Join(bin, s.client())))
	command := exec.CommandContext(s.ctx, "sh", "-ec", strings.Join(lines, "\n"))
	command.Dir = s.w.Dir
	command.Env = append(client.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_ARGS_apply=-auto-approve -input=false")
	output, err := command.CombinedOutput()
	s.w.Printed(string(output), "commands of an item")
	if err != nil {
		return fmt.Errorf("%s\n%w\n%s", strings.Join(lines, "\n"), err, output)
	}
	return nil
}

// adopt takes something unmanaged into the state: an import block, plan -generate-config-out, apply -target. OpenTofu writes attributes
// that exclude each other, and the plan complains; then the lines have the reader mend it, as is done here.
func (s *sources) adopt(lines []string) {
	s.t.Helper()
	mend := slices.IndexFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "# look through the generated configuration and mend it")
	})
	if mend < 0 {
		s.t.Fatalf("%q", lines)
	}
	if s.client() == "terraform" {
		s.paste(lines)
		return
	}
	if err := s.tryPaste(lines[:mend]); err == nil || !strings.Contains(err.Error(), `"name_prefix": conflicts with name`) {
		s.t.Fatalf("this plan complains no more, or of something else: %v", err)
	}
	for _, name := range answer[[]string](s)(filepath.Glob(filepath.Join(s.w.Dir, "generated_*.tf"))) {
		text := answer[[]byte](s)(os.ReadFile(name))
		answer[any](s)(nil, os.WriteFile(name, regexp.MustCompile(`(?m)^\s*name_prefix .*$`).ReplaceAll(text, nil), 0o600))
	}
	s.paste(lines[mend:])
}

// forms are the lines of an item that begin like this.
func forms(lines []string, begin string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.HasPrefix(line, begin) })
}

// TestAccDriftSourcesAgreeAndRemediesWork: AWS read in batches and Terraform's own refresh find the same, item by item; each form of
// command and each form of HCL that items say is pasted as it stands, and leaves neither drift nor a plan.
func TestAccDriftSourcesAgreeAndRemediesWork(t *testing.T) {
	needsAWSCLI(t)
	s := newSources(t)
	if items := s.live(); len(items) != 0 {
		t.Fatalf("a fresh stack differs: %v", told(items))
	}
	s.changeByHand()
	s.edit(func(text string) string { // the configuration has a new name for a group, and says so
		return strings.Replace(text, `"aws_security_group" "before"`, `"aws_security_group" "after"`, 1) + "\nmoved {\n  from = aws_security_group.before\n  to   = aws_security_group.after\n}\n"
	})
	items, refreshed := s.live(), s.refresh()
	moved := refreshed["aws_security_group.after"]
	delete(items, "aws_security_group.before")
	delete(refreshed, "aws_security_group.after")
	if diff := cmp.Diff(told(items), told(refreshed)); diff != "" || len(items) != 9 {
		t.Fatalf("%d items; - live, + refresh:\n%s", len(items), diff)
	}
	items = s.live("aws_security_group")

	s.accept(moved)
	s.paste(moved.Reconciliation) // terraform apply -refresh-only with both ends; as long as a move is open, Terraform takes no other -target
	for _, address := range []string{"aws_vpc.main", "aws_route_table.main", "aws_security_group.gone", "aws_cloudwatch_log_group.app", "aws_iam_role.app"} {
		s.accept(items[address])
	}
	s.paste(items["aws_security_group.web"].Remediation)     // terraform apply -target, which puts back what the target depends on too
	s.paste(items["aws_security_group.anew"].Reconciliation) // terraform state rm, an import block, terraform apply -target

	split, classic := items["aws_security_group.split"], items["aws_security_group.classic"]
	aside := len(forms(split.Remediation, "aws ec2 revoke-security-group-"))
	s.paste(slices.DeleteFunc(forms(split.Remediation, "aws ec2 revoke-security-group-"), func(line string) bool { return strings.Contains(line, "9090") }))
	s.paste(slices.DeleteFunc(forms(split.Reconciliation, "printf"), func(line string) bool { return !strings.Contains(line, "9090") }))
	if aside != 3 || len(split.Remediation) != 3 {
		t.Errorf("%q", split.Remediation)
	}
	s.paste(forms(classic.Reconciliation, "printf"))
	lab := items["aws_security_group.both-lab"]
	s.adopt(lab.Reconciliation)

	ended := answer[workspace.Result](s)(s.w.Apply(s.ctx))
	if ended.Exit != 0 || !strings.Contains(ended.Output, "Apply complete! Resources: 2 imported, 0 added, 0 changed, 0 destroyed.") {
		t.Fatalf("exit %d\n%s", ended.Exit, ended.Output)
	}
	if ended := answer[workspace.Result](s)(s.w.Plan(s.ctx, "-detailed-exitcode")); ended.Exit != 0 {
		t.Errorf("a plan is left, exit %d\n%s", ended.Exit, ended.Output)
	}
	if left := s.live("aws_security_group"); len(left) != 0 {
		t.Errorf("after the remedies: %v", told(left))
	}
}
