package scenario

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const bothSources = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  max_retries                 = 1
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "main" }
}

resource "aws_security_group" "web" {
  for_each = toset(["a", "b"])
  name     = "both-${each.key}"
  vpc_id   = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "gone" {
  name   = "both-gone"
  vpc_id = aws_vpc.main.id
}
`

// sources is a stack of hashicorp/aws, and both ways to look at it.
type sources struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // of the test
	w       *workspace.Workspace
	clients *awsapi.Clients
	ec2     *ec2.Client
}

func newSources(t *testing.T) *sources {
	t.Helper()
	e := acctest.Emulator(t)
	mirror := workspace.AWSMirror()
	if mirror == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Mirror: mirror, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(bothSources), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	if ended, err := w.Apply(ctx); err != nil || ended.Exit != 0 {
		t.Fatalf("apply: %v\n%s", err, ended.Output)
	}
	for _, entry := range w.Command(ctx).Env { // the engine's child inherits it, as it would a user's
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TF_") {
			t.Setenv(name, value)
		}
	}
	return &sources{t, ctx, w, awsapi.New(awsapi.Config{S3UsePathStyle: true}, "test"), ec2.NewFromConfig(e.AWSConfig())}
}

func (s *sources) options() drift.Options {
	s.t.Helper()
	readers := live.Readers(s.clients)
	text, err := os.ReadFile(filepath.Join(s.w.Dir, "terraform.tfstate"))
	if err != nil {
		s.t.Fatal(err)
	}
	state, err := drift.ReadState(bytes.NewReader(text), drift.Specs(readers))
	if err != nil {
		s.t.Fatal(err)
	}
	return drift.Options{
		State: state, Readers: readers, Parallelism: 4, Account: s.clients.AccountID, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Region: func(context.Context) (string, error) { return emulator.Region, nil },
	}
}

func (s *sources) live() []drift.Item {
	s.t.Helper()
	result, err := drift.Detect(s.ctx, s.options())
	if err != nil || len(result.Unverified) != 0 {
		s.t.Fatalf("%v, unverified %+v", err, result)
	}
	return result.Items
}

func (s *sources) refresh() []drift.Item {
	s.t.Helper()
	plan, err := drift.Child{Dir: s.w.Dir, Program: os.Getenv("TF_ACC_TERRAFORM_PATH")}.Refresh(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	options := s.options()
	result, err := drift.DetectPlan(s.ctx, plan, drift.Specs(options.Readers), options)
	if err != nil {
		s.t.Fatal(err)
	}
	if result.CoveragePercent() != 100 {
		s.t.Errorf("the refresh covers %v percent", result.CoveragePercent())
	}
	return result.Items
}

// told is an item without what cannot be shown.
func told(items []drift.Item) []string {
	var lines []string
	show := func(text *string) string {
		if text == nil {
			return "-"
		}
		return *text
	}
	for _, item := range items {
		line := fmt.Sprintf("%s %s %s %s %s %s", item.Kind, item.Category, item.Address, item.ID, item.Region, item.Reason)
		for _, change := range item.Changes {
			line += fmt.Sprintf("\n  %s %s: %s -> %s (%s)", change.Category, change.Path, show(change.Expected), show(change.Actual), change.Reason)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// paste runs what an item says, as it stands, in the directory of the configuration.
func (s *sources) paste(lines []string) {
	s.t.Helper()
	command := exec.CommandContext(s.ctx, "sh", "-ec", strings.Join(lines, "\n"))
	command.Dir, command.Env = s.w.Dir, append(s.w.Command(s.ctx).Env, "TF_CLI_ARGS_apply=-auto-approve -input=false")
	if output, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("%s\n%v\n%s", strings.Join(lines, "\n"), err, output)
	}
}

// must ends the test for an error.
func (s *sources) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *sources) groups() map[string]string {
	s.t.Helper()
	all, err := s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{})
	s.must(err)
	ids := map[string]string{}
	for _, group := range all.SecurityGroups {
		ids[aws.ToString(group.GroupName)] = aws.ToString(group.GroupId)
	}
	return ids
}

func (s *sources) changeByHand() {
	s.t.Helper()
	ids := s.groups()
	for _, name := range []string{"both-a", "both-b"} {
		_, err := s.ec2.AuthorizeSecurityGroupIngress(s.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(ids[name]), IpPermissions: []ec2types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
		}}})
		s.must(err)
	}
	vpcs, err := s.ec2.DescribeVpcs(s.ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("tag:Name"), Values: []string{"main"}}}})
	s.must(err)
	_, err = s.ec2.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: []string{*vpcs.Vpcs[0].VpcId}, Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("by hand")}}})
	s.must(err)
	_, err = s.ec2.DeleteSecurityGroup(s.ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(ids["both-gone"])})
	s.must(err)
}

// TestAccDriftSourcesAgreeAndRemediesWork: AWS read in batches and Terraform's own refresh find the same, item by item; what each item
// says to do is pasted as it stands, and leaves no drift.
func TestAccDriftSourcesAgreeAndRemediesWork(t *testing.T) {
	s := newSources(t)
	if items := s.live(); len(items) != 0 {
		t.Fatalf("a fresh stack differs: %v", told(items))
	}
	s.changeByHand()
	items := s.live()
	if diff := cmp.Diff(told(items), told(s.refresh())); diff != "" || len(items) != 4 {
		t.Fatalf("%d items; - live, + refresh:\n%s", len(items), diff)
	}
	for _, item := range items {
		switch item.Address {
		case `aws_security_group.web["a"]`, "aws_security_group.gone":
			s.paste(item.Remediation)
		default:
			s.paste(item.Reconciliation)
		}
	}
	if left := s.live(); len(left) != 0 {
		t.Errorf("after the remedies: %v", told(left))
	}

	_, err := s.ec2.DeleteSecurityGroup(s.ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(s.groups()["both-gone"])})
	s.must(err)
	s.paste(s.live()[0].Reconciliation)
	if left := s.live(); len(left) != 0 {
		t.Errorf("after state rm: %v", told(left))
	}
}
